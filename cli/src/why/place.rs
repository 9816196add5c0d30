//! Where a rule's test stands in the configuration.

use attache_config_reader::{Path, Step as PathStep};
use attache_engine::policy::TestTrace;
use attache_plugin_config::{Config, Rule};

/// Returns the list that a test stands in, or that it is.
pub(super) fn list_of(test: &TestTrace) -> Option<Path> {
    match test.at.steps().last()? {
        PathStep::Index(_) => parent(test),
        PathStep::Key(_) => Some(test.at.clone()),
    }
}

/// Returns the last name of a path.
pub(super) fn last_key(at: &Path) -> Option<&str> {
    at.steps().iter().rev().find_map(|step| match step {
        PathStep::Key(key) => Some(key.as_str()),
        PathStep::Index(_) => None,
    })
}

/// Returns the entry of `to` that a test is of.
pub(super) fn entry(test: &TestTrace) -> Option<Path> {
    let steps = test.at.steps().get(..6)?;
    matches!(steps.get(4), Some(PathStep::Key(key)) if key == "to").then(|| join(steps))
}

/// Returns the path of the list that a test is in.
fn parent(test: &TestTrace) -> Option<Path> {
    let (_, steps) = test.at.steps().split_last()?;
    Some(join(steps))
}

fn join(steps: &[PathStep]) -> Path {
    steps.iter().fold(Path::default(), |path, step| match step {
        PathStep::Key(key) => path.key(key),
        PathStep::Index(index) => path.index(*index),
    })
}

/// Returns the rule that a path leads to, or into.
pub(super) fn rule_at<'c>(config: &'c Config, at: &Path) -> Option<&'c Rule> {
    match at.steps() {
        [_, PathStep::Index(policy), _, PathStep::Index(rule), ..] => {
            config.policies.get(*policy)?.rules.get(*rule)
        }
        _ => None,
    }
}
