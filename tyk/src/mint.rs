//! Makes tokens, and keeps each for reuse until half its life is over.

use crate::claims::{Caller, claims};
use crate::clock::Clock;
use crate::config::Mint;
use crate::failure::Failure;
use crate::keys::{Keys, Signer};
use crate::proto::SessionState;
use crate::token::numeric_date;
use crate::token_cache::{self, CachedToken, Fresh, Key, TokenCache};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The longest token, in bytes: what the filter reads unless told otherwise.
const MAX_TOKEN: usize = 8192;

/// A token for a request.
#[derive(Debug)]
pub struct Issued {
    /// The JWT.
    pub jwt: String,
    /// What was made for it, unless it was given out before.
    pub made: Option<Made>,
}

/// A token that was just made.
#[derive(Debug)]
pub struct Made {
    /// The key that signed it.
    pub key_id: Arc<str>,
    /// Its `jti`.
    pub id: String,
    /// Its `sub`.
    pub subject: String,
}

/// Makes tokens.
#[derive(Debug)]
pub struct Minter {
    config: Mint,
    keys: Arc<Keys>,
    clock: Clock,
    tokens: TokenCache,
}

impl Minter {
    /// Makes tokens as configured, signed with these keys.
    pub fn new(config: Mint, keys: Arc<Keys>, clock: Clock) -> Self {
        let tokens = TokenCache::new(config.cache_tokens);
        Self { config, keys, clock, tokens }
    }

    /// Returns a token for a caller at an API with these audiences.
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
        let key = key(&claims, caller.session, not_after)?;
        let mut made = None;
        let make = async {
            let (fresh, what) = self.make(claims, now, not_after).await?;
            made = Some(what);
            Ok(fresh)
        };
        let given = self.tokens.get_or(key, |kept| self.stale(kept, now), make).await?;
        Ok(Issued { jwt: given.jwt, made })
    }

    /// Drops tokens that are given out no more.
    pub fn sweep(&self) {
        let now = self.clock.now();
        self.tokens.sweep(|kept| self.stale(kept, now));
    }

    /// Returns whether a token is of no use: too old, or signed with a key that is published no
    /// more.
    fn stale(&self, kept: &CachedToken, now: u64) -> bool {
        let published = |key_id: &str| self.keys.current().key_ids.contains(key_id);
        kept.fresh_until <= now || !kept.key_id().is_some_and(published)
    }

    /// Returns how many tokens are kept.
    pub fn cached(&self) -> usize {
        self.tokens.len()
    }

    async fn make(
        &self,
        mut claims: Map<String, Value>,
        now: u64,
        not_after: Option<u64>,
    ) -> Result<(Fresh, Made), Failure> {
        let end = now.saturating_add(self.config.lifetime.as_secs());
        let end = not_after.map_or(end, |limit| limit.min(end));
        let id = token_id()?;
        for (name, value) in [("iat", now), ("nbf", now), ("exp", end)] {
            claims.insert(name.to_owned(), value.into());
        }
        claims.insert("jti".to_owned(), id.clone().into());
        let signer = Arc::clone(&self.keys.current().signer);
        let key_id: Arc<str> = signer.key_id().into();
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
        let jwt = sign(signer, claims).await?;
        if jwt.len() > MAX_TOKEN {
            return Err(Failure::TokenTooLarge);
        }
        let fresh_until = now.saturating_add(end.saturating_sub(now) / 2);
        let fresh = Fresh { jwt, key_id: Some(Arc::clone(&key_id)), fresh_until };
        Ok((fresh, Made { key_id, id, subject }))
    }
}

/// Returns what makes two requests get one token: what it says, how long it may live, and for whom.
/// The session's key is part of it, so that two keys never share a `jti`.
fn key(
    claims: &Map<String, Value>,
    session: &SessionState,
    not_after: Option<u64>,
) -> Result<Key, Failure> {
    let claims = serde_json::to_vec(claims).map_err(|_| Failure::SigningFailed)?;
    let mut hash = Sha256::new();
    // JSON ends where it ends, and the time has one length: what follows can't be taken for either.
    hash.update(claims);
    hash.update(not_after.unwrap_or_default().to_be_bytes());
    hash.update(&session.key_id);
    Ok(token_cache::key(hash))
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

/// Returns when the key or the caller's JWT ends.
fn not_after(caller: Caller<'_>) -> Option<u64> {
    let session = u64::try_from(caller.session.expires).ok().filter(|end| *end > 0);
    let jwt = caller.jwt.and_then(|jwt| numeric_date(jwt, "exp"));
    session.into_iter().chain(jwt).min()
}

fn token_id() -> Result<String, Failure> {
    let mut id = [0_u8; 16];
    getrandom::fill(&mut id).map_err(|_| Failure::SigningFailed)?;
    Ok(URL_SAFE_NO_PAD.encode(id))
}

#[cfg(test)]
mod tests;
