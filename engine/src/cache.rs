//! Verified tokens that this worker has seen, bounded by their number and by the bytes they hold.

use crate::authenticated_token::AuthenticatedToken;
use crate::hash;
use attache_plugin_config::CacheLimits;
use foldhash::fast::SeedableRandomState;
use quick_cache::unsync::{Cache, DefaultLifecycle};
use quick_cache::{Equivalent, OptionsBuilder, Weighter};
use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// What an average entry may weigh, in bytes: with the default of 2048 tokens the cache holds 8 MiB
/// at most.
const MEAN_WEIGHT: u64 = 4096;

/// What is kept of tokens, by their bytes. Only verified tokens enter, so a flood of bad ones can't
/// push good ones out.
pub(crate) struct TokenCache {
    /// `None` where the configuration wants no cache.
    entries: Option<RefCell<Entries>>,
}

type Entries = Cache<Token, Rc<AuthenticatedToken>, AtLeastMean, SeedableRandomState>;

/// A token that was verified.
#[derive(Clone)]
struct Token(Box<[u8]>);

/// A token that is looked for.
struct Wanted<'t>(&'t [u8]);

/// How many bytes of a token are hashed: its last ones, which are of the signature. Whatever is in
/// the cache was verified, and nobody can make a key sign two tokens alike there.
const HASHED: usize = 64;

impl Hash for Wanted<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let tail = self.0.last_chunk::<HASHED>().map_or(self.0, <[u8; HASHED]>::as_slice);
        state.write(tail);
        state.write_usize(self.0.len());
    }
}

impl Equivalent<Token> for Wanted<'_> {
    fn equivalent(&self, other: &Token) -> bool {
        same(self.0, &other.0)
    }
}

impl Hash for Token {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Wanted(&self.0).hash(state);
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

impl Eq for Token {}

/// Compares eight bytes at a time: what Wasm has for a comparison of memory goes byte by byte, and
/// a token is long.
fn same(one: &[u8], other: &[u8]) -> bool {
    let ((words, rest), (other_words, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    words.len() == other_words.len()
        && rest == other_rest
        && words
            .iter()
            .zip(other_words)
            .all(|(a, b)| u64::from_ne_bytes(*a) == u64::from_ne_bytes(*b))
}

/// Counts an entry as no less than the mean, so that the bound on bytes bounds the number of
/// entries too.
#[derive(Clone)]
struct AtLeastMean;

impl Weighter<Token, Rc<AuthenticatedToken>> for AtLeastMean {
    fn weight(&self, _: &Token, authenticated: &Rc<AuthenticatedToken>) -> u64 {
        u64::from(authenticated.weight).max(MEAN_WEIGHT)
    }
}

impl TokenCache {
    pub(crate) fn new(limits: &CacheLimits) -> Self {
        let tokens = u64::from(limits.tokens);
        let options = OptionsBuilder::new()
            .estimated_items_capacity(limits.tokens as usize)
            .weight_capacity(tokens.saturating_mul(MEAN_WEIGHT))
            .build();
        let entries = options.ok().filter(|_| tokens > 0).map(|options| {
            RefCell::new(Cache::with_options(
                options,
                AtLeastMean,
                hash::seeded(),
                DefaultLifecycle::default(),
            ))
        });
        Self { entries }
    }

    pub(crate) fn get(&self, token: &[u8]) -> Option<Rc<AuthenticatedToken>> {
        self.entries.as_ref()?.try_borrow().ok()?.get(&Wanted(token)).cloned()
    }

    pub(crate) fn insert(&self, token: &[u8], authenticated: &Rc<AuthenticatedToken>) {
        if let Some(mut entries) =
            self.entries.as_ref().and_then(|entries| entries.try_borrow_mut().ok())
        {
            entries.insert(Token(token.into()), Rc::clone(authenticated));
        }
    }

    pub(crate) fn remove(&self, token: &[u8]) {
        if let Some(mut entries) =
            self.entries.as_ref().and_then(|entries| entries.try_borrow_mut().ok())
        {
            entries.remove(&Wanted(token));
        }
    }
}

impl std::fmt::Debug for TokenCache {
    /// Tokens are secrets: only their number is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let len =
            self.entries.as_ref().and_then(|entries| entries.try_borrow().ok()).map(|s| s.len());
        f.debug_struct("TokenCache").field("len", &len).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{HASHED, Token, Wanted, same};
    use crate::hash::seeded;
    use quick_cache::Equivalent as _;
    use std::hash::BuildHasher as _;

    #[test]
    fn tokens_that_end_alike_are_told_apart() {
        let tail = vec![b's'; HASHED];
        let [one, other] = [b"one.".as_slice(), b"two."].map(|head| [head, &tail].concat());
        let hasher = seeded();
        assert_eq!(hasher.hash_one(Wanted(&one)), hasher.hash_one(Wanted(&other)));
        assert!(!Wanted(&one).equivalent(&Token(other.clone().into())));
        assert!(Wanted(&one).equivalent(&Token(one.clone().into())));
    }

    #[test]
    fn what_is_looked_for_hashes_as_what_is_kept() {
        let token: Vec<u8> = (0..=255).collect();
        let hasher = seeded();
        for length in [1, HASHED - 1, HASHED, HASHED + 1, token.len()] {
            let wanted = hasher.hash_one(Wanted(&token[..length]));
            assert_eq!(wanted, hasher.hash_one(Token(token[..length].into())), "{length} bytes");
            assert_ne!(
                wanted,
                hasher.hash_one(Wanted(&token[..length.saturating_sub(1)])),
                "{length} bytes"
            );
        }
    }

    #[test]
    fn tokens_are_the_same_if_every_byte_is() {
        let token: Vec<u8> = (0..41).collect();
        for length in 0..=token.len() {
            let one = &token[..length];
            let copy = one.to_vec();
            assert!(same(one, &copy), "{length} bytes");
            assert!(
                !same(one, &token[..length.saturating_sub(1)]) || length == 0,
                "one byte less than {length}"
            );
            for at in 0..length {
                let mut other = one.to_vec();
                other[at] ^= 1;
                assert!(!same(one, &other), "byte {at} of {length}");
            }
        }
    }
}
