//! A policy for workloads that do not load the filter.

use super::{Subject, policy_path};
use crate::finding::{Finding, Rule};
use crate::input::Resource;
use attache_config_reader::{Severity, quote};

pub(super) static RULE: Rule = Rule {
    id: "policy-never-applies",
    summary: "A policy selects a label that no workload has for which the resource is.",
    severity: Severity::Warning,
};

pub(super) fn find(subject: Subject<'_>) -> Vec<Finding> {
    let labels = subject.configuration.resource().map(Resource::selector).unwrap_or_default();
    let mut findings = Vec::new();
    for (index, policy) in subject.config.policies.iter().enumerate() {
        for (name, value) in &policy.selector.labels {
            let Some(own) = labels.get(name).filter(|own| *own != value) else { continue };
            let message = format!(
                "{} applies nowhere: the resource is for workloads with {}, this for {}; make them one, or move the policy \
                 to the resource of its workload",
                quote(policy.name.as_str()),
                quote(&format!("{name}: {own}")),
                quote(&format!("{name}: {value}"))
            );
            let path = policy_path(index).key("selector").key("labels").key(name);
            findings.push(subject.finding(&RULE, path, message));
        }
    }
    findings
}
