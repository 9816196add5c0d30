//! Verified tokens that this worker has seen, bounded by their number and by the bytes they hold.

use crate::hash;
use crate::session::Session;
use attache_plugin_config::CacheLimits;
use foldhash::fast::SeedableRandomState;
use quick_cache::unsync::{Cache, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};
use std::cell::RefCell;
use std::rc::Rc;

/// What an average entry may weigh, in bytes: with the default of 2048 tokens the cache holds 8 MiB at most.
const MEAN_WEIGHT: u64 = 4096;

/// Sessions by the bytes of their token. Only verified tokens enter, so a flood of bad ones can't push good ones out.
pub(crate) struct TokenCache {
    /// `None` where the configuration wants no cache.
    sessions: Option<RefCell<Sessions>>,
}

type Sessions = Cache<Box<[u8]>, Rc<Session>, AtLeastMean, SeedableRandomState>;

/// Counts an entry as no less than the mean, so that the bound on bytes bounds the number of entries too.
#[derive(Clone)]
struct AtLeastMean;

impl Weighter<Box<[u8]>, Rc<Session>> for AtLeastMean {
    fn weight(&self, _: &Box<[u8]>, session: &Rc<Session>) -> u64 {
        u64::from(session.weight).max(MEAN_WEIGHT)
    }
}

impl TokenCache {
    pub(crate) fn new(limits: &CacheLimits) -> Self {
        let tokens = u64::from(limits.tokens);
        let options = OptionsBuilder::new()
            .estimated_items_capacity(limits.tokens as usize)
            .weight_capacity(tokens.saturating_mul(MEAN_WEIGHT))
            .build();
        let sessions = options.ok().filter(|_| tokens > 0).map(|options| {
            RefCell::new(Cache::with_options(
                options,
                AtLeastMean,
                hash::seeded(),
                DefaultLifecycle::default(),
            ))
        });
        Self { sessions }
    }

    pub(crate) fn get(&self, token: &[u8]) -> Option<Rc<Session>> {
        self.sessions.as_ref()?.try_borrow().ok()?.get(token).cloned()
    }

    pub(crate) fn insert(&self, token: &[u8], session: &Rc<Session>) {
        if let Some(mut sessions) = self.sessions.as_ref().and_then(|sessions| sessions.try_borrow_mut().ok())
        {
            sessions.insert(token.into(), Rc::clone(session));
        }
    }

    pub(crate) fn remove(&self, token: &[u8]) {
        if let Some(mut sessions) = self.sessions.as_ref().and_then(|sessions| sessions.try_borrow_mut().ok())
        {
            sessions.remove(token);
        }
    }
}

impl std::fmt::Debug for TokenCache {
    /// Tokens are secrets: only their number is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let len = self.sessions.as_ref().and_then(|sessions| sessions.try_borrow().ok()).map(|s| s.len());
        f.debug_struct("TokenCache").field("len", &len).finish()
    }
}
