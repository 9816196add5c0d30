//! The scenarios of `e2e/scenarios`, which a real Envoy runs, under `attache test`: what needs no
//! proxy of them.

use crate::support::{attache, attache_given};
use attache_e2e::scenario::{self, PolicyTests};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

/// What is left out, and how often: one more is a gap that somebody has to look at.
const LEFT_OUT: [(&str, usize); 5] = [
    ("a tunnel", 3),
    ("bytes that are no UTF-8", 8),
    ("the proxy or the service answers", 5),
    ("the proxy resolves dot segments", 1),
    (NO_JSON, 1),
];

const NO_JSON: &str = "what is no JSON is read as YAML";

#[test]
fn every_scenario_passes_as_far_as_it_needs_no_proxy() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut left_out: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut requests, mut all) = (0, 0);
    let mut files = vec!["test".to_owned()];
    for scenario in scenario::all().expect("scenarios") {
        let tests = PolicyTests::of(&scenario)
            .unwrap_or_else(|error| panic!("{}: {error:#}", scenario.name));
        all += scenario
            .steps
            .iter()
            .filter(|step| step.refused.is_empty() && step.configure.is_none())
            .count();
        requests += tests.requests;
        for (_, why) in &tests.left_out {
            *left_out.entry(why).or_default() += 1;
        }
        for (index, file) in tests.files.iter().enumerate() {
            let path = folder.path().join(format!("{}-{index}.yaml", scenario.name));
            fs::write(&path, serde_json::to_string_pretty(file).expect("JSON"))
                .expect("it is written");
            files.push(path.display().to_string());
        }
    }
    let arguments: Vec<&str> = files.iter().map(String::as_str).collect();
    let run = attache(&arguments);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains(&format!("{requests} passed, 0 failed")), "{}", run.stdout);
    let requests_left_out: usize =
        left_out.iter().filter(|(why, _)| **why != NO_JSON).map(|(_, it)| it).sum();
    assert_eq!(requests + requests_left_out, all);
    assert_eq!(left_out.into_iter().collect::<Vec<_>>(), LEFT_OUT);
}

#[test]
fn what_envoy_refuses_check_refuses_in_the_same_words() {
    let mut checked = 0;
    for scenario in scenario::all().expect("scenarios") {
        for (configuration, texts) in PolicyTests::of(&scenario).expect("a scenario").refused {
            let run = attache_given(&["check", "-", "--format", "json"], &configuration);
            assert_eq!(run.status, 1, "{}: {configuration}", scenario.name);
            let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
            let found = report["findings"].as_array().expect("a list");
            let word =
                |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            let told: Vec<String> = found
                .iter()
                .map(|it| {
                    format!("{}: {}; {}", word(it, "path"), word(it, "problem"), word(it, "remedy"))
                })
                .collect();
            for text in texts {
                assert!(
                    told.iter().any(|told| told.contains(&text)),
                    "{}: {text}\n{told:#?}",
                    scenario.name
                );
            }
            checked += 1;
        }
    }
    assert!(checked >= 10, "the configurations were not found: {checked}");
}
