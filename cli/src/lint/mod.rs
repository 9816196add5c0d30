//! What is legal and seldom meant: a file each, with the rule that its findings name.
//!
//! A rule of these speaks only of what is certain: what the filter itself can tell is warned of by
//! the filter, and what only might be wrong is left to the reader.

mod covers;
mod deny_passed_by;
mod dry_run;
mod empty_policies;
mod fail_open;
mod impossible_role;
mod key_without_alg;
mod late_phase;
mod left_out;
mod match_mode;
mod misspelt_method;
mod mutable_url;
mod policy_never_applies;
mod public_path;
mod rule_index;
mod unreachable_rule;

use crate::finding::{Finding, Rule};
use crate::input::Configuration;
use attache_config_reader::{Diagnostic, Path};
use attache_plugin_config::{Config, Policy, Rule as PolicyRule};

/// A configuration that the filter takes, and what it was read from.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'c> {
    pub(crate) configuration: &'c Configuration,
    pub(crate) config: &'c Config,
}

/// One kind of thing to look for.
struct Lint {
    rule: &'static Rule,
    find: fn(Subject<'_>) -> Vec<Finding>,
}

/// In the order of docs/tool.md.
static LINTS: [Lint; 14] = [
    Lint { rule: &unreachable_rule::RULE, find: unreachable_rule::find },
    Lint { rule: &public_path::RULE, find: public_path::find },
    Lint { rule: &deny_passed_by::RULE, find: deny_passed_by::find },
    Lint { rule: &misspelt_method::RULE, find: misspelt_method::find },
    Lint { rule: &impossible_role::RULE, find: impossible_role::find },
    Lint { rule: &policy_never_applies::RULE, find: policy_never_applies::find },
    Lint { rule: &empty_policies::RULE, find: empty_policies::find },
    Lint { rule: &dry_run::RULE, find: dry_run::find },
    Lint { rule: &key_without_alg::RULE, find: key_without_alg::find },
    Lint { rule: &match_mode::RULE, find: match_mode::find },
    Lint { rule: &late_phase::RULE, find: late_phase::find },
    Lint { rule: &mutable_url::RULE, find: mutable_url::find },
    Lint { rule: &left_out::RULE, find: left_out::find },
    Lint { rule: &fail_open::RULE, find: fail_open::find },
];

/// Returns what looks wrong.
pub(crate) fn lint(subject: Subject<'_>) -> Vec<Finding> {
    LINTS.iter().flat_map(|lint| (lint.find)(subject)).collect()
}

/// Returns the rules, in the order of docs/tool.md.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    LINTS.iter().map(|lint| lint.rule)
}

impl<'c> Subject<'c> {
    /// Creates a finding about a value of the configuration.
    fn finding(self, rule: &'static Rule, path: Path, message: String) -> Finding {
        Finding::new(rule, self.configuration, &Diagnostic::warning(path, message))
    }

    /// Creates a finding about a value of the resource, whose path begins at the resource's root.
    fn resource_finding(self, rule: &'static Rule, path: Path, message: String) -> Finding {
        Finding::in_resource(rule, self.configuration, &Diagnostic::warning(path, message))
    }

    /// Returns every rule with its policy and its place.
    fn rules(self) -> impl Iterator<Item = PlacedRule<'c>> {
        let policies = self.config.policies.iter().enumerate();
        policies.flat_map(|(policy_index, policy)| {
            let rules = policy.rules.iter().enumerate();
            rules.map(move |(index, rule)| PlacedRule { policy, rule, policy_index, index })
        })
    }
}

/// A rule and its place in the document.
#[derive(Clone, Copy)]
struct PlacedRule<'c> {
    policy: &'c Policy,
    rule: &'c PolicyRule,
    policy_index: usize,
    index: usize,
}

impl PlacedRule<'_> {
    fn path(&self) -> Path {
        policy_path(self.policy_index).key("rules").index(self.index)
    }

    /// Returns the names, as `orders.read`.
    fn name(&self) -> String {
        format!("{}.{}", self.policy.name, self.rule.name)
    }
}

fn policy_path(index: usize) -> Path {
    Path::default().key("policies").index(index)
}
