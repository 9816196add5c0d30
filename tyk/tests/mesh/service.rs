//! A service that tells what it was sent, and a client that calls it.

use axum::Router;
use axum::extract::Request;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Starts a service that answers with the request it got.
pub async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(tell)).await });
    address
}

async fn tell(request: Request) -> String {
    let (request, body) = request.into_parts();
    // A service that answers before it has read the body resets the connection, and a gateway that
    // reuses it fails.
    axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let headers: serde_json::Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
        .collect();
    json!({"method": request.method.as_str(), "uri": request.uri.to_string(), "headers": headers})
        .to_string()
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// A header that the service saw.
    pub fn saw(&self, header: &str) -> Option<&str> {
        self.body["headers"].get(header)?.as_str()
    }
}

/// Sends a request.
pub async fn send(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
    try_send(method, url, headers, body).await.unwrap()
}

/// Sends a request to who may not be there yet.
pub async fn try_send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Result<Answer, reqwest::Error> {
    attache_issuer::listen::choose_cryptography();
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut request = client.request(method.parse().unwrap(), url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.body(body.to_owned());
    }
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    let text = answer.text().await?;
    Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
}
