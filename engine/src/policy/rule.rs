//! One rule before one caller.

use super::condition::{AtPath, ConditionTest};
use super::roles::{Requirement, RoleSet};
use super::{Identity, RuleIndex, View};
use attache_plugin_config::{Action, Name};

/// What a rule asks of a caller.
#[derive(Debug)]
pub(super) struct CompiledRule {
    pub policy: Name,
    pub name: Name,
    pub action: Action,
    pub shadow: bool,
    /// An ALLOW rule that matches no one without a good token.
    pub needs_token: bool,
    pub roles: Requirement,
    pub when: Box<[ConditionTest]>,
}

/// How much of a rule a caller must satisfy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RoleScope {
    Everything,
    /// For the rules that ask for roles.
    AllButRoles,
}

/// Who sends a request, held against the rules of a group.
#[derive(Clone, Copy)]
pub(super) struct RuleContext<'a> {
    pub rules: &'a [CompiledRule],
    pub scope: RoleScope,
    pub view: View,
    pub identity: Option<&'a Identity<'a>>,
    pub request: AtPath<'a>,
}

impl RuleContext<'_> {
    /// Returns the first rule of a list in the document's order that the caller satisfies, if it
    /// comes before `best`.
    pub(super) fn first(&self, rules: &[RuleIndex], best: Option<RuleIndex>) -> Option<RuleIndex> {
        let mut earlier =
            rules.iter().copied().take_while(|rule| best.is_none_or(|best| *rule < best));
        earlier.find(|rule| self.satisfies(*rule)).or(best)
    }

    fn satisfies(&self, rule: RuleIndex) -> bool {
        let Some(rule) = self.rules.get(rule.position()) else { return false };
        self.view.counts(rule.shadow)
            && (!rule.needs_token || self.identity.is_some())
            && self.has_roles(rule)
            && rule.when.iter().all(|condition| condition.holds(self.identity, &self.request))
    }

    fn has_roles(&self, rule: &CompiledRule) -> bool {
        match (self.scope, self.identity) {
            (RoleScope::AllButRoles, _) => !rule.roles.is_empty(),
            (RoleScope::Everything, Some(identity)) => {
                rule.roles.holds(identity.roles, rule.action)
            }
            (RoleScope::Everything, None) => rule.roles.holds(&RoleSet::default(), rule.action),
        }
    }
}
