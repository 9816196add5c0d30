//! A resource that has the filter judge other requests than those that come in to the workload.

use super::Subject;
use crate::finding::{Finding, Rule};
use crate::input::{Resource, text};
use attache_config_reader::{Node, Path, Severity};

pub(super) static RULE: Rule = Rule {
    id: "match-mode",
    summary: "The resource's `match` has the filter judge the calls that a workload makes, or at a gateway none at all.",
    severity: Severity::Warning,
};

pub(super) fn find(subject: Subject<'_>) -> Vec<Finding> {
    let istio = |resource: &&Resource| resource.kind.is_of_istio();
    let Some(resource) = subject.configuration.resource().filter(istio) else { return Vec::new() };
    let spec = Path::default().key("spec");
    let at = spec.clone().key("match");
    let matches: &[Node] = match resource.get(&at) {
        Some(Node::Array(matches)) => matches,
        _ => &[],
    };
    let mode = |entry: &Node| entry.get("mode").and_then(text).map(str::to_owned);
    if matches.is_empty() {
        if resource.has_targets() || !resource.selector().is_empty() {
            // Maybe a gateway, where what comes in is mode CLIENT.
            return Vec::new();
        }
        let message = "without `match` the calls that a workload makes are judged too; write `match: [{mode: SERVER}]`, or name \
                       a gateway by `targetRefs`";
        return vec![subject.resource_finding(&RULE, spec, message.to_owned())];
    }
    let mut findings = Vec::new();
    for (index, entry) in matches.iter().enumerate() {
        let is_server = mode(entry).as_deref() == Some("SERVER");
        let message = if is_server && resource.has_targets() {
            "what comes in to a gateway or a waypoint is mode CLIENT to Istio, so no request is judged there; leave `match` out"
        } else if !is_server && !resource.has_targets() {
            "another mode than SERVER has the calls judged that a workload makes; write `mode: SERVER`"
        } else {
            continue;
        };
        findings.push(subject.resource_finding(&RULE, at.clone().index(index), message.to_owned()));
    }
    findings
}
