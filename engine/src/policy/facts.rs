//! What a verdict is made of: the request, the caller, and the outcome.

use super::RoleSet;
use crate::Reason;
use crate::host::Peer;
use attache_plugin_config::{HeaderName, Name};
use serde_json::Value;
use std::fmt;

/// A request, as far as policies look at it.
#[derive(Clone, Copy)]
pub struct RequestFacts<'a> {
    /// `:method`.
    pub method: &'a str,
    /// `:path` without its query, as [`read_path`](super::read_path) read it. Where no rule names
    /// paths, anything.
    pub path: &'a str,
    /// `:authority` as sent.
    pub host: &'a str,
    /// The other end of the connection.
    pub peer: &'a dyn Peer,
    /// The request's headers.
    pub headers: &'a dyn Headers,
}

impl fmt::Debug for RequestFacts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, host, .. } = self;
        f.debug_struct("RequestFacts")
            .field("method", method)
            .field("path", path)
            .field("host", host)
            .finish()
    }
}

/// The headers of a request.
pub trait Headers {
    /// Returns the value of a header that came exactly once: a second one counts in any spelling
    /// that a backend may take for the same name, and the one must be spelled as asked for.
    fn unique(&self, name: &HeaderName) -> Option<&[u8]>;

    /// Returns whether a backend may read this value: one that came several times may mean any, and
    /// a single one counts in any spelling.
    fn may_be(&self, name: &HeaderName, value: &[u8]) -> bool {
        self.unique(name) == Some(value)
    }
}

/// Which policies and rules count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// Those in ENFORCE: the verdict that holds.
    Enforced,
    /// All of them: the verdict that would hold.
    WithShadow,
}

impl View {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Enforced, Self::WithShadow];

    /// Returns whether something counts that is in SHADOW or not.
    pub(super) fn counts(self, shadow: bool) -> bool {
        self == Self::WithShadow || !shadow
    }
}

/// One value for each view.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PerView<T> {
    enforced: T,
    with_shadow: T,
}

impl<T> PerView<T> {
    pub(super) fn of(&self, view: View) -> &T {
        match view {
            View::Enforced => &self.enforced,
            View::WithShadow => &self.with_shadow,
        }
    }

    /// Changes the views in which something counts that is in SHADOW or not.
    pub(super) fn note(&mut self, shadow: bool, change: impl Fn(&mut T)) {
        change(&mut self.with_shadow);
        if !shadow {
            change(&mut self.enforced);
        }
    }
}

/// What a verified token says of the caller.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// As [`RoleTable::read`](super::RoleTable::read) read them.
    pub roles: &'a RoleSet,
    /// By the slots of the [`ClaimTable`](super::ClaimTable); `null` counts as absent.
    pub claims: &'a [Option<Value>],
}

/// What the policies say of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may go on.
    Allow {
        /// The first rule, in the document's order, that allows it; `None`: the policies' default
        /// does.
        rule: Option<RuleIndex>,
    },
    /// It is refused.
    Deny {
        /// `RuleDenied`, `RoleMissing` or `NoRuleMatched`; `TokenMissing` where a token is needed
        /// and none was given.
        reason: Reason,
        /// The first rule, in the document's order, that denies it or that would have allowed it
        /// but for its roles.
        rule: Option<RuleIndex>,
    },
}

/// The number of a rule among all rules that apply to this workload, in the document's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIndex(pub u32);

impl RuleIndex {
    pub(super) fn position(self) -> usize {
        self.0 as usize
    }
}

/// What a rule is called in logs and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleNames<'p> {
    /// The policy.
    pub policy: &'p Name,
    /// The rule, unique in its policy.
    pub rule: &'p Name,
}

/// Writes `policy/rule`.
impl fmt::Display for RuleNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.policy, self.rule)
    }
}
