//! The subcommands, a file each.

mod check;
mod completions;
mod explain;
mod man;
mod mutate;
mod schema;
mod test;

use crate::exit::Status;
use clap::Subcommand;
use std::error::Error;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    Check(check::Options),
    Explain(Box<explain::Options>),
    Test(test::Options),
    Mutate(mutate::Options),
    Schema(schema::Options),
    Completions(completions::Options),
    Man(man::Options),
}

/// Runs a command.
///
/// # Errors
/// What could not be read or written, in a sentence that says what to do.
pub(crate) fn run(command: &Command) -> Result<Status, Box<dyn Error>> {
    match command {
        Command::Check(options) => check::run(options),
        Command::Explain(options) => explain::run(options),
        Command::Test(options) => test::run(options),
        Command::Mutate(options) => mutate::run(options),
        Command::Schema(options) => schema::run(options),
        Command::Completions(options) => completions::run(options),
        Command::Man(options) => man::run(options),
    }
}
