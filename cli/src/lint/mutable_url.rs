//! A module that may be another one tomorrow.

use super::Subject;
use crate::finding::{Finding, Rule};
use crate::input::Resource;
use attache_config_reader::{Severity, quote};

pub(super) static RULE: Rule = Rule {
    id: "mutable-url",
    summary: "The module is named by a tag or a plain URL, behind which another module may stand tomorrow.",
    severity: Severity::Warning,
};

pub(super) fn find(subject: Subject<'_>) -> Vec<Finding> {
    let Some((path, url)) = subject.configuration.resource().and_then(Resource::url) else {
        return Vec::new();
    };
    let has_digest = url.contains("@sha256:")
        || subject.configuration.resource().is_some_and(Resource::has_sha256);
    if has_digest || url.starts_with("file://") {
        return Vec::new();
    }
    let message = format!(
        "{} can be moved to another module unseen; name its digest: `…/filter@sha256:…`, or `sha256` beside it",
        quote(url)
    );
    vec![subject.resource_finding(&RULE, path, message)]
}
