//! Makes tokens, and keeps each for reuse until half its life is over.

use crate::claims::{Caller, claims};
use crate::clock::Clock;
use crate::config::Mint;
use crate::failure::Failure;
use crate::keys::{Keys, Signer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quick_cache::sync::Cache;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The longest token, in bytes: what the filter reads unless told otherwise.
const MAX_TOKEN: usize = 8192;

/// A token that was made.
#[derive(Debug)]
pub struct Token {
    /// The JWT.
    pub jwt: String,
    /// The key that signed it.
    pub key_id: String,
    /// Its `jti`.
    pub id: String,
    /// Until when it is given out, in seconds of Unix time.
    pub fresh_until: u64,
}

/// A token for a request.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The token.
    pub token: Arc<Token>,
    /// Whether it was given out before.
    pub cached: bool,
}

/// Makes tokens.
#[derive(Debug)]
pub struct Minter {
    config: Mint,
    keys: Arc<Keys>,
    clock: Clock,
    cache: Cache<Key, Arc<Token>>,
}

/// What makes two requests get one token: what it says, for whom, and how long it may live. The session's key is part of
/// it, so that two keys never share a `jti`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    claims: String,
    session: [u8; 32],
    not_after: Option<u64>,
}

impl Minter {
    /// Makes tokens as configured, signed with these keys.
    pub fn new(config: Mint, keys: Arc<Keys>, clock: Clock) -> Self {
        let tokens = usize::try_from(config.cache_tokens).unwrap_or(usize::MAX);
        Self { config, keys, clock, cache: Cache::new(tokens) }
    }

    /// A token for a caller at an API with these audiences.
    ///
    /// # Errors
    /// The caller's time is over, or the token can't be made.
    pub async fn issue(&self, audiences: &[String], caller: Caller<'_>) -> Result<Issued, Failure> {
        let now = self.clock.now();
        let not_after = not_after(caller);
        if not_after.is_some_and(|end| end <= now) {
            return Err(Failure::SessionExpired);
        }
        let claims = claims(&self.config, audiences, caller)?;
        let key = Key {
            claims: serde_json::to_string(&claims).map_err(|_| Failure::SigningFailed)?,
            session: Sha256::digest(&caller.session.key_id).into(),
            not_after,
        };
        loop {
            // A key that is published no more makes its tokens worthless, whatever their age.
            let stale = |token: &Arc<Token>| {
                token.fresh_until <= now || !self.keys.current().key_ids.contains(&token.key_id)
            };
            match self.cache.get_value_or_guard_async(&key).await {
                Ok(token) if stale(&token) => {
                    self.cache.remove_if(&key, stale);
                }
                Ok(token) => return Ok(Issued { token, cached: true }),
                Err(place) => {
                    let token = Arc::new(self.make(claims, now, not_after).await?);
                    // Where the place is gone the cache is too small; the token is good all the same.
                    let _ = place.insert(Arc::clone(&token));
                    return Ok(Issued { token, cached: false });
                }
            }
        }
    }

    /// How many tokens are kept.
    pub fn kept(&self) -> usize {
        self.cache.len()
    }

    async fn make(
        &self,
        mut claims: Map<String, Value>,
        now: u64,
        not_after: Option<u64>,
    ) -> Result<Token, Failure> {
        let end = now.saturating_add(self.config.lifetime.as_secs());
        let end = not_after.map_or(end, |limit| limit.min(end));
        let id = token_id()?;
        for (name, value) in [("iat", now), ("nbf", now), ("exp", end)] {
            claims.insert(name.to_owned(), value.into());
        }
        claims.insert("jti".to_owned(), id.clone().into());
        let signer = Arc::clone(&self.keys.current().signer);
        let key_id = signer.key_id().to_owned();
        let jwt = sign(signer, claims).await?;
        if jwt.len() > MAX_TOKEN {
            return Err(Failure::TokenTooLarge);
        }
        Ok(Token { jwt, key_id, id, fresh_until: now.saturating_add(end.saturating_sub(now) / 2) })
    }
}

/// Signs on a thread of its own: RSA takes longer than other requests should wait.
async fn sign(signer: Arc<Signer>, claims: Map<String, Value>) -> Result<String, Failure> {
    let signed = tokio::task::spawn_blocking(move || signer.sign(claims)).await;
    match signed {
        Ok(Ok(jwt)) => Ok(jwt),
        Ok(Err(error)) => {
            tracing::error!(%error, "a token could not be signed");
            Err(Failure::SigningFailed)
        }
        Err(_) => Err(Failure::SigningFailed),
    }
}

/// When the key or the caller's JWT ends.
fn not_after(caller: Caller<'_>) -> Option<u64> {
    let session = u64::try_from(caller.session.expires).ok().filter(|end| *end > 0);
    let jwt = caller.jwt.and_then(|jwt| jwt.get("exp")).and_then(Value::as_f64).map(seconds);
    session.into_iter().chain(jwt).min()
}

/// Whole seconds; what is no time is long over.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, and 0 for NaN and less"
)]
fn seconds(time: f64) -> u64 {
    time as u64
}

fn token_id() -> Result<String, Failure> {
    let mut id = [0_u8; 16];
    getrandom::fill(&mut id).map_err(|_| Failure::SigningFailed)?;
    Ok(URL_SAFE_NO_PAD.encode(id))
}

#[cfg(test)]
mod tests;
