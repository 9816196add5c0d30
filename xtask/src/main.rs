//! `cargo xtask`: what the repository does for itself. The scripts people type hand over to it.

mod build;
mod generate;
mod module;
mod order;
mod process;
mod repository;
mod toolchain;

use anyhow::Result;
use clap::{Parser, Subcommand};
use repository::root;
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
    /// Builds the filter, dist/plugin.wasm, or the issuer. Adds the target to the toolchain where rustup manages it.
    Build(build::Options),
    /// Finishes a linked module: what the filter does not use goes, what requests run through comes first.
    Order(order::Options),
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
        Task::Build(options) => build::build(&options)?,
        Task::Order(options) => order::run(&options)?,
        Task::Generate { check: true } => return generate::check(root()),
        Task::Generate { check: false } => generate::write(root())?,
    }
    Ok(ExitCode::SUCCESS)
}
