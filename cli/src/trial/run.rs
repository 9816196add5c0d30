//! Running a file of tests.

use super::file::TestFile;
use super::prepared::{Answering, Case, Prepared, rule_names};
use crate::explain::{no_policy, tell};
use crate::in_force::resource_notes;
use crate::input::{Boundary, Configuration};
use crate::shown::told_path;
use attache_engine::Decision;
use attache_engine::policy::RuleIndex;
use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;

/// One test and how it ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What it shows.
    pub(crate) name: String,
    /// What is other than it must be; nothing: it passed.
    pub(crate) differences: Vec<String>,
    /// Why the request was decided as it was, for a test that failed.
    pub(crate) story: String,
}

/// A file's tests, run.
#[derive(Debug)]
pub(crate) struct Suite {
    /// The file's title.
    pub(crate) title: String,
    /// The file.
    pub(crate) file: String,
    pub(crate) outcomes: Vec<Outcome>,
    /// The rules of the configuration, and whether each has decided a request.
    pub(crate) rules: Vec<(String, bool)>,
    /// Why the configuration may not be in force.
    pub(crate) notes: Vec<String>,
    /// Some of them are for the workload that is asked.
    pub(crate) applies: bool,
}

impl Suite {
    /// Runs the tests of a file.
    ///
    /// # Errors
    /// The file or its configuration is wrong, or a test names a token that there is not.
    pub(crate) fn run(
        path: &Path,
        boundary: &Boundary,
        is_styled: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let (configuration, prepared, answering) = read(path, boundary)?;
        if prepared.cases.is_empty() {
            let path = told_path(path);
            return Err(format!(
                "{path}: `steps` is empty, so nothing would be tested; write requests and what must become of each"
            )
            .into());
        }
        let mut decided: BTreeSet<String> = BTreeSet::new();
        let mut outcomes = Vec::new();
        for case in &prepared.cases {
            let decision = case.decide(&answering);
            if let Decision::Decided(outcome) = &decision {
                let rule = outcome.rule.and_then(|index| answering.engine.rule(index));
                decided.extend(rule.map(|rule| rule.to_string()));
            }
            let mut differences = case.differences(&decision, &answering);
            if !differences.is_empty() {
                differences.extend(no_policy(&answering.engine, &answering.config, "`workload`"));
            }
            let story = if differences.is_empty() {
                String::new()
            } else {
                story(case, &answering, &configuration, &prepared, is_styled)
            };
            outcomes.push(Outcome { name: case.name.clone(), differences, story });
        }
        let applies = answering.engine.rule(RuleIndex(0)).is_some();
        // What is for other workloads decides nothing here: another file of tests may be for them.
        let rules = rule_names(&answering.config).into_iter().map(|name| {
            let has_decided = decided.contains(&name);
            (name, has_decided)
        });
        let rules = rules.collect();
        Ok(Self {
            title: prepared.title,
            file: path.display().to_string(),
            rules,
            outcomes,
            notes: resource_notes(&configuration),
            applies,
        })
    }

    /// Returns how many tests failed.
    pub(crate) fn failed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| !outcome.differences.is_empty()).count()
    }
}

fn story(
    case: &Case,
    answering: &Answering,
    configuration: &Configuration,
    prepared: &Prepared,
    is_styled: bool,
) -> String {
    let explanation = case.explain(answering, &prepared.workload);
    let Prepared { workload, .. } = prepared;
    tell(&explanation, &answering.engine, configuration, workload, &case.host.client, is_styled)
}

/// Reads a file of tests, and what answers them.
///
/// # Errors
/// The file or its configuration is wrong, or a test names a token that there is not.
pub(crate) fn read(
    path: &Path,
    boundary: &Boundary,
) -> Result<(Configuration, Prepared, Answering), Box<dyn Error>> {
    let TestFile { document, configuration } = TestFile::read(path, boundary)?;
    let config = configuration.parse().map_err(|errors| configuration.has_errors(&errors))?;
    let prepared = Prepared::new(&document, &configuration, &config)
        .map_err(|error| format!("{}: {error}", told_path(path)))?;
    let answering =
        prepared.answering(&config).map_err(|errors| configuration.has_errors(&errors))?;
    Ok((configuration, prepared, answering))
}
