//! The subcommands, a file each.

mod check;
mod completions;
mod diff;
mod explain;
mod import;
mod keys;
mod limits;
mod man;
mod mutate;
mod playground;
mod prove;
mod replay;
mod schema;
mod test;
mod token;
mod tyk;
mod why;

use crate::exit::{self, Status};
use clap::{Parser, Subcommand};
use std::error::Error;
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
    match run(&Arguments::parse().command) {
        Ok(status) => status.into(),
        Err(error) => {
            anstream::eprintln!("error: {error}");
            Status::Unusable.into()
        }
    }
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    Check(check::Options),
    Explain(Box<explain::Options>),
    Replay(replay::Options),
    Test(test::Options),
    Mutate(mutate::Options),
    Prove(prove::Options),
    Diff(diff::Options),
    Playground(playground::Options),
    Import(import::Options),
    Tyk(Box<tyk::Options>),
    Limits(Box<limits::Options>),
    Why(Box<why::Options>),
    Keys(keys::Options),
    Token(token::Options),
    Schema(schema::Options),
    Completions(completions::Options),
    Man(man::Options),
}

/// Runs a command.
///
/// # Errors
/// What could not be read or written, in a sentence that says what to do.
fn run(command: &Command) -> Result<Status, Box<dyn Error>> {
    match command {
        Command::Check(options) => check::run(options),
        Command::Explain(options) => explain::run(options),
        Command::Replay(options) => replay::run(options),
        Command::Test(options) => test::run(options),
        Command::Mutate(options) => mutate::run(options),
        Command::Playground(options) => playground::run(options),
        Command::Import(options) => import::run(options),
        Command::Prove(options) => prove::run(options),
        Command::Diff(options) => diff::run(options),
        Command::Tyk(options) => tyk::run(options),
        Command::Limits(options) => limits::run(options),
        Command::Why(options) => why::run(options),
        Command::Keys(options) => keys::run(options),
        Command::Token(options) => token::run(options),
        Command::Schema(options) => schema::run(options),
        Command::Completions(options) => completions::run(options),
        Command::Man(options) => man::run(options),
    }
}
