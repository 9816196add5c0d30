//! Builds what ships, and what tests need in its place.

use crate::image::Kind;
use crate::order;
use crate::process::{command, run};
use crate::repository::{from_here, root, target};
use crate::toolchain::{WASM, cargo_static, need_target, static_target, without_paths};
use anyhow::{Context, Result};
use clap::Args;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The variable by which `cli/build.rs` learns of an engine.
const PLAYGROUND_ENGINE: &str = "ATTACHE_PLAYGROUND_ENGINE";

/// What is built: the filter, where nothing else is named.
#[derive(Args, Default)]
pub(crate) struct Options {
    /// Build the issuer: dist/attache-issuer, a static program. ATTACHE_ISSUER_PROFILE names
    /// another Cargo profile than `native`.
    #[arg(long, group = "part")]
    issuer: bool,
    /// Build target/test-build.wasm, which traps when a request demands it; never to be shipped.
    #[arg(long, group = "part")]
    test_build: bool,
    /// Build dist/attache-sample, a static program: the service and the caller of tests on a
    /// cluster.
    #[arg(long, group = "part")]
    sample: bool,
    /// Build target/playground.wasm: the engine of the page that `attache playground` writes.
    #[arg(long, group = "part")]
    playground: bool,
    /// Build dist/attache, a static program: the tool, with the engine of its page in it.
    #[arg(long, group = "part")]
    tool: bool,
    /// Build dist/plugin-other-hosts.wasm: the filter for hosts other than Envoy, which lack its
    /// `verify_signature`. It verifies all signatures itself, and is a tenth bigger.
    #[arg(long, group = "part")]
    other_hosts: bool,
    /// Build target/bench-floor.wasm: the least that a filter can cost, which `scripts/bench`
    /// measures beside it.
    #[arg(long, group = "part")]
    floor: bool,
    /// Write it to this file instead.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Builds what the options name.
///
/// # Errors
/// A target of the toolchain is missing, or the build fails.
pub(crate) fn build(options: &Options) -> Result<()> {
    let output = options.output.as_deref().map(from_here).transpose()?;
    let output_or = |place: &str| output.clone().unwrap_or_else(|| root().join(place));
    if options.issuer {
        let profile = env::var("ATTACHE_ISSUER_PROFILE").unwrap_or_else(|_| "native".to_owned());
        static_program(
            "attache-issuer",
            "attache-issuer",
            &profile,
            &output_or("dist/attache-issuer"),
        )
    } else if options.sample {
        static_program("attache-e2e", "attache-sample", "dev", &output_or("dist/attache-sample"))
    } else if options.playground {
        playground(&output.clone().unwrap_or_else(|| target().join("playground.wasm")))
    } else if options.tool {
        tool(&output_or("dist/attache"))
    } else if options.other_hosts {
        let features = ["--features", "software-signatures"];
        module("attache-filter", &features, &output_or("dist/plugin-other-hosts.wasm"), false)
    } else if options.floor {
        module("attache-bench-floor", &[], &output_or("target/bench-floor.wasm"), false)
    } else if options.test_build {
        module(
            "attache-filter",
            &["--features", "test-trap"],
            &output_or("target/test-build.wasm"),
            true,
        )
    } else {
        module("attache-filter", &[], &output_or("dist/plugin.wasm"), false)
    }
}

/// Builds what ships, and returns its path.
///
/// # Errors
/// As [`build`].
pub(crate) fn artefact(kind: Kind) -> Result<PathBuf> {
    let options =
        Options { issuer: kind == Kind::Issuer, tool: kind == Kind::Tool, ..Options::default() };
    build(&options)?;
    Ok(kind.artefact())
}

fn module(package: &str, features: &[&str], finished: &Path, for_tests: bool) -> Result<()> {
    need_target(WASM)?;
    // Cargo links with LTO only where nothing but the module is asked for; the filter is a library
    // too, for its tests.
    let mut cargo = command("cargo");
    cargo.args(["rustc", "--quiet", "--release", "--target", WASM, "--package", package]);
    without_paths(&mut cargo, WASM);
    run(cargo.args(["--crate-type", "cdylib"]).args(features))?;
    let linked =
        target().join(WASM).join("release").join(package.replace('-', "_")).with_extension("wasm");
    order::finish(&linked, finished, for_tests)
}

/// Builds the engine of the tool's page. It is no filter, so that nothing is taken from it or put
/// in another order.
fn playground(output: &Path) -> Result<()> {
    need_target(WASM)?;
    let mut cargo = command("cargo");
    cargo.args([
        "build",
        "--quiet",
        "--release",
        "--target",
        WASM,
        "--package",
        "attache-playground",
    ]);
    without_paths(&mut cargo, WASM);
    run(cargo.env_remove(PLAYGROUND_ENGINE))?;
    let built = target().join(WASM).join("release/attache-playground.wasm");
    replace(&built, output).with_context(|| format!("could not write `{}`", output.display()))
}

fn tool(output: &Path) -> Result<()> {
    let engine = target().join("playground.wasm");
    playground(&engine)?;
    let target_name = static_target();
    need_target(&target_name)?;
    let mut cargo = cargo_static(&target_name);
    cargo.args(["--profile", "native", "--package", "attache-cli", "--bin", "attache"]);
    run(cargo.env(PLAYGROUND_ENGINE, &engine))?;
    let built = target().join(&target_name).join("native/attache");
    replace(&built, output).with_context(|| format!("could not write `{}`", output.display()))
}

fn static_program(package: &str, name: &str, profile: &str, output: &Path) -> Result<()> {
    let target_name = static_target();
    need_target(&target_name)?;
    run(cargo_static(&target_name).args([
        "--profile",
        profile,
        "--package",
        package,
        "--bin",
        name,
    ]))?;
    let folder = if profile == "dev" { "debug" } else { profile };
    let built = target().join(&target_name).join(folder).join(name);
    replace(&built, output).with_context(|| format!("could not write `{}`", output.display()))
}

/// Copies a program to where one may be that runs, which can't be written to.
fn replace(program: &Path, output: &Path) -> std::io::Result<()> {
    if let Some(folder) = output.parent() {
        fs::create_dir_all(folder)?;
    }
    if output.exists() {
        fs::remove_file(output)?;
    }
    fs::copy(program, output).map(drop)
}
