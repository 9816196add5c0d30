//! Fuzzes what reads bytes that strangers send.

mod statistics;

use crate::process::{command, on_path, output, run};
use crate::repository::{program, root};
use crate::toolchain::cargo;
use crate::tools::Tool;
use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use statistics::Statistics;
use std::fs::{self, File};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The compiler that instruments the targets.
const NIGHTLY: &str = "nightly-2026-10-30";

/// What is fuzzed, and for how long.
#[derive(Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Options {
    /// For how many seconds in all, building aside: each target gets its share.
    #[arg(required_unless_present = "build")]
    seconds: Option<NonZeroU64>,
    /// What is fuzzed; all of it where nothing is named.
    targets: Vec<Target>,
    /// Build the targets and fuzz nothing.
    #[arg(long, conflicts_with = "seconds")]
    build: bool,
}

/// What reads bytes of strangers: the targets in `fuzz/targets`.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    Configuration,
    Jwks,
    Token,
    Headers,
    Paths,
}

impl Target {
    const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Jwks => "jwks",
            Self::Token => "token",
            Self::Headers => "headers",
            Self::Paths => "paths",
        }
    }
}

/// Fuzzes what the options say, and prints executions, coverage and corpus of each target.
///
/// # Errors
/// A target does not build, or breaks; what breaks it is kept.
pub(crate) fn fuzz(options: &Options) -> Result<()> {
    let work = root().join("target/fuzz");
    fs::create_dir_all(&work).with_context(|| format!("could not create `{}`", work.display()))?;
    build(&work)?;
    let Some(seconds) = options.seconds else { return Ok(()) };
    copy_programs(&work)?;
    run(cargo("build", "attache-e2e").args(["--bin", "attache-fuzz-seeds"]))?;
    run(command(program("attache-fuzz-seeds")).arg(work.join("seeds")).stdout(std::io::stderr()))?;

    let all = Target::value_variants();
    let targets = if options.targets.is_empty() { all } else { &options.targets };
    let share = seconds.get().checked_div(u64::try_from(targets.len())?).unwrap_or_default().max(1);
    println!("{}", Statistics::HEAD);
    let mut broken = Vec::new();
    for &target in targets {
        if !fuzz_one(&work, target.name(), share)? {
            broken.push(target.name());
        }
    }
    for target in &broken {
        let log = fs::read(work.join(target).with_extension("log"))?;
        // The engine's own lines begin with a number.
        let said: Vec<_> = String::from_utf8_lossy(&log)
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(str::to_owned)
            .collect();
        eprintln!("{}", last(&said, 40));
    }
    ensure!(
        broken.is_empty(),
        "broken: {}\n  what broke them is in target/fuzz/artifacts; `target/fuzz/bin/TARGET FILE` runs it again",
        broken.join(" ")
    );
    Ok(())
}

/// Builds the targets with the pinned compiler, which rustup brings.
fn build(work: &Path) -> Result<()> {
    ensure!(
        on_path("rustup"),
        "rustup is not on the path\n  fuzzing needs a nightly compiler: install Rust from https://rustup.rs"
    );
    let installed = command("rustup").args(["run", NIGHTLY, "rustc", "--version"]).output();
    if !installed.is_ok_and(|told| told.status.success()) {
        eprintln!("installing Rust {NIGHTLY}");
        let mut rustup = command("rustup");
        rustup.args(["toolchain", "install", NIGHTLY, "--profile", "minimal", "--no-self-update"]);
        run(rustup.stdout(std::io::stderr())).with_context(|| {
            format!("rustup could not install {NIGHTLY}: check the network, then: rustup toolchain install {NIGHTLY}")
        })?;
    }
    eprintln!("building the targets");
    let log = work.join("build.log");
    let mut cargo = Tool::CargoFuzz.cargo()?;
    // All code but the host's in `testing/proxy-wasm-host` is safe Rust: what a sanitizer would
    // find is not there to be found, and without one the targets run several times as fast.
    cargo.args([
        "build",
        "--fuzz-dir",
        "fuzz",
        "--sanitizer",
        "none",
        "--release",
        "--debug-assertions",
    ]);
    cargo.arg("--target-dir").arg(work.join("build")).env("RUSTUP_TOOLCHAIN", NIGHTLY);
    if !quiet(&mut cargo, &log)? {
        let said: Vec<_> =
            String::from_utf8_lossy(&fs::read(&log)?).lines().map(str::to_owned).collect();
        bail!("the targets do not build:\n{}", last(&said, 40));
    }
    Ok(())
}

/// Puts the targets' programs where people run them.
fn copy_programs(work: &Path) -> Result<()> {
    let about = output(command("rustc").arg("-vV"))?;
    let host = about
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("rustc names no host")?;
    for folder in ["bin", "artifacts"] {
        fs::create_dir_all(work.join(folder))?;
    }
    for target in Target::value_variants() {
        let built = work.join("build").join(host).join("release").join(target.name());
        fs::copy(&built, work.join("bin").join(target.name()))
            .with_context(|| format!("could not copy `{}`", built.display()))?;
    }
    Ok(())
}

/// Fuzzes one target for some seconds and prints what came of it; returns whether nothing broke it.
fn fuzz_one(work: &Path, target: &str, seconds: u64) -> Result<bool> {
    let (corpus, seeds) = (work.join("corpus").join(target), work.join("seeds").join(target));
    for folder in [&corpus, &seeds] {
        fs::create_dir_all(folder)?;
    }
    let log: PathBuf = work.join(target).with_extension("log");
    let begin = Instant::now();
    let mut fuzzer = command(work.join("bin").join(target));
    fuzzer.arg(corpus).arg(seeds).arg(format!("-max_total_time={seconds}"));
    fuzzer.args(["-max_len=16384", "-timeout=20", "-rss_limit_mb=4096", "-print_final_stats=1"]);
    fuzzer.arg(format!("-artifact_prefix={}/artifacts/{target}-", work.display()));
    let passed = quiet(&mut fuzzer, &log)?;
    let statistics = Statistics::of(&String::from_utf8_lossy(&fs::read(&log)?));
    println!("{}", statistics.row(target, begin.elapsed().as_secs()));
    Ok(passed)
}

/// Runs a command whose output goes to a file; returns whether it succeeded.
fn quiet(command: &mut Command, log: &Path) -> Result<bool> {
    let file = File::create(log).with_context(|| format!("could not write `{}`", log.display()))?;
    let status = command.stdout(file.try_clone()?).stderr(file).status();
    let status = status
        .with_context(|| format!("could not run `{}`", command.get_program().to_string_lossy()))?;
    Ok(status.success())
}

/// Returns the last lines of some.
fn last(lines: &[String], count: usize) -> String {
    let begin = lines.len().saturating_sub(count);
    lines.get(begin..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_targets_are_those_of_the_folder() {
        let files = fs::read_dir(root().join("fuzz/targets")).unwrap();
        let mut found: Vec<String> = files
            .map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        let mut named: Vec<_> =
            Target::value_variants().iter().map(|target| target.name()).collect();
        found.sort();
        named.sort_unstable();
        assert_eq!(found, named);
    }

    #[test]
    fn the_last_lines_are_those_at_the_end() {
        let lines = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(last(&lines, 2), "b\nc");
        assert_eq!(last(&lines, 5), "a\nb\nc");
    }
}
