//! Whether a policy, or a dry run, is for a workload.

use crate::host::Workload;
use attache_plugin_config::{DryRun, Selector};

/// Returns whether a selector fits: every field that is set must. A selector that asks for what is
/// not known of the workload does not fit.
pub fn fits(selector: &Selector, workload: &Workload) -> bool {
    let one_of = |wanted: &[String], actual: Option<&String>| {
        wanted.is_empty() || actual.is_some_and(|actual| wanted.contains(actual))
    };
    // Without `..`: a field that nobody asks of a workload would make the policy one of others.
    let Selector { namespaces, labels, service_accounts } = selector;
    one_of(namespaces, workload.namespace.as_ref())
        && one_of(service_accounts, workload.service_account.as_ref())
        && labels.iter().all(|(name, value)| workload.labels.get(name) == Some(value))
}

/// Returns whether a document is a dry run for this workload.
pub(crate) fn is_dry_run(dry_run: &DryRun, workload: &Workload) -> bool {
    match dry_run {
        DryRun::Nowhere => false,
        DryRun::For(selectors) => selectors.iter().any(|selector| fits(selector, workload)),
        DryRun::Everywhere => true,
    }
}
