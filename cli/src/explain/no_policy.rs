//! A workload that nobody has written a policy for, which is seldom the one that is meant.

use attache_engine::Engine;
use attache_plugin_config::{Config, Selector};

/// Returns what to do where no policy is for the workload that is asked: set `option`, as the first
/// policy selects; `None` where one is, or where there is none at all.
pub(crate) fn no_policy(engine: &Engine, config: &Config, option: &str) -> Option<String> {
    if engine.coverage().applying > 0 {
        return None;
    }
    let policy = config.policies.first()?;
    let Selector { namespaces, labels, service_accounts } = &policy.selector;
    let namespaces = namespaces.iter().map(|name| format!("namespace {name}"));
    let labels = labels.iter().map(|(name, value)| format!("{name}={value}"));
    let accounts = service_accounts.iter().map(|name| format!("service account {name}"));
    let wanted: Vec<String> = namespaces.chain(labels).chain(accounts).collect();
    Some(format!(
        "no policy is for this workload: set {option}; policy {} is for {}",
        policy.name,
        wanted.join(", ")
    ))
}
