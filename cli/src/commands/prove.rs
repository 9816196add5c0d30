//! `attache prove`.

use crate::exit::Status;
use crate::explain::TextOrJson;
use crate::finding::{DOUBTFUL, Finding, INVALID, Rule};
use crate::in_force::notes;
use crate::input::{Boundary, BoundaryOptions, InputOptions, SourceFile};
use crate::proof::{ProofFile, ProofFileError, find, json, prove, text};
use crate::report;
use crate::shown::{json_text, told_path};
use anstream::{AutoStream, ColorChoice};
use attache_config_reader::Diagnostic;
use attache_engine::policy::View;
use attache_plugin_config::DryRun;
use clap::Args;
use std::error::Error;
use std::io::{Write as _, stderr, stdout};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Says whether assertions hold of all requests, and shows a request for each that does not
///
/// A file has `assertions`, and a `configuration` or the path of one: docs/tool.md shows how they
/// are written, `attache schema assertions` prints the form. Ends with status 1 where one does not
/// hold, can't be proven or is of no request.
#[derive(Args)]
pub(crate) struct Options {
    /// Files of assertions, and folders of them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    boundary: BoundaryOptions,
    /// The configuration that they are held against, in place of the one that they name
    #[arg(long, value_name = "FILE")]
    configuration: Option<PathBuf>,
    /// Count what is in SHADOW, too
    #[arg(long)]
    with_shadow: bool,
    /// How it is told
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    let is_styled = AutoStream::choice(&stdout()) != ColorChoice::Never;
    let view = if options.with_shadow { View::WithShadow } else { View::Enforced };
    let (mut told, mut values, mut holds) = (String::new(), Vec::new(), true);
    let boundary = options.boundary.around(&options.files)?;
    let found = find(&options.files, &boundary)?;
    found.skipped.tell();
    // Where another configuration is named, the one that a file names is not looked at.
    let boundary = if options.configuration.is_some() { None } else { Some(&boundary) };
    for path in &found.files {
        let Some(mut file) = read(path, boundary)? else { return Ok(Status::Unusable) };
        let configuration = match &options.configuration {
            Some(path) => InputOptions::of_file(path).read()?.only()?,
            None => file.configuration.take().ok_or_else(|| {
                format!(
                    "{}: `configuration` is missing; name one there or by --configuration",
                    told_path(path)
                )
            })?,
        };
        let config = configuration.usable()?;
        let proved = prove(&file.assertions, &configuration, &config, file.workload.as_ref(), view)
            .map_err(|error| format!("{}: {error}", told_path(path)))?;
        holds &= proved.iter().all(|it| it.holds());
        match options.format {
            TextOrJson::Text => {
                told.push_str(&text(&proved, &configuration, &config, is_styled));
                for note in notes(&configuration, &config) {
                    told.push_str(&format!("{note}\n"));
                }
            }
            TextOrJson::Json => values.push(serde_json::json!({
                "file": path.display().to_string(),
                "dryRun": config.dry_run != DryRun::Nowhere,
                "notInForce": notes(&configuration, &config),
                "assertions": json(&proved, &configuration, &config),
            })),
        }
    }
    if matches!(options.format, TextOrJson::Json) {
        told = json_text(&values.into());
    }
    stdout().write_all(told.as_bytes())?;
    Ok(if holds { Status::Fine } else { Status::Found })
}

/// Reads a file of assertions; `None` where it has errors, which were told.
fn read(path: &Path, boundary: Option<&Boundary>) -> Result<Option<ProofFile>, Box<dyn Error>> {
    match ProofFile::read(path, boundary) {
        Ok(file) => {
            let (source, warnings) = &file.warnings;
            tell(&DOUBTFUL, source, warnings)?;
            Ok(Some(file))
        }
        Err(ProofFileError::Invalid(file, errors)) => {
            tell(&INVALID, &file, &errors)?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Tells what is wrong with a file, where it stands.
fn tell(
    rule: &'static Rule,
    file: &Rc<SourceFile>,
    wrong: &[Diagnostic],
) -> Result<(), Box<dyn Error>> {
    let document = file.documents.first();
    let finding = |error: &Diagnostic| {
        let location = document.map(|document| document.locate(&error.path));
        Finding::of_text(rule, file, location, error)
    };
    let findings: Vec<Finding> = wrong.iter().map(finding).collect();
    let is_styled = AutoStream::choice(&stderr()) != ColorChoice::Never;
    stderr().write_all(report::render(&findings, report::Format::Text, is_styled)?.as_bytes())?;
    Ok(())
}
