//! A resource that some tool leaves out, or that only some proxies load.

use super::Subject;
use crate::finding::{Finding, Rule};
use crate::in_force::{left_out, revision};
use attache_config_reader::{Severity, quote};

pub(super) static RULE: Rule = Rule {
    id: "left-out",
    summary: "An annotation has kustomize, Flux, Argo CD or Helm leave the resource out or not keep it, or a label has only some proxies load it.",
    severity: Severity::Warning,
};

pub(super) fn find(subject: Subject<'_>) -> Vec<Finding> {
    let Some(resource) = subject.configuration.resource() else { return Vec::new() };
    let finding = |path, message| subject.resource_finding(&RULE, path, message);
    let mut findings: Vec<Finding> = left_out(resource)
        .into_iter()
        .map(|one| finding(one.path, format!("{}; take the annotation away", one.why)))
        .collect();
    if let Some((path, revision)) = revision(resource) {
        let message = format!(
            "proxies of another revision than {} do without the filter; take the label away, so that all load it",
            quote(revision)
        );
        findings.push(finding(path, message));
    }
    findings
}
