//! A filter that comes too late in the chain for Istio's own authorization.

use super::Subject;
use crate::finding::{Finding, Rule};
use crate::input::text;
use attache_config_reader::{Path, Severity};

pub(super) static RULE: Rule = Rule {
    id: "late-phase",
    summary: "Without an early `phase` Istio's own authorization decides before the filter has run.",
    severity: Severity::Warning,
};

pub(super) fn find(subject: Subject<'_>) -> Vec<Finding> {
    let Some(resource) = subject.configuration.resource() else { return Vec::new() };
    if !resource.kind.is_of_istio() {
        return Vec::new();
    }
    let path = Path::default().key("spec").key("phase");
    let problem = match resource.get(&path).and_then(text) {
        None => "without `phase` the filter runs last",
        Some("STATS" | "UNSPECIFIED" | "UNSPECIFIED_PHASE") => "in this phase the filter runs late",
        Some(_) => return Vec::new(),
    };
    let message = format!(
        "{problem}, after Istio's own authorization, which sees identity headers as the client sent them; write \
         `phase: AUTHN`"
    );
    vec![subject.resource_finding(&RULE, path, message)]
}
