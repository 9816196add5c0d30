//! The whole run of checks and tests, stage by stage.

mod checks;
mod left_out;
mod prepare;
mod stages;

use crate::process::{command, on_path};
use crate::toolchain::{WASM, need_components, need_target};
use anyhow::{Context, Result, ensure};
use clap::Args;
use left_out::LeftOut;
use prepare::Preparation;
use stages::{Stage, stages};
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;
use std::{env, io};

pub(crate) use prepare::{Part, prepare};

/// How it is run.
#[derive(Args)]
pub(crate) struct Options {
    /// Fail where something was left out that continuous integration must have. So does CI=true.
    #[arg(long)]
    strict: bool,
}

/// Runs every stage; ends at the first that fails. The last lines say how long each took, and what
/// was left out and why.
///
/// # Errors
/// What every stage needs is missing, or nothing can be written.
pub(crate) fn ci(options: &Options) -> Result<ExitCode> {
    ensure!(on_path("python3"), "python3 is not on the path\n  install Python 3.8 or newer");
    need_components(&["rustfmt", "clippy"])?;
    need_target(WASM)?;
    let strict = options.strict || env::var_os("CI").is_some_and(|value| value == "true");
    let mut run = Run::new(strict)?;
    run.preparation = Some(Preparation::start(&run.program, Part::Tests)?);
    run.all(&stages(), &mut io::stdout())
}

/// A run: what its stages share, and what came of those that are over.
struct Run {
    /// Whether only some things may be left out.
    strict: bool,
    /// What was left out so far.
    left_out: LeftOut,
    /// What every program that a stage runs finds in its environment.
    environment: Vec<(&'static str, OsString)>,
    /// The path of this program, taken before anything is built: a stage that builds this program
    /// anew puts another file in its place, and from then on the system names the running one
    /// `… (deleted)`.
    program: PathBuf,
    /// What is fetched and built meanwhile.
    preparation: Option<Preparation>,
    /// Title and seconds of each stage that passed.
    passed: Vec<(&'static str, u64)>,
}

impl Run {
    fn new(strict: bool) -> Result<Self> {
        let left_out = LeftOut::new()?;
        let environment = vec![
            (left_out::VARIABLE, left_out.file().into()),
            ("ATTACHE_WHOLE_WORKSPACE", "yes".into()),
            // A failed check says in words what it saw; the stack it was made on only pushes that
            // out of sight. Panics keep theirs.
            ("RUST_LIB_BACKTRACE", "0".into()),
        ];
        let program = env::current_exe().context("where is this program?")?;
        Ok(Self { strict, left_out, environment, program, preparation: None, passed: Vec::new() })
    }

    /// Returns a command that runs at the root of the repository, with the environment of this run.
    fn command(&self, program: &str) -> Command {
        let mut command = command(program);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Notes that something is not run, and says so.
    fn leave_out(&self, name: &str, reason: &str) -> Result<()> {
        eprintln!("SKIPPED: {name}: {reason}");
        self.left_out.note(name, reason)
    }

    fn all(&mut self, stages: &[Stage], out: &mut impl Write) -> Result<ExitCode> {
        let begin = Instant::now();
        for stage in stages {
            if !self.stage(stage, out)? {
                self.summary(out)?;
                writeln!(out, "FAILED: {} ({})", stage.title, stage.action)?;
                writeln!(out, "{} passed, 1 failed", self.passed.len())?;
                return Ok(ExitCode::FAILURE);
            }
        }
        self.summary(out)?;
        writeln!(out, "PASSED in {} s", begin.elapsed().as_secs())?;
        writeln!(out, "{} passed, 0 failed", self.passed.len())?;
        Ok(ExitCode::SUCCESS)
    }

    /// Runs one stage; returns whether it passed. What it says of a failure goes to the standard
    /// error.
    fn stage(&mut self, stage: &Stage, out: &mut impl Write) -> Result<bool> {
        let begin = Instant::now();
        writeln!(out, "== {}", stage.title)?;
        if let Err(error) = stage.action.run(self) {
            eprintln!("error: {error:#}");
            return Ok(false);
        }
        let seconds = begin.elapsed().as_secs();
        writeln!(out, "== {}: {seconds} s", stage.title)?;
        self.passed.push((stage.title, seconds));
        Ok(true)
    }

    fn summary(&self, out: &mut impl Write) -> Result<()> {
        writeln!(out, "\nStages:")?;
        for (title, seconds) in &self.passed {
            writeln!(out, "{seconds:5} s  {title}")?;
        }
        let left_out = self.left_out.entries().context("what was left out can't be told")?;
        if left_out.is_empty() {
            writeln!(out, "Not run: nothing was left out.")?;
        } else {
            writeln!(out, "Not run:")?;
            for entry in left_out {
                writeln!(out, "  {}: {}", entry.name, entry.reason)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
