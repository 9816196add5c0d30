//! A service that answers with what reached it: HTTP/1.1, HTTP/2 without TLS, any unary gRPC
//! method, and an upgrade to `websocket`, through which it tells the same and no more.

use crate::latin1;
use anyhow::Result;
use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue, UPGRADE};
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

/// What the service saw of a request. Header values and the path are Latin-1: one character, one
/// byte.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    /// The name of the service.
    pub service: String,
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Every header in its order, duplicates and all, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// Every trailer in its order, names in lower case.
    #[serde(default)]
    pub trailers: Vec<(String, String)>,
}

impl Seen {
    /// The values of a header.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// A running service, which ends with its runtime.
#[derive(Debug)]
pub struct Echo {
    address: SocketAddr,
    requests: Arc<AtomicU64>,
}

impl Echo {
    /// Starts on a free port of the loopback.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn start(service: &str) -> Result<Self> {
        Self::start_at(service, (Ipv4Addr::LOCALHOST, 0).into()).await
    }

    /// Starts at an address.
    ///
    /// # Errors
    /// The address can't be obtained.
    pub async fn start_at(service: &str, address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let requests = Arc::new(AtomicU64::new(0));
        let (service, count) = (Arc::<str>::from(service), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&service), Arc::clone(&count)));
            }
        });
        Ok(Self { address, requests })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many requests have reached it.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn serve(connection: TcpStream, service: Arc<str>, requests: Arc<AtomicU64>) {
    let answer = hyper::service::service_fn(move |request| {
        requests.fetch_add(1, Ordering::SeqCst);
        answer(Arc::clone(&service), request)
    });
    // A connection that breaks off is its client's affair.
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection_with_upgrades(TokioIo::new(connection), answer)
        .await;
}

type Body = http_body_util::combinators::BoxBody<Bytes, Infallible>;

async fn answer(service: Arc<str>, mut request: Request<Incoming>) -> Result<Response<Body>> {
    let tunnel = request.headers().contains_key(UPGRADE).then(|| hyper::upgrade::on(&mut request));
    let (head, body) = request.into_parts();
    let body = body.collect().await?;
    let trailers = body.trailers().map(header_list).unwrap_or_default();
    let body = body.to_bytes();
    let path = head.uri.path_and_query().map_or("", |path| path.as_str());
    let mut headers = header_list(&head.headers);
    if let Some(authority) = head.uri.authority() {
        headers.push(("host".into(), authority.to_string()));
    }
    let is_grpc = head
        .headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
    let seen = Seen {
        service: service.to_string(),
        method: head.method.to_string(),
        path: latin1::decode(path.as_bytes()),
        headers,
        body: if is_grpc { String::new() } else { latin1::decode(&body) },
        trailers,
    };
    let json = serde_json::to_vec(&seen)?;
    if let Some(tunnel) = tunnel {
        tokio::spawn(write_into(tunnel, json));
        return Ok(Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(UPGRADE, "websocket")
            .header(CONNECTION, "Upgrade")
            .body(Full::new(Bytes::new()).boxed())?);
    }
    if is_grpc {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        let body =
            Full::new(frame(&json)?).with_trailers(async move { Some(Ok(trailers)) }).boxed();
        return Ok(Response::builder().header(CONTENT_TYPE, "application/grpc").body(body)?);
    }
    Ok(Response::builder()
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(json)).boxed())?)
}

/// Writes bytes into an upgraded connection and ends it.
async fn write_into(tunnel: OnUpgrade, bytes: Vec<u8>) {
    let Ok(tunnel) = tunnel.await else { return };
    let mut tunnel = TokioIo::new(tunnel);
    // What does not arrive the client misses.
    if tunnel.write_all(&bytes).await.is_ok() {
        let _ = tunnel.shutdown().await;
    }
}

fn header_list(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), latin1::decode(value.as_bytes())))
        .collect()
}

/// A gRPC message: no compression, length, bytes.
fn frame(message: &[u8]) -> Result<Bytes> {
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len())?);
    frame.put_slice(message);
    Ok(frame.freeze())
}
