//! `attache tyk`.

use crate::exit::Status;
use crate::tyk;
use clap::{Args, Subcommand};
use std::error::Error;

/// What Tyk's API definitions mean for the mesh behind the gateway
#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Routes(tyk::RoutesOptions),
    Diff(tyk::DiffOptions),
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    match &options.command {
        Command::Routes(options) => tyk::routes(options),
        Command::Diff(options) => tyk::diff(options),
    }
}
