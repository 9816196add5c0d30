//! Swaps the caller's token for one of the mesh at an OIDC provider (RFC 8693), and keeps it for reuse.

mod wire;

use crate::clock::Clock;
use crate::config::Provider;
use crate::failure::Failure;
use crate::token::payload;
use quick_cache::sync::Cache;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::Arc;
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
    clock: Clock,
    cache: Cache<Key, Arc<Kept>>,
}

/// A token for a request.
#[derive(Clone, Debug)]
pub struct Exchanged {
    /// The provider's token.
    pub token: Arc<Kept>,
    /// Whether it was given out before.
    pub cached: bool,
}

/// A token that is kept.
#[derive(Debug)]
pub struct Kept {
    /// The JWT.
    pub jwt: String,
    /// Until when it is given out, in seconds of Unix time.
    pub fresh_until: u64,
}

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

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    api_id: String,
    subject: [u8; 32],
}

impl Exchanger {
    /// Exchanges tokens as configured.
    ///
    /// # Errors
    /// The secret or the authority's certificate can't be read.
    pub fn new(provider: Provider, clock: Clock) -> Result<Self, SetupError> {
        let wire = Wire::new(&provider)?;
        let running = Semaphore::new(provider.max_concurrent);
        let tokens = usize::try_from(provider.cache_tokens).unwrap_or(usize::MAX);
        Ok(Self { provider, wire, running, clock, cache: Cache::new(tokens) })
    }

    /// The provider's name.
    pub fn name(&self) -> &str {
        &self.provider.name
    }

    /// A token for the mesh in place of the caller's.
    ///
    /// # Errors
    /// The provider refuses, fails, stays away, or answers with something else.
    pub async fn exchange(&self, subject: &str, wanted: Wanted<'_>) -> Result<Exchanged, Failure> {
        let now = self.clock.now();
        let key = Key { api_id: wanted.api_id.to_owned(), subject: Sha256::digest(subject).into() };
        let stale = |kept: &Arc<Kept>| kept.fresh_until <= now;
        loop {
            match self.cache.get_value_or_guard_async(&key).await {
                Ok(kept) if stale(&kept) => {
                    self.cache.remove_if(&key, stale);
                }
                Ok(token) => return Ok(Exchanged { token, cached: true }),
                Err(place) => {
                    let token = Arc::new(self.fetch(subject, wanted, now).await?);
                    let _ = place.insert(Arc::clone(&token));
                    return Ok(Exchanged { token, cached: false });
                }
            }
        }
    }

    /// How many tokens are kept.
    pub fn kept(&self) -> usize {
        self.cache.len()
    }

    async fn fetch(&self, subject: &str, wanted: Wanted<'_>, now: u64) -> Result<Kept, Failure> {
        // Waiting for a place counts too: a slow provider must not pile up requests.
        let asked = timeout(self.provider.timeout, async {
            let _place = self.running.acquire().await.map_err(|_| Failure::ExchangeUnavailable)?;
            self.wire.exchange(subject, wanted).await.map_err(|refusal| self.failure(refusal))
        });
        let jwt = asked.await.unwrap_or_else(|_| {
            tracing::warn!(provider = self.name(), "the provider did not answer in time");
            Err(Failure::ExchangeUnavailable)
        })?;
        let end = self.end_of(&jwt, wanted, now).map_err(|what| {
            tracing::error!(provider = self.name(), what, "the provider's token is not what was asked for");
            Failure::ExchangeUnexpected
        })?;
        let half = now.saturating_add(end.saturating_sub(now) / 2);
        let subject_end = payload(subject).and_then(|claims| claims.get("exp").and_then(Value::as_u64));
        Ok(Kept { jwt, fresh_until: subject_end.map_or(half, |end| end.min(half)) })
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
        let provider = self.name();
        match refusal {
            Refusal::Subject { error } => {
                tracing::info!(provider, error, "the provider refused the caller's token");
                Failure::ExchangeRefused
            }
            Refusal::Client { status, error } => {
                tracing::error!(provider, status, error, "the provider refused the exchange");
                Failure::ExchangeFailed
            }
            Refusal::Unreachable { error } => {
                tracing::warn!(provider, error, "the provider can't be reached");
                Failure::ExchangeUnavailable
            }
            Refusal::Unreadable { error } => {
                tracing::error!(provider, error, "the provider's answer can't be read");
                Failure::ExchangeUnexpected
            }
        }
    }
}
