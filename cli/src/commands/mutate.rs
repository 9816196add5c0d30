//! `attache mutate`.

use crate::exit::Status;
use crate::explain::TextOrJson;
use crate::input::{Boundary, BoundaryOptions};
use crate::mutate::{Limits, Score, Subjects, json, run as run_mutants, text};
use crate::shown::{escaped, json_text, told_path};
use crate::trial::{find, read};
use clap::Args;
use std::error::Error;
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Says which mistakes in a configuration no test would notice: weakens each of its clauses, one at
/// a time, and runs the tests
///
/// It takes what `attache test` takes. Each mutant has one clause changed: a role dropped, a path
/// widened, an action turned round. One that the filter refuses is left out. One that no request
/// can tell from the configuration is not noticed either.
#[derive(Args)]
pub(crate) struct Options {
    /// Files of tests, and folders of them
    #[arg(required = true, value_name = "DIR")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    boundary: BoundaryOptions,
    /// Fail where fewer mutants, in percent, are noticed
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=100))]
    min: Option<u8>,
    /// Begin no further mutant after so many seconds; what ran by then is a sample of the whole
    /// document
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    timeout: u64,
    /// How it is told: as text, a line for each mutant that no test notices
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    let mut subjects = Subjects::new();
    let boundary = options.boundary.around(&options.paths)?;
    let found = find(&options.paths, &boundary)?;
    found.skipped.tell();
    for path in &found.files {
        add(&mut subjects, path, &boundary)?;
    }
    let limits =
        Limits { deadline: Instant::now().checked_add(Duration::from_secs(options.timeout)) };
    let mut score = Score::default();
    for (configuration, tests) in subjects.values() {
        run_mutants(configuration, tests, limits, &mut score);
    }
    let told = match options.format {
        TextOrJson::Text => text(&score),
        TextOrJson::Json => json_text(&json(&score)),
    };
    stdout().write_all(told.as_bytes())?;
    // What was not run may be noticed or not: no gate may depend on how fast a machine is.
    let percent = score.percent();
    let is_short =
        options.min.is_some_and(|min| percent < Some(usize::from(min)) || score.not_run > 0);
    // Where none was run, nothing is known of the tests.
    Ok(if is_short || percent.is_none() { Status::Found } else { Status::Fine })
}

/// Adds a file of tests to those of its configuration.
fn add(subjects: &mut Subjects, path: &Path, boundary: &Boundary) -> Result<(), Box<dyn Error>> {
    let (configuration, tests, answering) = read(path, boundary)?;
    if let Some(failing) = tests.first_failure(&answering) {
        return Err(format!(
            "{}: `{}` fails as it is; see `attache test`, and mend it first",
            told_path(path),
            escaped(&failing.name)
        )
        .into());
    }
    let file = PathBuf::from(&configuration.file.name);
    let file = file.canonicalize().unwrap_or(file);
    let key = (file, configuration.document, configuration.path.to_string());
    subjects.entry(key).or_insert_with(|| (configuration, Vec::new())).1.push(tests);
    Ok(())
}
