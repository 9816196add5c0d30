//! Rules, and what is asked about as rules are.

use crate::symbolic::region::Scope;
use crate::symbolic::side::Side;
use attache_engine::policy::PathProbe;
use attache_plugin_config::{Action, PathEquality, PathPattern, Rule};

/// A rule, or a scope that is asked about as a rule is.
#[derive(Clone, Copy)]
pub(in super::super) struct Part<'u> {
    pub(in super::super) rule: &'u Rule,
    /// Which paths its service takes for the same.
    pub(in super::super) paths: PathEquality,
    /// Whose roles it asks for.
    pub(in super::super) side: usize,
}

impl Part<'_> {
    /// Returns the tests of one of its patterns of `paths`.
    pub(in super::super) fn probes(&self, pattern: &PathPattern) -> Vec<PathProbe> {
        PathProbe::of_paths(pattern, self.rule.action, self.paths)
    }

    /// Returns the tests of one of its patterns of `notPaths`.
    pub(in super::super) fn not_probes(&self, pattern: &PathPattern) -> Vec<PathProbe> {
        PathProbe::of_not_paths(pattern, self.rule.action, self.paths)
    }

    pub(in super::super) fn denies(&self) -> bool {
        self.rule.action == Action::Deny
    }
}

/// Returns all rules that count, and all scopes.
pub(in super::super) fn parts<'u>(sides: &'u [Side], scopes: &[&'u Scope]) -> Vec<Part<'u>> {
    let of_side = |(side, own): (usize, &'u Side)| {
        own.rules().map(move |(policy, rule)| Part { rule, paths: policy.paths, side })
    };
    let rules = sides.iter().enumerate().flat_map(of_side);
    rules.chain(scopes.iter().map(|scope| of_scope(scope))).collect()
}

/// Returns a scope as a rule of the last side: of two that is the newer.
pub(in super::super) fn of_scope(scope: &Scope) -> Part<'_> {
    Part { rule: &scope.rule, paths: scope.paths, side: 0 }
}
