//! `attache`: what an operator asks of a configuration before a proxy has it, decided by the engine that the proxy runs.
//!
//! A library, so that the page that `attache playground` makes runs it too.

mod commands;
mod counted;
mod exit;
mod explain;
mod finding;
mod input;
mod lint;
mod mutate;
mod report;
mod trial;

use clap::Parser;
use commands::Command;
use std::process::ExitCode;

/// Checks configurations of the Attaché filter.
///
/// A configuration may be bare (JSON or YAML) or stand in a WasmPlugin, a TrafficExtension or an EnvoyExtensionPolicy, among
/// whatever else kustomize, Helm or kubectl print.
#[derive(Parser)]
#[command(name = "attache", version, arg_required_else_help = true, after_help = exit::HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Does what the command line says, and returns the status to end with.
#[must_use]
pub fn main() -> ExitCode {
    match commands::run(&Arguments::parse().command) {
        Ok(status) => status.into(),
        Err(error) => {
            anstream::eprintln!("error: {error}");
            exit::Status::Unusable.into()
        }
    }
}
