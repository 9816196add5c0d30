//! `docs/security.md` names tests: each of them exists.

use anyhow::{Result, ensure};
use attache_e2e::repository;
use std::collections::BTreeSet;
use std::path::Path;

const FOLDERS: [&str; 7] =
    ["config-reader", "plugin-config", "engine", "filter", "xtask", "e2e", "tyk"];

#[test]
fn every_test_that_the_document_names_exists() -> Result<()> {
    let text = std::fs::read_to_string(repository().join("docs/security.md"))?;
    let start = text.find("## What it has been attacked with").unwrap_or(text.len());
    let end = text.find("## Fuzzing").unwrap_or(text.len());
    let rows = text
        .get(start..end)
        .unwrap_or_default()
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("| tests |"));
    let mut known = BTreeSet::new();
    for folder in FOLDERS {
        add_tests(&repository().join(folder), &mut known)?;
    }
    let mut named = 0;
    let mut missing = Vec::new();
    for row in rows {
        let tests: Vec<&str> = row
            .trim_end_matches('|')
            .rsplit('|')
            .next()
            .unwrap_or_default()
            .split('`')
            .skip(1)
            .step_by(2)
            .collect();
        ensure!(!tests.is_empty(), "no test covers: {row}");
        for test in tests {
            named += 1;
            let exists = match test.ends_with(".yaml") {
                true => repository().join("e2e/scenarios").join(test).is_file(),
                false => known.contains(test),
            };
            if !exists {
                missing.push(test);
            }
        }
    }
    ensure!(missing.is_empty(), "there are no tests of these names: {missing:#?}");
    ensure!(named > 60, "only {named} tests are named");
    Ok(())
}

/// The names of all functions that follow a `#[test]`, or stand in `proptest!`.
fn add_tests(folder: &Path, known: &mut BTreeSet<String>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if !path.ends_with("target") {
                add_tests(&path, known)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let mut is_test = false;
            for line in std::fs::read_to_string(&path)?.lines().map(str::trim) {
                if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                    is_test = true;
                } else if let Some((name, _)) = line
                    .strip_prefix("async fn ")
                    .or_else(|| line.strip_prefix("fn "))
                    .and_then(|rest| rest.split_once('('))
                {
                    if is_test {
                        known.insert(name.to_owned());
                    }
                    is_test = false;
                }
            }
        }
    }
    Ok(())
}
