//! `cargo xtask`: what the repository does for itself. The scripts people type hand over to it.

mod generate;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::Path;
use std::process::ExitCode;

/// What the repository does for itself.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Writes every generated file: JSON Schemas, the page of settings, the charts' tables, the figures in the pages.
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
        Task::Generate { check: true } => generate::check(root()),
        Task::Generate { check: false } => generate::write(root()),
    }
}

/// Returns the folder of the repository.
fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}
