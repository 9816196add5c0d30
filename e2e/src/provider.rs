//! An OpenID Connect provider that can be told to misbehave. It speaks HTTP/1.1 byte by byte, so
//! that it can break off in the middle.

use anyhow::{Context, Result};
use attache_test_fixtures::keys::SigningKey;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// How a provider answers questions for its keys.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum FaultMode {
    /// As it should.
    #[default]
    Good,
    /// With an `etag`, and with 304 where nothing has changed.
    Etag,
    /// In chunks.
    Chunked,
    /// Not at all: it takes the question and keeps silent.
    Silent,
    /// With this status and these headers.
    Status(u16, &'static str),
    /// With 200 and this body.
    Body(&'static str, Vec<u8>),
    /// With what is said to be gzip.
    Gzip,
    /// With half of what `content-length` promises.
    Cut,
}

/// A running provider. It ends when this is dropped.
#[derive(Debug)]
pub struct Provider {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    server: Option<JoinHandle<()>>,
    /// Keeps the port while nobody listens there: a connection that goes out might be given it
    /// otherwise.
    _reservation: Option<TcpSocket>,
}

#[derive(Debug, Default)]
struct State {
    issuer: String,
    /// Where its document says that the keys are, if not with itself.
    jwks_uri: Option<String>,
    keys: Vec<Value>,
    fault: FaultMode,
    /// Documents of other hosts, by host and path: content type and body.
    published: BTreeMap<(String, String), (&'static str, Vec<u8>)>,
    /// More header lines of good answers.
    headers: &'static str,
    documents: u64,
    key_sets: u64,
    not_modified: u64,
}

impl Provider {
    /// Starts a provider that serves these keys at `/jwks`, and a discovery document.
    ///
    /// # Errors
    /// No port is free, or a key is a secret.
    pub async fn start<'k>(keys: impl IntoIterator<Item = &'k SigningKey>) -> Result<Self> {
        let reservation = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = reservation.local_addr()?;
        let state = State { issuer: format!("http://{address}"), ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let mut provider = Self { address, state, server: None, _reservation: Some(reservation) };
        provider.serve(keys)?;
        provider.start_again()?;
        Ok(provider)
    }

    /// Stands for a server that somebody else runs: only its address is known.
    pub fn at(address: SocketAddr) -> Self {
        Self { address, state: Arc::default(), server: None, _reservation: None }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its `iss`, under which its discovery document is found.
    pub fn issuer(&self) -> String {
        self.state().issuer.clone()
    }

    /// Has its discovery document name another issuer.
    pub fn pretend_to_be(&self, issuer: &str) {
        self.state().issuer = issuer.to_owned();
    }

    /// Has its discovery document say that the keys are at this URL.
    pub fn point_to(&self, url: &str) {
        self.state().jwks_uri = Some(url.to_owned());
    }

    /// Serves these keys, and no other, from now on.
    ///
    /// # Errors
    /// A key is a secret.
    pub fn serve<'k>(&self, keys: impl IntoIterator<Item = &'k SigningKey>) -> Result<()> {
        self.state().keys = keys.into_iter().map(SigningKey::jwk).collect::<Result<_>>()?;
        Ok(())
    }

    /// Answers for other hosts too, whose clusters lead here: with this document at this `https`
    /// URL.
    ///
    /// # Errors
    /// It is no such URL.
    pub fn publish(
        &self,
        url: &str,
        content_type: &'static str,
        body: impl Into<Vec<u8>>,
    ) -> Result<()> {
        let rest =
            url.strip_prefix("https://").with_context(|| format!("{url} is no https URL"))?;
        let (host, path) = rest.split_once('/').with_context(|| format!("{url} has no path"))?;
        self.state()
            .published
            .insert((host.to_owned(), format!("/{path}")), (content_type, body.into()));
        Ok(())
    }

    /// The hosts that it has [published](Provider::publish) documents of.
    pub fn hosts(&self) -> BTreeSet<String> {
        self.state().published.keys().map(|(host, _)| host.clone()).collect()
    }

    /// Sets how it answers from now on.
    pub fn set_fault(&self, fault: FaultMode) {
        self.state().fault = fault;
    }

    /// Adds these header lines to good answers from now on.
    pub fn add_headers(&self, lines: &'static str) {
        self.state().headers = lines;
    }

    /// How often it was asked for its keys.
    pub fn asked(&self) -> u64 {
        self.state().key_sets
    }

    /// How often it was asked for its discovery document.
    pub fn asked_for_document(&self) -> u64 {
        self.state().documents
    }

    /// How often it said that nothing had changed.
    pub fn not_modified(&self) -> u64 {
        self.state().not_modified
    }

    /// Stops: connections are refused.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
            // The listener is closed once the task is gone.
            let _ = server.await;
        }
    }

    /// Starts again where it was.
    ///
    /// # Errors
    /// Somebody else has taken its port.
    pub fn start_again(&mut self) -> Result<()> {
        let listener = bound(self.address)?.listen(128)?;
        self.server = Some(tokio::spawn(accept(listener, Arc::clone(&self.state))));
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

/// A socket at this address, of which there may be several.
fn bound(address: SocketAddr) -> Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(address).with_context(|| format!("{address} is taken"))?;
    Ok(socket)
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    // Connections end with the listener: a provider that stops breaks off.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let state = Arc::clone(&state);
        // That a client went away is its own affair.
        connections.spawn(async move { _ = answer(stream, &state).await });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(mut stream: TcpStream, state: &Mutex<State>) -> Result<()> {
    let mut question = Vec::new();
    while !question.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        question.extend_from_slice(buffer.get(..read).unwrap_or_default());
    }
    let question = String::from_utf8_lossy(&question).into_owned();
    let words = prepare(&question, &mut state.lock().unwrap_or_else(PoisonError::into_inner));
    match words {
        Some(bytes) => stream.write_all(&bytes).await?,
        // Silent until the other side gives up.
        None => _ = stream.read(&mut [0]).await?,
    }
    stream.shutdown().await?;
    Ok(())
}

/// The bytes of an answer; `None` for silence.
fn prepare(question: &str, state: &mut State) -> Option<Vec<u8>> {
    let host = header(question, "host").unwrap_or_default().to_owned();
    let path = question.split(' ').nth(1).unwrap_or_default().to_owned();
    if let Some((content_type, body)) = state.published.get(&(host, path)) {
        return Some(whole("200 OK", &format!("content-type: {content_type}\r\n"), body));
    }
    if question.starts_with("GET /.well-known/openid-configuration ") {
        state.documents = state.documents.saturating_add(1);
        let authority = header(question, "host").unwrap_or_default();
        let own = format!("http://{authority}/jwks");
        let jwks_uri = state.jwks_uri.as_ref().unwrap_or(&own);
        let document = json!({"issuer": state.issuer, "jwks_uri": jwks_uri});
        return Some(whole(
            "200 OK",
            "content-type: application/json\r\n",
            document.to_string().as_bytes(),
        ));
    }
    if !question.starts_with("GET /jwks ") {
        return Some(whole("404 Not Found", "", b""));
    }
    state.key_sets = state.key_sets.saturating_add(1);
    let set = json!({"keys": state.keys}).to_string();
    let headers = format!("content-type: application/json\r\n{}", state.headers);
    let good = |more: &str| whole("200 OK", &format!("{headers}{more}"), set.as_bytes());
    Some(match &state.fault {
        FaultMode::Good => good(""),
        FaultMode::Etag => {
            let etag = format!(
                "\"{:x}\"",
                set.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte))
            );
            if header(question, "if-none-match") == Some(&etag) {
                state.not_modified = state.not_modified.saturating_add(1);
                whole("304 Not Modified", &format!("etag: {etag}\r\n"), b"")
            } else {
                good(&format!("etag: {etag}\r\n"))
            }
        }
        FaultMode::Chunked => {
            let mut bytes =
                format!("HTTP/1.1 200 OK\r\n{headers}transfer-encoding: chunked\r\n\r\n")
                    .into_bytes();
            for chunk in set.as_bytes().chunks(50) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
            bytes
        }
        FaultMode::Silent => return None,
        FaultMode::Status(status, more) => whole(&format!("{status} Told To"), more, b""),
        FaultMode::Body(content_type, body) => {
            whole("200 OK", &format!("content-type: {content_type}\r\n"), body)
        }
        FaultMode::Gzip => good("content-encoding: gzip\r\n"),
        FaultMode::Cut => {
            let mut bytes = good("");
            bytes.truncate(bytes.len().saturating_sub(set.len() / 2));
            bytes
        }
    })
}

fn whole(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn header<'q>(question: &'q str, name: &str) -> Option<&'q str> {
    question.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
