//! An OpenID Connect provider that can be told to misbehave. It speaks HTTP/1.1 byte by byte, so
//! that it can break off in the middle.

mod answer;

pub use answer::FaultMode;

use answer::{State, prepare};
use anyhow::{Context, Result};
use attache_test_fixtures::keys::SigningKey;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

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
