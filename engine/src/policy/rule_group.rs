//! Rule groups: what rules ask of a request before anything is known of its sender. Rules that ask
//! the same share a group.

use super::facts::PerView;
use super::lazy_request::LazyRequest;
use super::operation::OperationTest;
use super::pattern::PathTest;
use super::rules::GroupRules;
use super::source::SourceTest;
use attache_plugin_config::OnKeysUnavailable;
use std::rc::Rc;

/// The number of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct GroupId(pub u32);

impl GroupId {
    pub(super) fn position(self) -> usize {
        self.0 as usize
    }
}

/// One path pattern of one entry of `to` with one `from`, and the rules that hold there.
#[derive(Debug)]
pub(super) struct RuleGroup {
    /// `None`: any path. The index finds a group by it, so it is not compared again.
    pub path: Option<PathTest>,
    pub operation: Rc<OperationTest>,
    /// One of these; empty: from anywhere.
    pub from: Rc<Box<[SourceTest]>>,
    pub allow: GroupRules,
    pub deny: GroupRules,
    pub auth: PerView<AuthRequirement>,
}

/// What the rules of a group say of tokens.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AuthRequirement {
    /// A rule with `authentication: NONE`.
    pub public: bool,
    /// A rule with `authentication: OPTIONAL`.
    pub optional: bool,
    /// What a rule says of the time without keys; DENY where one says so.
    pub without_keys: Option<OnKeysUnavailable>,
}

impl AuthRequirement {
    pub(super) fn note_without_keys(&mut self, says: Option<OnKeysUnavailable>) {
        self.without_keys = match (self.without_keys, says) {
            (Some(OnKeysUnavailable::Deny), _) | (_, Some(OnKeysUnavailable::Deny)) => {
                Some(OnKeysUnavailable::Deny)
            }
            (before, says) => says.or(before),
        };
    }
}

/// A group whose DENY rules a request fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GroupMatch {
    pub rule_group: GroupId,
    /// Its ALLOW rules too: not where they ask for an address that is unknown.
    pub allow: bool,
}

impl RuleGroup {
    /// Returns which rules the request fits, given that its path does.
    pub(super) fn fit(&self, rule_group: GroupId, request: &LazyRequest<'_>) -> Option<GroupMatch> {
        if !self.operation.matches(request) {
            return None;
        }
        let from = |unknown_address| {
            self.from.is_empty()
                || self.from.iter().any(|source| source.matches(request, unknown_address))
        };
        // What is let in by its address must have one; what is kept out by it is kept out without
        // one too. So whatever fits ALLOW rules fits DENY rules.
        let allow = from(false);
        (allow || from(true)).then_some(GroupMatch { rule_group, allow })
    }
}
