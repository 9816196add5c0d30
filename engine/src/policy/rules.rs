//! Rules that share a group: which is the first that matches a caller.

use super::RuleIndex;
use super::caller_index::CallerIndex;
use super::rule::{CompiledRule, RoleScope, RuleContext};

/// Up to this many rules a linear scan beats the index.
const MAX_LINEAR: usize = 8;

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
    pub(super) fn first(
        &self,
        caller: &RuleContext<'_>,
        best: Option<RuleIndex>,
    ) -> Option<RuleIndex> {
        match (&self.caller_index, caller.scope) {
            (None, _) => caller.first(&self.rules, best),
            (Some(many), RoleScope::Everything) => many.whole.first(caller, best),
            (Some(many), RoleScope::AllButRoles) => many.but_for_roles.first(caller, best),
        }
    }
}
