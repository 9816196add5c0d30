//! A method that no client sends, for one that clients do.

use super::{PlacedRule, Subject};
use crate::finding::{Finding, Rule};
use crate::methods::meant_by;
use attache_config_reader::{Severity, quote};
use attache_plugin_config::Action;

pub(super) static RULE: Rule = Rule {
    id: "misspelt-method",
    summary: "A rule names a method that is no registered one and nearly is one: it is not for the requests that are meant.",
    severity: Severity::Warning,
};

pub(super) fn find(subject: Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for placed in subject.rules() {
        for (index, operation) in placed.rule.to.iter().enumerate() {
            let at = placed.path().key("to").index(index);
            let lists = [("methods", &operation.methods), ("notMethods", &operation.not_methods)];
            for (key, methods) in lists {
                for (number, method) in methods.iter().enumerate() {
                    let Some(meant) = meant_by(method) else { continue };
                    let message = format!(
                        "{} is no registered method, so `{}` {}; did you mean `{meant}`?",
                        quote(method),
                        placed.name(),
                        effect(&placed, key, meant)
                    );
                    let path = at.clone().key(key).index(number);
                    findings.push(subject.finding(&RULE, path, message));
                }
            }
        }
    }
    findings
}

/// Returns what a rule does since the method stands in this list.
fn effect(placed: &PlacedRule<'_>, key: &str, meant: &str) -> String {
    match (placed.rule.action, key) {
        (Action::Deny, "methods") => format!("does not refuse {meant}"),
        (Action::Deny, _) => format!("refuses {meant}, too"),
        (Action::Allow, "methods") => format!("does not allow {meant}"),
        (Action::Allow, _) => format!("allows {meant}, too"),
    }
}
