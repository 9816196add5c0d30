//! Scenarios: data in `e2e/scenarios/*.yaml` that says what is configured, what is sent and what
//! must come of it, without a word on what runs it: one Envoy here, a cluster elsewhere.

mod check;
mod cluster;
#[cfg(test)]
mod coverage;
mod differences;
mod document;
mod envoy_pool;
mod exchange;
mod observation;
mod placeholders;
mod policy_tests;
mod reason;
mod runner;

pub use cluster::{ClusterRunner, unfit};
pub use document::{
    Expect, Match, OneOrMany, Protocol, Request, Scenario, Service, Step, TokenRef,
};
pub use envoy_pool::EnvoyPool;
pub use observation::{Observation, audit_line};
pub use policy_tests::PolicyTests;
pub use runner::ScenarioRunner;

use crate::{page, repository, yaml};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;

/// The names of every reason for which a request may be refused.
pub fn reasons() -> impl Iterator<Item = &'static str> {
    reason::REASONS.iter().map(|(name, _)| *name)
}

/// Reads every scenario of `e2e/scenarios`, by name.
///
/// # Errors
/// A file is no scenario; the message names the file and the place in it.
pub fn all() -> Result<Vec<Scenario>> {
    let folder = repository().join("e2e/scenarios");
    let mut scenarios = Vec::new();
    for entry in
        fs::read_dir(&folder).with_context(|| format!("`{}` can't be read", folder.display()))?
    {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        ensure!(
            path.extension().is_some_and(|e| e == "yaml"),
            "`{}` is no scenario",
            path.display()
        );
        let scenario =
            parse(&name, yaml::read(&path)?).with_context(|| format!("`{}`", path.display()))?;
        scenarios.push(scenario);
    }
    scenarios.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(scenarios)
}

/// Reads the scenario that `e2e/README.md` explains scenarios by.
///
/// # Errors
/// The page has none, or what it has is no scenario.
pub fn from_page() -> Result<Scenario> {
    let page = "e2e/README.md";
    let blocks = page::blocks(&page::read(page)?);
    let block = blocks.iter().find(|block| block.language == "yaml");
    let text = &block.with_context(|| format!("`{page}` shows no scenario"))?.text;
    parse("readme", yaml::parse(text)?).with_context(|| format!("`{page}`"))
}

fn parse(name: &str, document: Value) -> Result<Scenario> {
    let mut scenario: Scenario = serde_path_to_error::deserialize(document)?;
    scenario.name = name.to_owned();
    for step in &scenario.steps {
        let is_one = step.request.is_some() != step.configure.is_some();
        ensure!(is_one, "step `{}` needs either a `request` or a `configure`", step.name);
        ensure!(
            step.configure.is_some() || step.refused.is_empty(),
            "step `{}`: only a configuration can be `refused`: write `expect: {{reason: …}}`",
            step.name
        );
    }
    Ok(scenario)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_misspelled_key_is_an_error_that_names_its_place() {
        let document = json!({"title": "t", "configuration": {},
            "steps": [{"name": "s", "request": {}, "expect": {"raeson": "token-missing"}}]});
        let error = parse("x", document).unwrap_err().to_string();
        assert!(error.contains("steps[0].expect") && error.contains("raeson"), "{error}");
    }

    #[test]
    fn a_step_does_one_thing() {
        let both = json!({"title": "t", "configuration": {},
            "steps": [{"name": "s", "request": {}, "configure": {}}]});
        assert!(parse("x", both).is_err());
        let neither = json!({"title": "t", "configuration": {}, "steps": [{"name": "s"}]});
        assert!(parse("x", neither).is_err());
    }

    #[test]
    fn a_token_is_a_name_or_a_spec_without_unknown_keys() {
        let with = |token: Value| {
            parse(
                "x",
                json!({"title": "t", "configuration": {}, "steps": [{"name": "s", "request": {"token": token}}]}),
            )
        };
        assert!(with(json!("alice")).is_ok());
        assert!(with(json!({"tamper": ["SIGNATURE"]})).is_ok());
        assert!(with(json!({"tampers": []})).is_err());
    }
}
