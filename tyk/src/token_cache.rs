//! TokenCache that are kept for reuse, in as few bytes as they can be, and dropped once they are of
//! no use.

use crate::failure::Failure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, Mutex, PoisonError};

/// What one of the tokens that a configuration counts may take, in bytes; a longer one counts as
/// several.
const UNIT: usize = 512;

/// What makes two requests get one token: a hash of everything that the token depends on, 128 bits
/// of its SHA-256. To meet another caller's takes 2^128 tries.
pub type Key = [u8; 16];

/// Returns such a hash.
pub fn key(hash: Sha256) -> Key {
    let mut key = Key::default();
    key.iter_mut().zip(hash.finalize()).for_each(|(byte, hashed)| *byte = hashed);
    key
}

/// TokenCache by what they depend on.
#[derive(Debug)]
pub struct TokenCache {
    cache: Cache<Key, CachedToken, Units>,
    /// The head of the token kept last: those of one key have one, which is kept once.
    head: Mutex<Arc<Head>>,
}

/// What many tokens have in common.
#[derive(Debug, Default)]
struct Head {
    /// The JWT's header, as it is written.
    header: String,
    /// The key that signed it, where it was signed here.
    key_id: Option<Arc<str>>,
}

/// A token that was just made or exchanged.
#[derive(Debug)]
pub struct Fresh {
    /// The JWT.
    pub jwt: String,
    /// The key that signed it, where it was signed here.
    pub key_id: Option<Arc<str>>,
    /// Until when it is given out, in seconds of Unix time.
    pub fresh_until: u64,
}

/// A token for a request.
#[derive(Debug)]
pub struct Given {
    /// The JWT.
    pub jwt: String,
    /// Whether it was given out before.
    pub cached: bool,
}

/// A token that is kept: a JWT in three quarters of its length, less its header.
#[derive(Clone, Debug)]
pub struct CachedToken {
    head: Arc<Head>,
    /// Payload and signature, one after the other; or a whole JWT, where it is not in the one form
    /// that base64url has.
    bytes: Arc<[u8]>,
    /// Where the payload ends.
    payload: Option<u32>,
    /// Until when it is given out, in seconds of Unix time.
    pub fresh_until: u64,
}

#[derive(Clone, Debug)]
struct Units;

impl Weighter<Key, CachedToken> for Units {
    fn weight(&self, _: &Key, kept: &CachedToken) -> u64 {
        let units = kept.bytes.len().div_ceil(UNIT).max(1);
        u64::try_from(units).unwrap_or(u64::MAX)
    }
}

impl TokenCache {
    /// Keeps so many tokens.
    pub fn new(tokens: u64) -> Self {
        let estimated = usize::try_from(tokens).unwrap_or(usize::MAX);
        Self { cache: Cache::with_weighter(estimated, tokens, Units), head: Mutex::default() }
    }

    /// Returns the token that is kept for a key, without waiting for one that is being made.
    pub fn get(&self, key: &Key, stale: impl Fn(&CachedToken) -> bool) -> Option<Given> {
        let kept = self.cache.get(key).filter(|kept| !stale(kept))?;
        Some(Given { jwt: kept.jwt(), cached: true })
    }

    /// Returns the token that is kept for a key, or what `make` makes of it. Whoever asks for a
    /// token that is being made waits for it; should that fail, the next in line makes its own.
    ///
    /// # Errors
    /// Those of `make`.
    pub async fn get_or(
        &self,
        key: Key,
        stale: impl Fn(&CachedToken) -> bool,
        make: impl Future<Output = Result<Fresh, Failure>>,
    ) -> Result<Given, Failure> {
        let place = loop {
            match self.cache.get_value_or_guard_async(&key).await {
                Ok(kept) if stale(&kept) => {
                    self.cache.remove_if(&key, &stale);
                }
                Ok(kept) => return Ok(Given { jwt: kept.jwt(), cached: true }),
                Err(place) => break place,
            }
        };
        let fresh = make.await?;
        // Where the place is gone the cache is too small; the token is good all the same.
        let _ = place.insert(self.pack(&fresh));
        Ok(Given { jwt: fresh.jwt, cached: false })
    }

    /// Drops what is of no use any more.
    pub fn sweep(&self, stale: impl Fn(&CachedToken) -> bool) {
        self.cache.retain(|_, kept| !stale(kept));
    }

    /// Returns how many tokens are kept.
    pub fn len(&self) -> usize {
        self.cache.len()
    }

    /// Returns whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.cache.is_empty()
    }

    fn pack(&self, fresh: &Fresh) -> CachedToken {
        self.parts(fresh).unwrap_or_else(|| CachedToken {
            head: self.head("", fresh.key_id.as_ref()),
            bytes: fresh.jwt.as_bytes().into(),
            payload: None,
            fresh_until: fresh.fresh_until,
        })
    }

    fn parts(&self, fresh: &Fresh) -> Option<CachedToken> {
        let (header, rest) = fresh.jwt.split_once('.')?;
        let (payload, signature) = rest.split_once('.')?;
        // Strict: what decodes has no other form, so it comes back as it was.
        let mut bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let payload = u32::try_from(bytes.len()).ok()?;
        URL_SAFE_NO_PAD.decode_vec(signature, &mut bytes).ok()?;
        let head = self.head(header, fresh.key_id.as_ref());
        Some(CachedToken {
            head,
            bytes: bytes.into(),
            payload: Some(payload),
            fresh_until: fresh.fresh_until,
        })
    }

    fn head(&self, header: &str, key_id: Option<&Arc<str>>) -> Arc<Head> {
        let mut last = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        if last.header != header || last.key_id.as_ref() != key_id {
            *last = Arc::new(Head { header: header.to_owned(), key_id: key_id.cloned() });
        }
        Arc::clone(&last)
    }
}

impl CachedToken {
    /// Returns the key that signed it, where it was signed here.
    pub fn key_id(&self) -> Option<&str> {
        self.head.key_id.as_deref()
    }

    fn jwt(&self) -> String {
        let payload = self.payload.and_then(|payload| usize::try_from(payload).ok());
        let Some((payload, signature)) = payload.and_then(|end| self.bytes.split_at_checked(end))
        else {
            return String::from_utf8_lossy(&self.bytes).into_owned();
        };
        let header = &self.head.header;
        let mut jwt =
            String::with_capacity(header.len().saturating_add(self.bytes.len().saturating_mul(2)));
        jwt.push_str(header);
        jwt.push('.');
        URL_SAFE_NO_PAD.encode_string(payload, &mut jwt);
        jwt.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
        jwt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn keep(tokens: &TokenCache, key: u8, jwt: &str, fresh_until: u64) -> bool {
        let fresh = Fresh { jwt: jwt.to_owned(), key_id: None, fresh_until };
        let given = tokens.get_or([key; 16], |_| false, async { Ok(fresh) }).await.unwrap();
        assert_eq!(given.jwt, jwt);
        given.cached
    }

    #[tokio::test]
    async fn a_token_comes_back_as_it_was() {
        let tokens = TokenCache::new(100);
        for (key, jwt) in [
            "eyJh.eyJpc3MiOiJhIn0.c2ln",
            "e30.e30.",
            "eyJh.e30=.c2ln",
            "e30.e31.c2l",
            "opaque",
            "a.b.c.d",
            "",
        ]
        .iter()
        .enumerate()
        {
            let key = u8::try_from(key).unwrap();
            assert!(!keep(&tokens, key, jwt, 10).await, "{jwt}");
            assert!(keep(&tokens, key, jwt, 10).await, "{jwt}");
        }
    }

    #[tokio::test]
    async fn what_is_stale_goes_and_the_rest_stays() {
        let tokens = TokenCache::new(100);
        keep(&tokens, 1, "e30.e30.", 10).await;
        keep(&tokens, 2, "e30.e30.", 20).await;
        tokens.sweep(|kept| kept.fresh_until <= 10);
        assert_eq!(tokens.len(), 1);
        assert!(keep(&tokens, 2, "e30.e30.", 20).await);
    }

    #[tokio::test]
    async fn a_long_token_counts_as_several() {
        let tokens = TokenCache::new(64);
        let long = format!("e30.{}.", "e30".repeat(2000));
        for key in 0..64 {
            keep(&tokens, key, &long, 10).await;
        }
        assert!(tokens.len() < 16, "{}", tokens.len());
        assert!(!tokens.is_empty());
    }

    #[tokio::test]
    async fn where_making_fails_the_next_in_line_makes_its_own() {
        let tokens = TokenCache::new(100);
        let failed = tokens.get_or([1; 16], |_| false, async { Err(Failure::SigningFailed) }).await;
        assert_eq!(failed.unwrap_err(), Failure::SigningFailed);
        assert!(!keep(&tokens, 1, "e30.e30.", 10).await);
    }
}
