//! `cargo xtask`: what the repository does for itself. The scripts people type hand over to it.

mod build;
mod ci;
mod fuzz;
mod generate;
mod image;
mod module;
mod order;
mod package;
mod process;
mod repository;
mod sbom;
mod toolchain;
mod tools;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand};
use repository::root;
use std::process::ExitCode;
use tools::Tool;

/// What the repository does for itself.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds the filter, dist/plugin.wasm, or the issuer. Adds the target to the toolchain where
    /// rustup manages it.
    Build(build::Options),
    /// Finishes a linked module: what the filter does not use goes, what requests run through comes
    /// first.
    Order(order::Options),
    /// Makes an OCI image of the filter or of the issuer, pushes it where you say, and prints its
    /// digest.
    ///
    /// The filter's image is one gzip tar layer that holds plugin.wasm, as Istio's agent and Envoy
    /// Gateway load it. The issuer's holds a static program and the certificates of public
    /// authorities, nothing else; it runs as user 65532, writes nowhere, and is for the processor
    /// of the machine that builds. The same file, commit and bill of materials give the same
    /// digest, whoever packages. Logins are those of `docker login` (DOCKER_CONFIG or
    /// ~/.docker/config.json).
    ///
    /// The digest alone goes to the standard output, so that it is all that a WasmPlugin needs
    /// after `digest=$(scripts/package filter ghcr.io/you/attache/filter)`. Needs Rust; no Docker.
    Package(package::Options),
    /// Writes what the module or the issuer is made of, in CycloneDX form.
    Sbom(sbom::Options),
    /// Fetches or builds a pinned tool, once, and prints the path of its program.
    Tool {
        /// Which one.
        tool: Tool,
    },
    /// Runs every check and every test: format, lints, unit tests, the real filter in real Envoys,
    /// the demo.
    ///
    /// Ends at the first stage that fails. The last lines say how long each stage took, and what
    /// was not run and why. Needs Rust and Python 3. It reads these variables:
    ///
    /// ATTACHE_ENVOY keeps to one version of Envoy, 1.39.3 for example (or several, parted by
    /// commas). ATTACHE_VECTORS is a folder of published test vectors: wycheproof,
    /// ietf-jose-cookbook, JSONTestSuite. TYK_BIN is a Tyk gateway, for the tests beside one.
    /// ATTACHE_CHROMIUM is a Chromium or Chrome, where none is on the path.
    Ci(ci::Options),
    /// Fuzzes what reads bytes that strangers send: configuration, key sets, tokens, header maps,
    /// paths.
    ///
    /// Prints executions, coverage and corpus of each target. What breaks a target is kept in
    /// target/fuzz/artifacts, and the task fails; `target/fuzz/bin/TARGET FILE` runs it again.
    /// Seeds come from the published test vectors that this machine has (ATTACHE_VECTORS). Needs
    /// Python 3, and rustup, which installs the pinned nightly compiler.
    Fuzz(fuzz::Options),
    /// Fetches and builds what tests use, while others run.
    #[command(hide = true)]
    Prepare {
        /// What for.
        part: ci::Part,
    },
    /// Writes every generated file: JSON Schemas, the page of settings, the charts' tables, the
    /// figures in the pages.
    Generate {
        /// Writes nothing; names what is out of date, and ends with status 1 if anything is.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.task {
        Task::Build(options) => build::build(&options)?,
        Task::Order(options) => order::run(&options)?,
        Task::Package(options) => package::package(&options)?,
        Task::Sbom(options) => sbom::run_task(&options)?,
        Task::Ci(options) => return ci::ci(&options),
        Task::Fuzz(options) => fuzz::fuzz(&options)?,
        Task::Prepare { part } => ci::prepare(part)?,
        Task::Tool { tool } => println!("{}", tool.path()?.display()),
        Task::Generate { check: true } if !generate::check(root())? => {
            return Ok(ExitCode::FAILURE);
        }
        Task::Generate { check: true } => {}
        Task::Generate { check: false } => generate::write(root())?,
    }
    Ok(ExitCode::SUCCESS)
}
