//! One issuer of a configuration, ready to verify for.

use crate::policy::PrincipalMatch;
use crate::token::{IssuerKeys, IssuerRules};
use attache_plugin_config::{Issuer, KeySource, RemoteKeys};
use std::cell::RefCell;
use std::rc::Rc;

/// One issuer with its keys.
#[derive(Debug)]
pub(crate) struct CompiledIssuer {
    pub(crate) config: Issuer,
    pub(crate) rules: IssuerRules,
    /// The keys that hold; `None` while a provider has not given any, or none that are still good.
    pub(crate) keys: RefCell<Option<Rc<IssuerKeys>>>,
    pub(crate) presenters: Vec<PrincipalMatch>,
}

impl CompiledIssuer {
    #[inline(never)]
    pub(crate) fn new(config: &Issuer, keys: IssuerKeys) -> Self {
        Self {
            rules: IssuerRules::compile(config),
            presenters: config.presenters.iter().map(PrincipalMatch::new).collect(),
            config: config.clone(),
            keys: RefCell::new(Some(Rc::new(keys)).filter(|_| remote(config).is_none())),
        }
    }

    /// Returns the keys that hold.
    pub(crate) fn keys(&self) -> Option<Rc<IssuerKeys>> {
        self.keys.try_borrow().ok()?.clone()
    }
}

/// Returns the keys that a provider serves, where one does.
pub(crate) const fn remote(config: &Issuer) -> Option<&RemoteKeys> {
    match &config.keys {
        KeySource::Remote(keys) => Some(keys),
        KeySource::Inline(_) | KeySource::Secrets(_) => None,
    }
}
