//! Swaps the caller's token for one of the mesh at an OIDC provider (RFC 8693), and keeps it for
//! reuse.

mod wire;

use crate::clock::Clock;
use crate::config::Provider;
use crate::failure::Failure;
use crate::log_limiter::LogLimiter;
use crate::token::{is_compact, numeric_date, payload};
use crate::token_cache::{self, CachedToken, Fresh, Given, Key, TokenCache};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;
use tokio::time::timeout;
pub use wire::SetupError;
use wire::{Refusal, Wire};

/// Looks whether a provider can be used, without asking it.
///
/// # Errors
/// As [`Exchanger::new`].
pub fn check(provider: &Provider) -> Result<(), SetupError> {
    Wire::new(provider).map(drop)
}

/// Exchanges tokens at one provider.
#[derive(Debug)]
pub struct Exchanger {
    provider: Provider,
    wire: Wire,
    running: Semaphore,
    /// Exchanges that run or wait for their turn.
    queued: AtomicUsize,
    /// Requests that wait for these.
    waiting: AtomicUsize,
    clock: Clock,
    tokens: TokenCache,
    log_limiter: LogLimiter,
}

/// How many exchanges may wait for each that runs: more would wait past `timeout` wherever one
/// takes a quarter of it.
const QUEUE: usize = 4;

/// How many requests may wait for each exchange that runs, those included that wait for another's
/// exchange of the same token. By default this is half of what a connection takes at once: one
/// caller of a provider that hangs must not keep out others.
const WAITING: usize = 8;

/// What is asked of the provider.
#[derive(Clone, Copy, Debug)]
pub struct ExchangeRequest<'a> {
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
        let tokens = TokenCache::new(provider.cache_tokens);
        let (queued, waiting, log_limiter) =
            (AtomicUsize::new(0), AtomicUsize::new(0), LogLimiter::new());
        Ok(Self { provider, wire, running, queued, waiting, clock, tokens, log_limiter })
    }

    /// Returns the provider's name.
    pub fn name(&self) -> &str {
        &self.provider.name
    }

    /// Returns a token for the mesh in place of the caller's.
    ///
    /// # Errors
    /// The provider refuses, fails, stays away, or answers with something else.
    pub async fn exchange(
        &self,
        subject: &str,
        request: ExchangeRequest<'_>,
    ) -> Result<Given, Failure> {
        let now = self.clock.now();
        let (key, stale) = (key(subject, request), |kept: &CachedToken| kept.fresh_until <= now);
        if let Some(given) = self.tokens.get(&key, stale) {
            return Ok(given);
        }
        let _waiting =
            self.queue_slot(&self.waiting, WAITING, "too many requests wait for the provider")?;
        let given = self.tokens.get_or(key, stale, self.fetch(subject, request, now));
        // Waiting counts too, for a place and for another request's exchange of the same token:
        // each request is answered within its own `timeout`, however many came before it.
        let answered = timeout(self.provider.timeout, given).await;
        answered.unwrap_or_else(|_| {
            self.warn("the provider did not answer in time", "");
            Err(Failure::ExchangeUnavailable)
        })
    }

    /// Returns how many tokens are kept.
    pub fn cached(&self) -> usize {
        self.tokens.len()
    }

    /// Drops tokens that are given out no more.
    pub fn sweep(&self) {
        let now = self.clock.now();
        self.tokens.sweep(|kept| kept.fresh_until <= now);
    }

    async fn fetch(
        &self,
        subject: &str,
        request: ExchangeRequest<'_>,
        now: u64,
    ) -> Result<Fresh, Failure> {
        let most = QUEUE.saturating_add(1);
        let _queued =
            self.queue_slot(&self.queued, most, "too many exchanges wait for the provider")?;
        let _permit = self.running.acquire().await.map_err(|_| Failure::ExchangeUnavailable)?;
        let jwt =
            self.wire.exchange(subject, request).await.map_err(|refusal| self.failure(refusal))?;
        let end = self.end_of(&jwt, request, now).map_err(|what| {
            self.error("the provider's token is not what was asked for", 200, what);
            Failure::ExchangeUnexpected
        })?;
        let half = now.saturating_add(end.saturating_sub(now) / 2);
        let subject_end = payload(subject).and_then(|claims| numeric_date(&claims, "exp"));
        let fresh_until = subject_end.map_or(half, |end| end.min(half));
        Ok(Fresh { jwt, key_id: None, fresh_until })
    }

    /// Returns a place among those that wait, so many for each exchange that runs. A provider that
    /// hangs must not gather requests: they would take the streams of those that need no exchange.
    fn queue_slot<'a>(
        &self,
        taken: &'a AtomicUsize,
        each: usize,
        full: &str,
    ) -> Result<QueueSlot<'a>, Failure> {
        let before = taken.fetch_add(1, Ordering::AcqRel);
        let slot = QueueSlot(taken);
        if before < self.provider.max_concurrent.saturating_mul(each) {
            return Ok(slot);
        }
        self.warn(full, "");
        Err(Failure::ExchangeUnavailable)
    }

    /// Returns when a new token ends, if it is what was asked for. It came over the provider's own
    /// connection; the filter will verify its signature.
    fn end_of(
        &self,
        jwt: &str,
        request: ExchangeRequest<'_>,
        now: u64,
    ) -> Result<u64, &'static str> {
        let claims = payload(jwt).filter(|_| is_compact(jwt)).ok_or("it is no JWT")?;
        if claims.get("iss").and_then(Value::as_str) != Some(self.provider.issuer.as_str()) {
            return Err("its `iss` is another");
        }
        let held: Vec<&str> = match claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !request.audiences.iter().all(|audience| held.contains(&audience.as_str())) {
            return Err("its `aud` lacks an audience");
        }
        numeric_date(&claims, "exp").filter(|end| *end > now).ok_or("its `exp` is missing or over")
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
        if let Some(left_out) = self.log_limiter.pass() {
            tracing::warn!(provider = self.name(), error, left_out, "{message}");
        }
    }

    fn error(&self, message: &str, status: u16, error: &str) {
        if let Some(left_out) = self.log_limiter.pass() {
            tracing::error!(provider = self.name(), status, error, left_out, "{message}");
        }
    }
}

/// A place, given back with this value.
struct QueueSlot<'a>(&'a AtomicUsize);

impl Drop for QueueSlot<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Returns what makes two requests get one token: the API and the caller's own token.
fn key(subject: &str, request: ExchangeRequest<'_>) -> Key {
    let mut hash = Sha256::new();
    // A hash in place of the id: it has one length, so what follows can't be taken for part of it.
    hash.update(Sha256::digest(request.api_id));
    hash.update(subject);
    token_cache::key(hash)
}
