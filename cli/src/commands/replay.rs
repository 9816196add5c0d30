//! `attache replay`.

use crate::counted::counted;
use crate::exit::Status;
use crate::explain::{TextOrJson, WorkloadOptions, workload};
use crate::in_force::notes;
use crate::input::{Configuration, InputOptions, is_standard_input};
use crate::logged::{Judge, Taking};
use crate::replay::{Replay, SameRules, document, tell};
use crate::shown::{escaped, json_text};
use attache_engine::policy::View;
use attache_plugin_config::{ClaimPath, Config};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufReader, Write, stdin, stdout};
use std::path::{Path, PathBuf};

/// Plays the requests of logs to another configuration: who would be refused, or allowed, that was
/// not, how often, and by which rule
///
/// Reads audit lines (`audit: {log: ALL}`) and Envoy's access log as Istio has it written, as text
/// or JSON, a line at a time. What a line does not hold is not guessed: a verdict that depends on
/// it is told as one that can't be told, with what it needs. Ends with status 1 where a request
/// fares otherwise than it did.
#[derive(Args)]
pub(crate) struct Options {
    /// Logs as `kubectl logs` prints them, and `-` for the standard input
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// The configuration that is to judge
    #[arg(long, value_name = "FILE")]
    against: PathBuf,
    /// The configuration that the log was written under: says which claims a line would have, and
    /// whether the issuers are the same
    #[arg(long, value_name = "FILE")]
    was: Option<PathBuf>,
    /// The port that the requests came in on, where the log does not tell
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    #[command(flatten)]
    workload: WorkloadOptions,
    /// Count what is in SHADOW, too
    #[arg(long)]
    with_shadow: bool,
    /// End with status 1 where a verdict can't be told, too
    #[arg(long)]
    deny_unknown: bool,
    /// How it is told
    #[arg(long, value_enum, default_value = "text")]
    format: TextOrJson,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    options.reads_once()?;
    let (configuration, config) = read(&options.against)?;
    let was = options.was.as_deref().map(read).transpose()?;
    let workload = workload(options.workload.query()?, &configuration, &config);
    if let Some(note) = configuration.why_not_for(&workload) {
        anstream::eprintln!("note: {}", escaped(&note));
    }
    let view = if options.with_shadow { View::WithShadow } else { View::Enforced };
    let mut judge = Judge::new(&configuration, &config, workload, view, Taking::EveryToken)?;
    let is_same = was
        .as_ref()
        .is_some_and(|(was, _)| was.node.get("issuers") == configuration.node.get("issuers"));
    judge.are_issuers_others = was.is_some() && !is_same;
    let same_rules = was
        .as_ref()
        .and_then(|(was, was_config)| SameRules::of(&judge, (was, was_config), &configuration));
    let has_same_rules = same_rules.is_some();
    let claims: Option<Vec<ClaimPath>> = was.map(|(_, was)| was.audit.claims);
    let mut replay = Replay::new(&judge, options.port, claims, same_rules);
    read_logs(&options.logs, &mut replay)?;
    let tally = replay.tally;
    if tally.requests == 0 {
        return Err(no_requests(
            tally.lines,
            &tally.unreadable.keys().cloned().collect::<Vec<_>>(),
        )
        .into());
    }
    let mut assumed = assumed(options.was.is_some(), is_same);
    if has_same_rules {
        assumed.push(
            "rules that stand in both configurations fare as a line's verdict says".to_owned(),
        );
    }
    let notes = notes(&configuration, &config);
    assumed.extend(notes.iter().map(|note| format!("it is in force, though {note}")));
    let text = match options.format {
        TextOrJson::Text => tell(&tally, &assumed),
        TextOrJson::Json => json_text(&document(&tally, &configuration.to_string(), &assumed)),
    };
    stdout().write_all(text.as_bytes())?;
    anstream::eprintln!("{} in {}", many(tally.requests, "request"), many(tally.lines, "line"));
    let is_changed = tally.is_changed() || (options.deny_unknown && tally.is_unsure());
    Ok(if is_changed { Status::Found } else { Status::Fine })
}

impl Options {
    /// Checks that one thing at most comes from the standard input.
    fn reads_once(&self) -> Result<(), String> {
        let files = self.logs.iter().chain([&self.against]).chain(&self.was);
        if files.filter(|file| is_standard_input(file)).count() > 1 {
            return Err("only one of the logs, --against and --was can come from the standard input; save the others as \
                        files"
                .to_owned());
        }
        Ok(())
    }
}

fn many(count: u64, noun: &str) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), noun)
}

/// Reads the one configuration of a file.
fn read(path: &Path) -> Result<(Configuration, Config), Box<dyn Error>> {
    let input = InputOptions::of_file(path).read()?;
    let configuration = input.only()?;
    let config = configuration.usable()?;
    Ok((configuration, config))
}

fn read_logs(logs: &[PathBuf], replay: &mut Replay<'_>) -> Result<(), Box<dyn Error>> {
    let sizes = logs
        .iter()
        .map(|log| fs::metadata(log).ok().filter(fs::Metadata::is_file).map(|file| file.len()));
    let progress = progress(sizes.sum());
    for log in logs {
        let name =
            if is_standard_input(log) { "<stdin>".to_owned() } else { log.display().to_string() };
        let unreadable = |error: io::Error| format!("can't read `{}`: {error}", escaped(&name));
        let read = if is_standard_input(log) {
            replay.run(&name, stdin().lock(), &progress)
        } else {
            let file = File::open(log).map_err(unreadable)?;
            replay.run(&name, BufReader::with_capacity(1 << 16, file), &progress)
        };
        read.map_err(unreadable)?;
    }
    Ok(())
}

/// Returns what tells, on a terminal, how far it has come; `None` where nobody knows how much there
/// is.
fn progress(bytes: Option<u64>) -> ProgressBar {
    let (bar, template) = match bytes {
        Some(bytes) => (ProgressBar::new(bytes), "{percent} % read, {eta} to go {wide_bar}"),
        None => (ProgressBar::no_length(), "{bytes} read"),
    };
    bar.set_style(
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}

/// Returns what was taken for granted, and is not in the log.
fn assumed(was_given: bool, is_same: bool) -> Vec<String> {
    let methods = "no request asked for another method by a header (a line has no headers)";
    let mut assumed = vec![methods.to_owned()];
    if !was_given {
        assumed.push(
            "tokens are good or bad as they were; --was OLD looks whether the issuers are the same"
                .to_owned(),
        );
    } else if is_same {
        assumed
            .push("tokens are good or bad as they were, since the issuers are the same".to_owned());
    }
    assumed
}

fn no_requests(lines: u64, unreadable: &[String]) -> String {
    let why = if unreadable.is_empty() {
        String::new()
    } else {
        format!(" (not read: {})", unreadable.join("; "))
    };
    format!(
        "no request in {}{why}; a log needs audit lines of the filter (`audit: {{log: ALL}}`, docs/audit.md) or Istio's access \
         log in its default format or JSON",
        many(lines, "line")
    )
}
