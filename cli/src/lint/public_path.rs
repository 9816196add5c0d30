//! A rule whose callers nobody asks for, since a public rule is for the same path.

use super::rule_index::RuleIndex;
use super::{PlacedRule, Subject, covers};
use crate::finding::{Finding, Rule};
use attache_config_reader::{Path, Severity};
use attache_plugin_config::{Action, Authentication, Mode, Operation, PathPattern};

pub(super) static RULE: Rule = Rule {
    id: "public-path",
    summary: "A rule asks for a token, but a rule with `authentication: NONE` opens its path to everybody.",
    severity: Severity::Warning,
};

pub(super) fn find(subject: Subject<'_>) -> Vec<Finding> {
    let mut public = RuleIndex::default();
    for placed in subject.rules().filter(|placed| is_public(placed)) {
        public.add(placed);
    }
    let asking = subject.rules().filter(|placed| {
        placed.rule.action == Action::Allow && placed.rule.authentication != Authentication::None
    });
    asking.flat_map(|placed| open_paths(subject, &placed, &public)).collect()
}

fn is_public(placed: &PlacedRule<'_>) -> bool {
    let rule = placed.rule;
    rule.action == Action::Allow
        && rule.authentication == Authentication::None
        && rule.mode == Mode::Enforce
        && rule.from.is_empty()
}

/// Returns a finding for each path of a rule that is public, or one for all paths of an entry.
fn open_paths(
    subject: Subject<'_>,
    placed: &PlacedRule<'_>,
    public: &RuleIndex<'_>,
) -> Vec<Finding> {
    let at = placed.path();
    if placed.rule.to.is_empty() {
        let everything = Operation::default();
        let open = opened(placed, &everything, None, public);
        return open
            .map(|other| told(subject, placed, &other, at.key("name")))
            .into_iter()
            .collect();
    }
    let mut findings = Vec::new();
    for (index, operation) in placed.rule.to.iter().enumerate() {
        let at = at.clone().key("to").index(index);
        if operation.paths.is_empty() {
            let open = opened(placed, operation, None, public);
            findings.extend(open.map(|other| told(subject, placed, &other, at)));
            continue;
        }
        for (index, path) in operation.paths.iter().enumerate() {
            let at = at.clone().key("paths").index(index);
            let narrow = Operation { paths: vec![path.clone()], ..operation.clone() };
            let open = opened(placed, &narrow, Some(path), public);
            findings.extend(open.map(|other| told(subject, placed, &other, at)));
        }
    }
    findings
}

/// Returns the public rule that is for all of an operation, wherever it is asked for.
fn opened<'c>(
    placed: &PlacedRule<'_>,
    operation: &Operation,
    path: Option<&PathPattern>,
    public: &RuleIndex<'c>,
) -> Option<PlacedRule<'c>> {
    public.covering(path).find(|other| {
        let is_for = |wide: &Operation| covers::operation(wide, operation);
        covers::selector(&other.policy.selector, &placed.policy.selector)
            && other.policy.paths == placed.policy.paths
            && (other.rule.to.is_empty() || other.rule.to.iter().any(is_for))
    })
}

fn told(
    subject: Subject<'_>,
    placed: &PlacedRule<'_>,
    other: &PlacedRule<'_>,
    at: Path,
) -> Finding {
    let message = format!(
        "`{}` asks for a token, but `{}` opens this to everybody, so no token is looked at; narrow the public rule, or \
         leave this out",
        placed.name(),
        other.name()
    );
    let at_other = subject.configuration.locate(&other.path().key("name"));
    subject.finding(&RULE, at, message).see(at_other, "the public rule")
}
