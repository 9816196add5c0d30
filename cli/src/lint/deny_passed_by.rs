//! A DENY rule that the same request passes by when it is written otherwise.

use super::{PlacedRule, Subject};
use crate::finding::{Finding, Rule};
use crate::input::Resource;
use attache_config_reader::{Path, Severity};
use attache_plugin_config::{Action, MethodOverride, Operation, PathPattern};

pub(super) static RULE: Rule = Rule {
    id: "deny-passed-by",
    summary: "A DENY rule names methods, hosts or ends of paths that a caller can write in another way for the same service.",
    severity: Severity::Warning,
};

pub(super) fn find(subject: Subject<'_>) -> Vec<Finding> {
    let resource = subject.configuration.resource();
    // A gateway routes by host: another host is another service there.
    let routes_by_host = resource.is_some_and(Resource::has_targets);
    let denying = subject.rules().filter(|placed| placed.rule.action == Action::Deny);
    let mut findings = Vec::new();
    for placed in denying {
        for (index, operation) in placed.rule.to.iter().enumerate() {
            let at = placed.path().key("to").index(index);
            findings.extend(by_method(subject, &placed, operation, &at));
            findings.extend(by_path(subject, &placed, operation, &at));
            if !routes_by_host && !operation.hosts.is_empty() {
                let message = format!(
                    "`{}` is for these hosts alone, and whoever reaches the service may send another `:authority`; leave \
                     `hosts` out, or refuse all but the hosts that may be asked for (`notHosts`)",
                    placed.name()
                );
                findings.push(subject.finding(&RULE, at.key("hosts"), message));
            }
        }
    }
    findings
}

fn by_method(
    subject: Subject<'_>,
    placed: &PlacedRule<'_>,
    operation: &Operation,
    at: &Path,
) -> Option<Finding> {
    let has = |method: &str| operation.methods.iter().any(|it| it == method);
    let message = if has("GET") && !has("HEAD") {
        format!(
            "`{}` refuses GET and not HEAD, which most servers answer as GET, headers and all; add HEAD",
            placed.name()
        )
    } else if !operation.methods.is_empty()
        && subject.config.method_override == MethodOverride::Ignore
    {
        format!(
            "`{}` goes by the method on the request's line, and `methods: {{override: IGNORE}}` lets a header such as \
             `x-http-method-override` ask for another; leave `override` out",
            placed.name()
        )
    } else {
        return None;
    };
    Some(subject.finding(&RULE, at.clone().key("methods"), message))
}

fn by_path(
    subject: Subject<'_>,
    placed: &PlacedRule<'_>,
    operation: &Operation,
    at: &Path,
) -> Vec<Finding> {
    let ends = operation.paths.iter().enumerate().filter_map(|(index, path)| match path {
        PathPattern::Suffix(end) => Some((index, end)),
        _ => None,
    });
    ends.map(|(index, end)| {
        let message = format!(
            "`{}` refuses paths that end in `{end}`, and servers that take the rest of a path as an argument answer \
             `…{end}/x` alike; refuse by what paths begin with, or allow what is wanted instead",
            placed.name()
        );
        subject.finding(&RULE, at.clone().key("paths").index(index), message)
    })
    .collect()
}
