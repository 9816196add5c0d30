//! Parts of all requests that somebody asks about.

use attache_plugin_config::{PathEquality, Rule};

/// Requests that something is said of.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    /// Those in this scope.
    pub(crate) scope: Scope,
    /// But for those in this one.
    pub(crate) unless: Option<Scope>,
}

/// Requests as a rule describes them. Of a token counts what it says, also where no rule looks at
/// it.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// Of this, `to`, `from`, `roles` and `when`, as an ALLOW rule has them.
    pub(crate) rule: Rule,
    /// Which paths count as the same.
    pub(crate) paths: PathEquality,
    /// With a token, or without one; absent: either.
    pub(crate) token: Option<bool>,
}

impl Region {
    /// Returns its scopes.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &Scope> {
        std::iter::once(&self.scope).chain(&self.unless)
    }
}
