//! `attache check`.

use crate::counted::counted;
use crate::examine::{examine, repeated, unread};
use crate::exit::Status;
use crate::finding::Finding;
use crate::input::{Input, InputOptions};
use crate::report::{Format, render};
use anstream::{AutoStream, ColorChoice};
use attache_config_reader::Severity;
use clap::Args;
use std::collections::BTreeSet;
use std::error::Error;
use std::io::{Write, stdout};

/// Says everything that is wrong with configurations, and what looks wrong: where, why, and what to
/// do
///
/// Errors are what the filter refuses. Warnings are what it takes but is seldom meant; docs/tool.md
/// explains each by its name.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    input: InputOptions,
    /// How findings are written
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// End with status 1 where there are warnings, too
    #[arg(long)]
    deny_warnings: bool,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    let input = options.input.read()?;
    let mut findings = unread(&input);
    findings.extend(repeated(&input));
    for configuration in &input.configurations {
        findings.extend(examine(configuration));
    }
    findings.sort_by_key(Finding::order);
    let mut told = BTreeSet::new();
    findings.retain(|finding| told.insert(finding.said()));
    let is_styled = AutoStream::choice(&stdout()) != ColorChoice::Never;
    stdout().write_all(render(&findings, options.format, is_styled)?.as_bytes())?;
    let count =
        |severity| findings.iter().filter(|finding| finding.rule.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    summarize(&input, errors, warnings);
    let is_found = errors > 0 || (options.deny_warnings && warnings > 0);
    Ok(if is_found { Status::Found } else { Status::Fine })
}

/// Tells people, and no program that reads the findings, how much was looked at.
fn summarize(input: &Input, errors: usize, warnings: usize) {
    let configurations = counted(input.configurations.len(), "configuration");
    let files = counted(input.files, "file");
    let (errors, warnings) = (counted(errors, "error"), counted(warnings, "warning"));
    anstream::eprintln!("{configurations} in {files}{}: {errors}, {warnings}", input.skipped);
}
