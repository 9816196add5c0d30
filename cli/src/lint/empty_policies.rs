//! A list of policies without any.

use super::Subject;
use crate::finding::{Finding, Rule};
use attache_config_reader::{Node, Path, Severity};

pub(super) static RULE: Rule = Rule {
    id: "empty-policies",
    summary: "`policies` is an empty list: whoever has a valid token may do everything.",
    severity: Severity::Warning,
};

pub(super) fn find(subject: Subject<'_>) -> Vec<Finding> {
    let is_empty = matches!(subject.configuration.node.get("policies"), Some(Node::Array(items)) if items.is_empty());
    if !is_empty {
        return Vec::new();
    }
    let message = "there is no policy, so whoever has a valid token may do everything; add a policy, or leave the key out if \
                   that is meant";
    vec![subject.finding(&RULE, Path::default().key("policies"), message.to_owned())]
}
