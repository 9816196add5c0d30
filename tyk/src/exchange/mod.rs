//! Swaps the caller's token for one of the mesh at an OIDC provider (RFC 8693), and keeps it for reuse.

mod wire;

use crate::clock::Clock;
use crate::config::Provider;
use crate::failure::Failure;
use crate::lines::Lines;
use crate::token::payload;
use crate::tokens::{self, Fresh, Given, Key, Tokens};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;
use tokio::time::timeout;
pub use wire::SetupError;
use wire::{Refusal, Wire};

/// Exchanges tokens at one provider.
#[derive(Debug)]
pub struct Exchanger {
    provider: Provider,
    wire: Wire,
    running: Semaphore,
    /// Exchanges that run or wait for their turn.
    queued: AtomicUsize,
    clock: Clock,
    tokens: Tokens,
    lines: Lines,
}

/// How many exchanges may wait for each that runs: more would wait past `timeout` wherever one takes a quarter of it.
const WAITING: usize = 4;

/// What is asked of the provider.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The id of the API.
    pub api_id: &'a str,
    /// `audience`; the new token must hold them all.
    pub audiences: &'a [String],
    /// `scope`.
    pub scopes: &'a [String],
}

impl Exchanger {
    /// Exchanges tokens as configured.
    ///
    /// # Errors
    /// The secret or the authority's certificate can't be read.
    pub fn new(provider: Provider, clock: Clock) -> Result<Self, SetupError> {
        let wire = Wire::new(&provider)?;
        let running = Semaphore::new(provider.max_concurrent);
        let tokens = Tokens::new(provider.cache_tokens);
        let (queued, lines) = (AtomicUsize::new(0), Lines::new());
        Ok(Self { provider, wire, running, queued, clock, tokens, lines })
    }

    /// The provider's name.
    pub fn name(&self) -> &str {
        &self.provider.name
    }

    /// A token for the mesh in place of the caller's.
    ///
    /// # Errors
    /// The provider refuses, fails, stays away, or answers with something else.
    pub async fn exchange(&self, subject: &str, wanted: Wanted<'_>) -> Result<Given, Failure> {
        let now = self.clock.now();
        let make = self.fetch(subject, wanted, now);
        let given = self.tokens.get_or(key(subject, wanted), |kept| kept.fresh_until <= now, make);
        // Waiting counts too, for a place and for another request's exchange of the same token: each request is answered
        // within its own `timeout`, however many came before it.
        let answered = timeout(self.provider.timeout, given).await;
        answered.unwrap_or_else(|_| {
            self.warn("the provider did not answer in time", "");
            Err(Failure::ExchangeUnavailable)
        })
    }

    /// How many tokens are kept.
    pub fn kept(&self) -> usize {
        self.tokens.len()
    }

    /// Drops tokens that are given out no more.
    pub fn sweep(&self) {
        let now = self.clock.now();
        self.tokens.sweep(|kept| kept.fresh_until <= now);
    }

    async fn fetch(&self, subject: &str, wanted: Wanted<'_>, now: u64) -> Result<Fresh, Failure> {
        let _queued = self.queue()?;
        let _place = self.running.acquire().await.map_err(|_| Failure::ExchangeUnavailable)?;
        let jwt = self.wire.exchange(subject, wanted).await.map_err(|refusal| self.failure(refusal))?;
        let end = self.end_of(&jwt, wanted, now).map_err(|what| {
            self.error("the provider's token is not what was asked for", 200, what);
            Failure::ExchangeUnexpected
        })?;
        let half = now.saturating_add(end.saturating_sub(now) / 2);
        let subject_end = payload(subject).and_then(|claims| claims.get("exp").and_then(Value::as_u64));
        let fresh_until = subject_end.map_or(half, |end| end.min(half));
        Ok(Fresh { jwt, key_id: None, fresh_until })
    }

    /// A place in the queue. A provider that hangs must not gather requests: they would take the streams of those that
    /// need no exchange.
    fn queue(&self) -> Result<Queued<'_>, Failure> {
        let most = self.provider.max_concurrent.saturating_mul(WAITING.saturating_add(1));
        let before = self.queued.fetch_add(1, Ordering::AcqRel);
        let place = Queued(&self.queued);
        if before < most {
            return Ok(place);
        }
        self.warn("too many exchanges wait for the provider", "");
        Err(Failure::ExchangeUnavailable)
    }

    /// When a new token ends, if it is what was asked for. It came over the provider's own connection; the filter will
    /// verify its signature.
    fn end_of(&self, jwt: &str, wanted: Wanted<'_>, now: u64) -> Result<u64, &'static str> {
        let claims = payload(jwt).ok_or("it is no JWT")?;
        if claims.get("iss").and_then(Value::as_str) != Some(self.provider.issuer.as_str()) {
            return Err("its `iss` is another");
        }
        let held: Vec<&str> = match claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !wanted.audiences.iter().all(|audience| held.contains(&audience.as_str())) {
            return Err("its `aud` lacks an audience");
        }
        claims
            .get("exp")
            .and_then(Value::as_u64)
            .filter(|end| *end > now)
            .ok_or("its `exp` is missing or over")
    }

    fn failure(&self, refusal: Refusal) -> Failure {
        match refusal {
            Refusal::Subject { error } => {
                self.warn("the provider refused the caller's token", &error);
                Failure::ExchangeRefused
            }
            Refusal::Client { status, error } => {
                self.error("the provider refused the exchange", status, &error);
                Failure::ExchangeFailed
            }
            Refusal::Unreachable { error } => {
                self.warn("the provider can't be reached", &error);
                Failure::ExchangeUnavailable
            }
            Refusal::Unreadable { error } => {
                self.error("the provider's answer can't be read", 200, &error);
                Failure::ExchangeUnexpected
            }
        }
    }

    fn warn(&self, message: &str, error: &str) {
        if let Some(left_out) = self.lines.pass() {
            tracing::warn!(provider = self.name(), error, left_out, "{message}");
        }
    }

    fn error(&self, message: &str, status: u16, error: &str) {
        if let Some(left_out) = self.lines.pass() {
            tracing::error!(provider = self.name(), status, error, left_out, "{message}");
        }
    }
}

/// A place in the queue, given back with this value.
struct Queued<'a>(&'a AtomicUsize);

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What makes two requests get one token: the API and the caller's own token.
fn key(subject: &str, wanted: Wanted<'_>) -> Key {
    let mut hash = Sha256::new();
    // A hash in place of the id: it has one length, so what follows can't be taken for part of it.
    hash.update(Sha256::digest(wanted.api_id));
    hash.update(subject);
    tokens::key(hash)
}
