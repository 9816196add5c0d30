//! A resource that lets requests pass while the filter is not there.

use super::Subject;
use crate::finding::{Finding, Rule};
use crate::input::{Kind, text};
use attache_config_reader::{Node, Severity};

pub(super) static RULE: Rule = Rule {
    id: "fail-open",
    summary: "Requests pass, with whatever identity their headers claim, while the module is not there.",
    severity: Severity::Warning,
};

pub(super) fn find(subject: Subject<'_>) -> Vec<Finding> {
    let Some(resource) = subject.configuration.resource() else { return Vec::new() };
    let (path, remedy) = match resource.kind {
        Kind::WasmPlugin | Kind::TrafficExtension => {
            (resource.module("failStrategy"), "write FAIL_CLOSE")
        }
        Kind::EnvoyExtensionPolicy => (resource.module("failOpen"), "write `false`"),
    };
    let value = resource.get(&path);
    if value.and_then(text) != Some("FAIL_OPEN") && value != Some(&Node::Bool(true)) {
        return Vec::new();
    }
    let message = format!(
        "where the module can't be loaded or has died, requests pass unseen, with whatever identity their headers claim; {remedy}"
    );
    vec![subject.resource_finding(&RULE, path, message)]
}
