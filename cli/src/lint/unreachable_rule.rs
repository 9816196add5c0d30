//! A rule that never decides, since another decides before it.

use super::rule_index::RuleIndex;
use super::{PlacedRule, Subject, covers};
use crate::finding::{Finding, Rule};
use attache_config_reader::Severity;
use attache_plugin_config::{Action, Mode, RoleRequirement};

pub(super) static RULE: Rule = Rule {
    id: "unreachable-rule",
    summary: "A rule never decides: an earlier one of the same action, or a DENY rule, is for all its requests and callers.",
    severity: Severity::Warning,
};

pub(super) fn find(subject: Subject<'_>) -> Vec<Finding> {
    let mut denying = RuleIndex::default();
    for placed in subject.rules().filter(refuses_whomever) {
        denying.add(placed);
    }
    let (mut allowing, mut all_denying) = (RuleIndex::default(), RuleIndex::default());
    let mut findings = Vec::new();
    for placed in subject.rules() {
        let earlier =
            if placed.rule.action == Action::Allow { &mut allowing } else { &mut all_denying };
        let path = placed.rule.to.first().and_then(|operation| operation.paths.first());
        let shadowing = earlier.covering(path).find(|other| decides_before(other, &placed));
        let refusing = || denying.covering(path).find(|other| refuses_all(other, &placed));
        let is_allowing = placed.rule.action == Action::Allow;
        let finding = match shadowing {
            Some(other) => Some((other, "an earlier rule")),
            None if is_allowing => refusing().map(|other| (other, "a DENY rule")),
            None => None,
        };
        if let Some((other, what)) = finding {
            findings.push(told(subject, &placed, &other, what));
        }
        earlier.add(placed);
    }
    findings
}

fn told(
    subject: Subject<'_>,
    placed: &PlacedRule<'_>,
    other: &PlacedRule<'_>,
    what: &str,
) -> Finding {
    let message = format!(
        "no request reaches `{}`: {what}, `{}`, is for all that it is for; remove it, or narrow the other",
        placed.name(),
        other.name()
    );
    let at_other = subject.configuration.locate(&other.path().key("name"));
    subject.finding(&RULE, placed.path().key("name"), message).see(at_other, "this one")
}

/// Whether an earlier rule matches wherever a later one of the same action does, so that the later
/// changes nothing.
fn decides_before(earlier: &PlacedRule<'_>, later: &PlacedRule<'_>) -> bool {
    let (one, other) = (earlier.rule, later.rule);
    one.mode == other.mode
        && one.authentication == other.authentication
        && one.on_keys_unavailable == other.on_keys_unavailable
        && earlier.policy.paths == later.policy.paths
        && covers::selector(&earlier.policy.selector, &later.policy.selector)
        && covers::requests(one, other)
        && covers::callers(one, other)
}

/// Whether a DENY rule asks nothing of the caller, and counts.
fn refuses_whomever(placed: &PlacedRule<'_>) -> bool {
    let rule = placed.rule;
    rule.action == Action::Deny
        && rule.mode == Mode::Enforce
        && rule.roles == RoleRequirement::default()
        && rule.when.is_empty()
}

/// Whether a DENY rule refuses all that an ALLOW rule is for.
fn refuses_all(denying: &PlacedRule<'_>, allowing: &PlacedRule<'_>) -> bool {
    covers::selector(&denying.policy.selector, &allowing.policy.selector)
        && covers::requests(denying.rule, allowing.rule)
}
