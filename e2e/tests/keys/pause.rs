//! A request that waits for keys waits as a whole: neither its body nor its trailers take it past
//! the filter, whatever Envoy is told of requests whose headers are held back.

use crate::testbed::{TestBed, configuration};
use anyhow::{Context, Result, ensure};
use attache_e2e::envoy::Overrides;
use attache_e2e::provider::{FaultMode, Provider};
use attache_test_fixtures::keys::SigningKey;
use bytes::Bytes;
use http_body_util::{BodyExt as _, channel::Channel};
use hyper::HeaderMap;
use hyper::header::HeaderValue;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use std::convert::Infallible;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What is sent as body, in two parts.
const PART: &[u8] = &[b'x'; 50_000];

/// An Envoy under `allow_on_headers_stop_iteration` whose provider has no keys yet, and a token
/// that waits for them.
async fn testbed() -> Result<(TestBed, String)> {
    let key = SigningKey::fresh_p256("one")?;
    let provider = Provider::start([&key]).await?;
    provider.set_fault(FaultMode::Status(500, ""));
    let document = configuration(&provider, json!({}));
    let overrides = Overrides {
        plugin: json!({"allow_on_headers_stop_iteration": true}),
        ..Overrides::default()
    };
    let testbed = TestBed::start_otherwise(provider, &document, overrides).await?;
    let token = testbed.token(&key)?;
    Ok((testbed, token))
}

/// The service has seen nothing of the request until the keys came, and then who sent it.
fn ensure_it_waited(testbed: &TestBed, before: u64, seen: &str) -> Result<()> {
    ensure!(before == 0, "it did not wait: {}", testbed.envoy.log());
    ensure!(
        seen.contains("alice") && !seen.contains("mallory"),
        "{}",
        seen.get(..500).unwrap_or(seen)
    );
    ensure!(seen.matches('x').count() >= PART.len().saturating_mul(2), "all of the body arrived");
    Ok(())
}

#[tokio::test]
async fn no_body_takes_a_waiting_request_along() -> Result<()> {
    let (testbed, token) = testbed().await?;
    let mut wire = TcpStream::connect(testbed.envoy.address()).await?;
    let length = PART.len().saturating_mul(2);
    let head = format!(
        "POST /orders HTTP/1.1\r\nhost: orders\r\nauthorization: Bearer {token}\r\nx-user: mallory\r\n\
         connection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    wire.write_all(head.as_bytes()).await?;
    testbed.until("keys.waiting", 1).await?;
    wire.write_all(PART).await?;
    // Envoy has read at least part of it once it reads on.
    wire.write_all(PART).await?;
    testbed.until_asked_anew().await?;
    let before = testbed.service.requests();
    testbed.provider.set_fault(FaultMode::Good);
    let mut answer = String::new();
    wire.read_to_string(&mut answer).await?;
    ensure_it_waited(&testbed, before, &answer)
}

#[tokio::test]
async fn no_trailers_take_a_waiting_request_along() -> Result<()> {
    let (testbed, token) = testbed().await?;
    let wire = TokioIo::new(TcpStream::connect(testbed.envoy.address()).await?);
    let (mut sender, connection) = hyper::client::conn::http2::handshake::<
        _,
        _,
        Channel<Bytes, Infallible>,
    >(TokioExecutor::new(), wire)
    .await?;
    tokio::spawn(connection);
    let (mut body, incoming) = Channel::<Bytes, Infallible>::new(4);
    let request = hyper::Request::builder()
        .method("POST")
        .uri("http://orders/orders")
        .header("authorization", format!("Bearer {token}"))
        .header("x-user", "mallory")
        .body(incoming)?;
    let asked = tokio::spawn(sender.send_request(request));
    testbed.until("keys.waiting", 1).await?;
    body.send_data(Bytes::from_static(PART)).await?;
    body.send_data(Bytes::from_static(PART)).await?;
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", HeaderValue::from_static("0"));
    body.send_trailers(trailers).await?;
    drop(body);
    testbed.until_asked_anew().await?;
    let before = testbed.service.requests();
    testbed.provider.set_fault(FaultMode::Good);
    let answer = asked.await?.context("no answer")?;
    let seen = answer.into_body().collect().await?.to_bytes();
    ensure_it_waited(&testbed, before, &String::from_utf8_lossy(&seen))
}
