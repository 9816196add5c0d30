//! Policies.

use super::rule::{self, Context};
use super::{Checker, metric, selector, unique};
use crate::document::{PolicyDocument, PolicyPathsDocument, SelectorDocument, TrailingSlashName};
use crate::{Action, PathEquality, Policy};
use attache_config_reader::{List, PathRef, Reported, valid};

/// The most rules of a policy.
const MAX_RULES: usize = 10_000;

#[inline(never)]
pub(super) fn policies(
    list: Option<&List<PolicyDocument>>,
    at: &PathRef<'_>,
    context: &Context<'_>,
    checker: &mut Checker,
) -> Vec<Policy> {
    let items = || list.into_iter().flat_map(List::iter);
    let policies = valid(
        items().map(|(index, document)| policy(document, &at.index(index), context, checker)),
    );
    let mut names = items().filter_map(|(index, policy)| {
        Some((at.index(index).key("name").to_path(), policy.name.get().ok()?.as_str()))
    });
    unique(&mut names, "the name", checker);
    let mut rules = items().flat_map(|(index, policy)| {
        let place = at.index(index).key("rules").to_path();
        let name = policy.name.get().ok();
        let rules = policy.rules.iter().flat_map(List::iter);
        rules.filter_map(move |(index, rule)| {
            Some((
                place.clone().index(index).key("name"),
                format!("{}.{}", name?, rule.name.get().ok()?),
            ))
        })
    });
    metric::apart(&mut rules, "rules", checker);
    policies
}

#[inline(never)]
fn policy(
    document: &PolicyDocument,
    at: &PathRef<'_>,
    context: &Context<'_>,
    checker: &mut Checker,
) -> Result<Policy, Reported> {
    let name = checker.name(document.name.get(), &at.key("name"));
    let selector_at = at.key("selector");
    let selector = selector::selector(document.selector.as_ref(), &selector_at, checker);
    if document.selector.as_ref().is_some_and(SelectorDocument::is_empty) {
        // What is left of a template: taken for every workload, its ALLOW rules would open others.
        checker.error(
            &selector_at,
            "it names no workload; leave the key out for a policy of every workload",
        );
    }
    let policy_mode = document.mode.unwrap_or_default();
    let rules_at = at.key("rules");
    let items = || document.rules.iter().flat_map(List::iter);
    if document.rules.as_ref().is_some_and(|rules| rules.len() > MAX_RULES) {
        checker.error(&rules_at, format!("a policy has {MAX_RULES} rules at most; split it"));
    }
    let rules = valid(items().map(|(index, document)| {
        rule::rule(document, policy_mode, &rules_at.index(index), context, checker)
    }));
    let mut names = items().filter_map(|(index, rule)| {
        Some((rules_at.index(index).key("name").to_path(), rule.name.get().ok()?.as_str()))
    });
    unique(&mut names, "the name", checker);
    Ok(Policy {
        name: name?,
        selector,
        default_action: document.default_action.unwrap_or(Action::Deny),
        mode: policy_mode,
        paths: path_equality(document.paths.as_ref()),
        rules,
    })
}

fn path_equality(document: Option<&PolicyPathsDocument>) -> PathEquality {
    let Some(document) = document else { return PathEquality::default() };
    PathEquality {
        any_case: document.case_sensitive == Some(false),
        any_trailing_slash: matches!(document.trailing_slash, Some(TrailingSlashName::Same)),
    }
}
