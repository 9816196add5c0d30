//! Running a file of tests.

use super::file::TestFile;
use super::prepared::{Answering, Case, Prepared};
use crate::explain::tell;
use crate::input::{Boundary, Configuration};
use attache_engine::Decision;
use attache_engine::policy::RuleIndex;
use attache_plugin_config::Selector;
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
    /// The rules that apply, and whether each has decided a request.
    pub(crate) rules: Vec<(String, bool)>,
}

impl Suite {
    /// Runs the tests of a file.
    ///
    /// # Errors
    /// The file or its configuration is wrong, or a test names a token that there is not.
    pub(crate) fn run(path: &Path, boundary: &Boundary, is_styled: bool) -> Result<Self, Box<dyn Error>> {
        let (configuration, prepared, answering) = read(path, boundary)?;
        if prepared.cases.is_empty() {
            let path = path.display();
            return Err(format!(
                "{path}: `steps` is empty, so nothing would be tested; write requests and what must become of each"
            )
            .into());
        }
        let mut decided = BTreeSet::new();
        let mut outcomes = Vec::new();
        for case in &prepared.cases {
            let decision = case.decide(&answering);
            if let Decision::Decided(outcome) = &decision {
                decided.extend(outcome.rule);
            }
            let mut differences = case.differences(&decision, &answering);
            if !differences.is_empty() {
                differences.extend(no_policy(&answering));
            }
            let story = if differences.is_empty() {
                String::new()
            } else {
                story(case, &answering, &configuration, &prepared, is_styled)
            };
            outcomes.push(Outcome { name: case.name.clone(), differences, story });
        }
        let rules = (0..).map_while(|number| {
            let names = answering.engine.rule(RuleIndex(number))?;
            Some((names.to_string(), decided.contains(&RuleIndex(number))))
        });
        let rules = rules.collect();
        Ok(Self { title: prepared.title, file: path.display().to_string(), rules, outcomes })
    }

    /// Returns how many tests failed.
    pub(crate) fn failed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| !outcome.differences.is_empty()).count()
    }
}

/// Returns what to do where no policy is for the workload that is asked, since that is seldom meant.
fn no_policy(answering: &Answering) -> Option<String> {
    if answering.engine.coverage().applying > 0 {
        return None;
    }
    let policy = answering.config.policies.first()?;
    let Selector { namespaces, labels, service_accounts } = &policy.selector;
    let namespaces = namespaces.iter().map(|name| format!("namespace {name}"));
    let labels = labels.iter().map(|(name, value)| format!("{name}={value}"));
    let accounts = service_accounts.iter().map(|name| format!("service account {name}"));
    let wanted: Vec<String> = namespaces.chain(labels).chain(accounts).collect();
    Some(format!(
        "no policy is for this workload: set `workload`; policy {} is for {}",
        policy.name,
        wanted.join(", ")
    ))
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
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let answering = prepared.answering(&config).map_err(|errors| configuration.has_errors(&errors))?;
    Ok((configuration, prepared, answering))
}
