//! `attache test`.

use crate::counted::counted;
use crate::exit::Status;
use crate::input::BoundaryOptions;
use crate::shown::{escaped, told_path};
use crate::trial::{Suite, find, junit};
use anstream::{AutoStream, ColorChoice};
use clap::Args;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{Write as _, stdout};
use std::path::PathBuf;

/// Runs tests of policies: requests, and what must become of each
///
/// A file of tests has a `configuration` or the path of one, `tokens` as claims, and `steps`;
/// docs/tool.md shows one.
#[derive(Args)]
pub(crate) struct Options {
    /// Files of tests, and folders of them
    #[arg(required = true, value_name = "DIR")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    boundary: BoundaryOptions,
    /// Write what ran into this file, in JUnit's form
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Fail where fewer rules, in percent, have decided a request
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=100))]
    min: Option<u8>,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    let is_styled = AutoStream::choice(&stdout()) != ColorChoice::Never;
    let mut suites = Vec::new();
    let boundary = options.boundary.around(&options.paths)?;
    let found = find(&options.paths, &boundary)?;
    found.skipped.tell();
    for path in &found.files {
        suites.push(Suite::run(path, &boundary, is_styled)?);
    }
    let notes: BTreeSet<&String> = suites.iter().flat_map(|suite| &suite.notes).collect();
    for note in notes {
        anstream::eprintln!("note: {note}");
    }
    let mut text = String::new();
    suites.iter().for_each(|suite| failures(suite, &mut text));
    let (decided, rules) = coverage(&suites, &mut text);
    let (ran, failed) = suites.iter().fold((0_usize, 0_usize), |(ran, failed), suite| {
        (ran.saturating_add(suite.outcomes.len()), failed.saturating_add(suite.failed()))
    });
    let passed = ran.saturating_sub(failed);
    _ = writeln!(
        text,
        "{passed} passed, {failed} failed; {decided} of {} decided a request",
        counted(rules, "rule")
    );
    if !suites.iter().any(|suite| suite.applies) {
        text.push_str("no rule is for the workload that is asked: see what `workload` says\n");
    }
    stdout().write_all(text.as_bytes())?;
    if let Some(file) = &options.junit {
        fs::write(file, junit(&suites))
            .map_err(|error| format!("can't write `{}`: {error}", told_path(file)))?;
    }
    let is_short = options.min.is_some_and(|min| is_below(decided, rules, min));
    Ok(if failed > 0 || is_short { Status::Found } else { Status::Fine })
}

/// Returns whether fewer rules have decided a request than `min` percent. Where no rule could, that
/// is too few for every minimum but 0.
fn is_below(decided: usize, rules: usize, min: u8) -> bool {
    if rules == 0 {
        return min > 0;
    }
    decided.saturating_mul(100) < rules.saturating_mul(usize::from(min))
}

fn failures(suite: &Suite, text: &mut String) {
    for outcome in suite.outcomes.iter().filter(|outcome| !outcome.differences.is_empty()) {
        _ = writeln!(text, "FAILED {}: {}", escaped(&suite.file), escaped(&outcome.name));
        for difference in &outcome.differences {
            _ = writeln!(text, "  {}", escaped(difference));
        }
        for line in outcome.story.lines() {
            _ = writeln!(text, "  | {line}");
        }
        text.push('\n');
    }
}

/// Names the rules that decided nothing, and returns how many decided something, of how many. Files
/// that share rules by name share their coverage.
fn coverage(suites: &[Suite], text: &mut String) -> (usize, usize) {
    let mut rules: BTreeMap<&str, bool> = BTreeMap::new();
    for (rule, decided) in suites.iter().flat_map(|suite| &suite.rules) {
        *rules.entry(rule).or_default() |= decided;
    }
    for (rule, _) in rules.iter().filter(|(_, decided)| !**decided) {
        _ = writeln!(text, "no test is decided by rule {rule}");
    }
    (rules.values().filter(|decided| **decided).count(), rules.len())
}
