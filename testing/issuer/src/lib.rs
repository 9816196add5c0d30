//! An issuer in this process, and a client that speaks to it as the gateway does.
//!
//! ```no_run
//! # async fn run() {
//! use attache_test_issuer::{Issuer, key_folder, minting, outcome, post, session};
//!
//! let keys = key_folder();
//! let issuer = Issuer::start(&minting(keys.path(), "")).await;
//! let sent = post("orders", Some(session("key", &["orders-read"])), &[]);
//! let answer = issuer.client().await.dispatch(sent).await.unwrap().into_inner();
//! assert!(outcome(&answer).is_ok());
//! # }
//! ```
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what tests share fails as a test does"
)]

pub mod raw;

use attache_issuer::clock::Clock;
use attache_issuer::config::Config;
use attache_issuer::proto::dispatcher_client::DispatcherClient;
use attache_issuer::proto::{HookType, MiniRequestObject, Object, ReturnOverrides, SessionState};
use attache_issuer::server::{RunError, start};
use attache_issuer::token::payload;
use jwt_simple::prelude::*;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};

/// The `iss` of [`minting`].
pub const ISSUER: &str = "https://tyk.example.com";

/// A running issuer.
#[derive(Debug)]
pub struct Issuer {
    /// Where the gateway calls; `None` for a Unix socket.
    pub grpc: Option<SocketAddr>,
    /// Where keys, probes and metrics are.
    pub http: SocketAddr,
    end: mpsc::Sender<()>,
    done: JoinHandle<Result<(), RunError>>,
}

impl Issuer {
    /// Starts one of a configuration, in YAML.
    pub async fn start(config: &str) -> Self {
        let config = Config::parse(config).unwrap_or_else(|error| panic!("{error}"));
        let running =
            start(config, Clock::system()).await.unwrap_or_else(|error| panic!("{error}"));
        let (grpc, http) = (running.grpc, running.http.unwrap());
        let (end, mut told) = mpsc::channel(2);
        let done = tokio::spawn(async move { running.until(&mut told).await });
        Self { grpc, http, end, done }
    }

    /// Returns a client as the gateway is one.
    pub async fn client(&self) -> DispatcherClient<Channel> {
        connect(Endpoint::from_shared(format!("http://{}", self.grpc.unwrap())).unwrap()).await
    }

    /// Fetches a path, and returns status and body.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(format!("http://{}{path}", self.http)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Tells it to end, as a signal does; twice, that it need not wait for its clients.
    pub async fn tell(&self) {
        self.end.send(()).await.unwrap();
    }

    /// Tells it to end at once, and waits until it has.
    pub async fn end(self) {
        self.tell().await;
        self.tell().await;
        self.done.await.unwrap().unwrap();
    }
}

/// Connects a client that takes messages of up to 64 MiB.
pub async fn connect(endpoint: Endpoint) -> DispatcherClient<Channel> {
    let channel = endpoint.connect().await.unwrap();
    DispatcherClient::new(channel)
        .max_decoding_message_size(64 << 20)
        .max_encoding_message_size(64 << 20)
}

/// Returns a folder with one key.
pub fn key_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    add_key(folder.path(), "2026-01.pem");
    folder
}

/// Adds a new key to a folder.
pub fn add_key(folder: &Path, name: &str) {
    // Whole or not at all, as a mounted secret is.
    let (new, name) = (folder.join(format!(".{name}")), folder.join(name));
    std::fs::write(&new, ES256KeyPair::generate().to_pem().unwrap()).unwrap();
    std::fs::rename(new, name).unwrap();
}

/// Returns a minting configuration on loopback, with more settings at its end.
pub fn minting(keys: &Path, more: &str) -> String {
    format!(
        r#"
grpc: {{listen: "tcp://127.0.0.1:0", maxMessageBytes: 33554432}}
http: {{listen: "127.0.0.1:0"}}
drain: 0s
mint:
  issuer: {ISSUER}
  keys: {{folder: {keys:?}, poll: 100ms, publishBefore: 1s, publishAfter: 70s}}
  roles: {{policies: {{p-read: [reader], p-write: [writer]}}}}
  claims: [{{claim: email, from: JWT_CLAIM, key: email}}]
apis:
- {{id: orders, audiences: [mesh]}}
- {{id: keyed, audiences: [mesh], credential: {{headers: [x-api-key]}}}}
- {{id: jwt, audiences: [mesh], jwt: {{}}}}
- {{id: acme-only, audiences: [mesh], orgId: acme}}
{more}
"#
    )
}

/// Returns a map of these pairs.
pub fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Returns the session of a key with policies.
pub fn session(key: &str, policies: &[&str]) -> SessionState {
    SessionState {
        org_id: "acme".into(),
        alias: "shop".into(),
        key_id: key.into(),
        apply_policies: policies.iter().map(|policy| (*policy).to_owned()).collect(),
        ..SessionState::default()
    }
}

/// Returns what the gateway sends at its post hook.
pub fn post(api: &str, session: Option<SessionState>, headers: &[(&str, &str)]) -> Object {
    Object {
        hook_type: HookType::Post.into(),
        hook_name: "AttacheIssue".into(),
        request: Some(MiniRequestObject {
            headers: map(headers),
            url: "/orders?page=2".into(),
            method: "GET".into(),
            return_overrides: Some(ReturnOverrides {
                response_code: -1,
                ..ReturnOverrides::default()
            }),
            ..MiniRequestObject::default()
        }),
        session,
        spec: map(&[("APIID", api), ("OrgID", "acme"), ("bundle_hash", "")]),
    }
}

/// Returns what the gateway would do with an answer: the token that goes upstream, or the status
/// and reason for the client.
pub fn outcome(answer: &Object) -> Result<String, (i32, String)> {
    let request = answer.request.as_ref().unwrap();
    let overrides = request.return_overrides.as_ref().unwrap();
    assert!(
        request.delete_headers.contains(&"Authorization".to_owned()),
        "the client's own must always go"
    );
    if overrides.response_code > 0 {
        assert!(overrides.override_error && overrides.response_error.is_empty());
        assert!(!request.set_headers.contains_key("Authorization"));
        let body: Value = serde_json::from_str(&overrides.response_body).unwrap();
        return Err((overrides.response_code, body["type"].as_str().unwrap().to_owned()));
    }
    Ok(request.set_headers["Authorization"].strip_prefix("Bearer ").unwrap().to_owned())
}

/// What goes upstream, as the gateway makes it of its own request and an answer: it takes method,
/// URL and body from the answer, and the rest from what it has.
#[derive(Debug, PartialEq)]
pub struct Upstream {
    /// The method.
    pub method: String,
    /// Path and query.
    pub url: String,
    /// The headers.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Returns what goes upstream of a request and its answer, which must not be a refusal.
pub fn merged(sent: &Object, answer: &Object) -> Upstream {
    let (sent, answer) = (sent.request.as_ref().unwrap(), answer.request.as_ref().unwrap());
    assert!(answer.return_overrides.as_ref().unwrap().response_code <= 0);
    assert!(answer.url.starts_with('/'), "the gateway takes another URL for an error");
    let mut headers = sent.headers.clone();
    headers.retain(|name, _| !answer.delete_headers.contains(name));
    headers.extend(answer.set_headers.clone());
    Upstream {
        method: answer.method.clone(),
        url: answer.url.clone(),
        headers,
        body: answer.raw_body.to_vec(),
    }
}

/// Returns the claims of a token, unverified.
pub fn claims(token: &str) -> Map<String, Value> {
    payload(token).unwrap()
}

/// Verifies as a verifier does that knows nothing but the published key set.
pub fn verify(jwks: &str, token: &str) -> Result<(), String> {
    let jwks: Value = serde_json::from_str(jwks).unwrap();
    let metadata = Token::decode_metadata(token).map_err(|error| error.to_string())?;
    let kid = metadata.key_id().ok_or("no kid")?;
    let known = jwks["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid);
    let known = known.ok_or_else(|| format!("`{kid}` is not published"))?.to_string();
    let options = VerificationOptions {
        allowed_issuers: Some([ISSUER.to_owned()].into()),
        allowed_audiences: Some(["mesh".to_owned()].into()),
        ..VerificationOptions::default()
    };
    let verified = match metadata.algorithm() {
        "ES256" => ES256PublicKey::from_jwk(&known)
            .unwrap()
            .verify_token::<NoCustomClaims>(token, Some(options)),
        _ => RS256PublicKey::from_jwk(&known)
            .unwrap()
            .verify_token::<NoCustomClaims>(token, Some(options)),
    };
    verified.map(drop).map_err(|error| error.to_string())
}
