//! What verifiers, probes and Prometheus fetch.

use crate::config::Mint;
use crate::exchange::Exchanger;
use crate::heartbeat::Heartbeat;
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::mint::Minter;
pub mod server;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the handlers answer from.
#[derive(Debug)]
pub struct HttpState {
    /// How tokens are made and with which keys; absent where none are.
    pub minting: Option<Minting>,
    /// The exchangers.
    pub exchangers: Vec<Arc<Exchanger>>,
    /// The counts.
    pub metrics: Arc<Metrics>,
    /// Whether requests are welcome.
    pub ready: AtomicBool,
    /// Whether the process gets its work done.
    pub heartbeat: Heartbeat,
}

/// How tokens are made and with which keys.
#[derive(Debug)]
pub struct Minting {
    /// The configuration.
    pub config: Mint,
    /// The keys.
    pub keys: Arc<Keys>,
    /// What makes the tokens.
    pub minter: Arc<Minter>,
}

/// Returns the routes. Where `iss` has a path, discovery and keys are also found below it.
pub fn router(state: Arc<HttpState>) -> Router {
    let mut router = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks.json", get(jwks));
    if let Some(path) = state.minting.as_ref().and_then(|minting| path_of(&minting.config.issuer)) {
        router = router
            .route(&format!("{path}/.well-known/openid-configuration"), get(discovery))
            .route(&format!("{path}/jwks.json"), get(jwks));
    }
    router.with_state(state)
}

/// Returns the path of a URL, without what a router would read as a pattern.
fn path_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    path.bytes().all(plain).then(|| format!("/{path}"))
}

async fn healthz(State(state): State<Arc<HttpState>>) -> (StatusCode, &'static str) {
    if state.heartbeat.stalled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stalled: no token could be made for 30 seconds")
    } else {
        (StatusCode::OK, "ok")
    }
}

async fn readyz(State(state): State<Arc<HttpState>>) -> (StatusCode, &'static str) {
    if state.ready.load(Ordering::Acquire) {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "ending")
    }
}

async fn metrics(State(state): State<Arc<HttpState>>) -> Response {
    let minted = state.minting.as_ref().map_or(0, |minting| minting.minter.cached());
    let exchanged = state.exchangers.iter().map(|exchanger| exchanger.cached());
    state.metrics.set_cached(exchanged.fold(minted, usize::saturating_add));
    if let Some(minting) = &state.minting {
        let set = minting.keys.current();
        state.metrics.keys(set.key_ids.len(), set.signer.key_id());
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, kind)], state.metrics.text()).into_response()
}

/// Answers with the metadata of OpenID Connect Discovery 1.0 section 3; there is no login, so there
/// are no endpoints but the keys.
async fn discovery(State(state): State<Arc<HttpState>>) -> Response {
    let Some(minting) = &state.minting else { return StatusCode::NOT_FOUND.into_response() };
    let document = json!({
        "issuer": minting.config.issuer,
        "jwks_uri": minting.config.jwks_uri,
        "response_types_supported": [],
        "grant_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": minting.keys.current().algorithms,
    });
    published(minting, "application/json", document.to_string())
}

async fn jwks(State(state): State<Arc<HttpState>>) -> Response {
    let Some(minting) = &state.minting else { return StatusCode::NOT_FOUND.into_response() };
    published(minting, "application/jwk-set+json", minting.keys.current().jwks.clone())
}

/// Returns an answer that may be cached: verifiers must ask twice within the time that a key is
/// published before it signs.
fn published(minting: &Minting, kind: &str, body: String) -> Response {
    let age = minting.config.keys.publish_before.as_secs() / 2;
    let cache = format!("public, max-age={}", age.min(300));
    ([(CONTENT_TYPE, kind.to_owned()), (CACHE_CONTROL, cache)], body).into_response()
}
