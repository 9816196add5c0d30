//! `attache check`.

use crate::counted::counted;
use crate::exit::Status;
use crate::finding::{DOUBTFUL, Finding, INVALID};
use crate::input::{Configuration, Input, InputOptions};
use crate::lint::{Subject, lint};
use crate::report::{Format, render};
use anstream::{AutoStream, ColorChoice};
use attache_config_reader::{Diagnostic, Severity};
use attache_engine::Engine;
use attache_plugin_config::Config;
use clap::Args;
use std::error::Error;
use std::io::{Write, stdout};

/// Says everything that is wrong with configurations, and what looks wrong: where, why, and what to do
///
/// Errors are what the filter refuses. Warnings are what it takes but is seldom meant; docs/tool.md explains each by its
/// name.
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
    let mut findings: Vec<Finding> =
        input.unreadable.iter().map(|(file, error)| Finding::syntax(file, error)).collect();
    for configuration in &input.configurations {
        findings.extend(check(configuration));
    }
    findings.sort_by_key(Finding::order);
    let is_styled = AutoStream::choice(&stdout()) != ColorChoice::Never;
    stdout().write_all(render(&findings, options.format, is_styled)?.as_bytes())?;
    let count = |severity| findings.iter().filter(|finding| finding.rule.severity == severity).count();
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

/// Returns everything that is to be said of a configuration.
fn check(configuration: &Configuration) -> Vec<Finding> {
    let form_errors = configuration.form_errors().iter();
    let mut findings: Vec<Finding> =
        form_errors.map(|error| Finding::in_document(&INVALID, configuration, error)).collect();
    let invalid = |error: &Diagnostic| Finding::new(&INVALID, configuration, error);
    let config = match configuration.parse() {
        Ok(config) => config,
        Err(errors) => {
            findings.extend(errors.iter().map(invalid));
            return findings;
        }
    };
    let (errors, warnings) = try_engines(configuration, &config);
    findings.extend(errors.iter().map(invalid));
    findings.extend(warnings.iter().map(|warning| Finding::new(&DOUBTFUL, configuration, warning)));
    findings.extend(lint(Subject { configuration, config: &config }));
    findings
}

/// Makes an engine for each workload that the configuration may be for. Returns errors, which do not depend on the
/// workload, and warnings, none twice.
fn try_engines(configuration: &Configuration, config: &Config) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let environment = configuration.environment();
    let mut warnings = config.warnings.clone();
    for workload in configuration.workloads(config) {
        let engine = match Engine::new(config, &workload, &environment) {
            Ok(engine) => engine,
            Err(errors) => return (errors.into_iter().collect(), warnings),
        };
        // Whether a workload exists that no policy is for, nobody here can tell.
        let applies = engine.coverage().applying > 0 || config.policies.is_empty();
        for warning in engine.warnings().iter().filter(|_| applies) {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
    }
    (Vec::new(), warnings)
}
