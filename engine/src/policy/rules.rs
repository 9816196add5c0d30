//! Rules that share a group: which is the first that matches a caller.

use super::caller_index::CallerIndex;
use super::condition::{AtPath, ConditionTest};
use super::roles::{Requirement, RoleSet};
use super::{Identity, RuleIndex, View};

use attache_plugin_config::{Action, Name};

/// Up to this many rules a linear scan beats the index.
const MAX_LINEAR: usize = 8;

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

/// The rules of one action in one group.
#[derive(Debug)]
pub(super) struct GroupRules {
    /// In the document's order.
    rules: Box<[RuleIndex]>,
    /// Where they are many.
    caller_index: Option<Box<ManyRules>>,
}

#[derive(Debug)]
struct ManyRules {
    /// By what they ask.
    whole: CallerIndex,
    /// By what they ask but for roles.
    but_for_roles: CallerIndex,
}

impl GroupRules {
    pub(super) fn new(rules: Vec<RuleIndex>, all: &[CompiledRule]) -> Self {
        let caller_index = (rules.len() > MAX_LINEAR).then(|| {
            Box::new(ManyRules {
                whole: CallerIndex::new(&rules, all, RoleScope::Everything),
                but_for_roles: CallerIndex::new(&rules, all, RoleScope::AllButRoles),
            })
        });
        Self { rules: rules.into(), caller_index }
    }

    pub(super) fn all(&self) -> &[RuleIndex] {
        &self.rules
    }

    /// Returns the first rule that a caller satisfies, if it comes before `best`; else `best`.
    pub(super) fn first(&self, caller: &Caller<'_>, best: Option<RuleIndex>) -> Option<RuleIndex> {
        match (&self.caller_index, caller.scope) {
            (None, _) => caller.first(&self.rules, best),
            (Some(many), RoleScope::Everything) => many.whole.first(caller, best),
            (Some(many), RoleScope::AllButRoles) => many.but_for_roles.first(caller, best),
        }
    }
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
pub(super) struct Caller<'a> {
    pub rules: &'a [CompiledRule],
    pub scope: RoleScope,
    pub view: View,
    pub identity: Option<&'a Identity<'a>>,
    pub request: AtPath<'a>,
}

impl Caller<'_> {
    /// Returns the first rule of a list in the document's order that the caller satisfies, if it comes before `best`.
    pub(super) fn first(&self, rules: &[RuleIndex], best: Option<RuleIndex>) -> Option<RuleIndex> {
        let mut earlier = rules.iter().copied().take_while(|rule| best.is_none_or(|best| *rule < best));
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
            (RoleScope::Everything, Some(identity)) => rule.roles.holds(identity.roles, rule.action),
            (RoleScope::Everything, None) => rule.roles.holds(&RoleSet::default(), rule.action),
        }
    }
}
