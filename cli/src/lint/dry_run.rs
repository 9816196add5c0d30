//! A document that refuses nothing.

use super::Subject;
use crate::finding::{Finding, Rule};
use attache_config_reader::{Path, Severity};
use attache_plugin_config::DryRun;

pub(super) static RULE: Rule = Rule {
    id: "dry-run",
    summary: "The document is a dry run for every workload: nothing is refused.",
    severity: Severity::Warning,
};

pub(super) fn find(subject: Subject<'_>) -> Vec<Finding> {
    if subject.config.dry_run != DryRun::Everywhere {
        return Vec::new();
    }
    let message = "the whole document is a dry run, so nothing is refused, whoever asks; take the line away to put it in force";
    vec![subject.finding(&RULE, Path::default().key("mode"), message.to_owned())]
}
