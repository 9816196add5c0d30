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
use crate::redact::redacted;
use crate::shown::{escaped, escaped_lines};
use clap::{Parser, Subcommand};
use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;

/// Checks configurations of the Attaché filter.
///
/// A configuration may be bare (JSON or YAML) or stand in a WasmPlugin, a TrafficExtension or an
/// EnvoyExtensionPolicy, among whatever else kustomize, Helm or kubectl print.
#[derive(Parser)]
#[command(name = "attache", version, arg_required_else_help = true, after_help = exit::HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Does what the command line says, and returns the status to end with.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return mistaken(&error),
    };
    match run(&arguments.command) {
        Ok(status) => status.into(),
        Err(error) => {
            anstream::eprintln!("error: {}", lines(&error.to_string()));
            Status::Unusable.into()
        }
    }
}

/// Says what is wrong with the command line, or what was asked of it: `--help`. A token at the
/// wrong place is not repeated.
fn mistaken(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    let told = redacted(&on_one_line(&text, std::env::args_os()));
    if told == text {
        _ = error.print();
    } else {
        anstream::eprint!("{told}");
    }
    u8::try_from(error.exit_code()).map_or(Status::Unusable.into(), ExitCode::from)
}

/// Returns a text in which what the command line says stays on its line: a file's name may be there
/// by a pattern of the shell.
fn on_one_line(text: &str, arguments: impl Iterator<Item = OsString>) -> String {
    let mut told = text.to_owned();
    for argument in arguments {
        let argument = argument.to_string_lossy();
        let (name, value) = argument.split_once('=').unwrap_or_default();
        for part in [&argument, name, value] {
            let plain = escaped(part);
            if plain != part {
                told = told.replace(part, &plain);
            }
        }
    }
    told
}

/// Returns an error as a terminal may have it, without secrets; some have a line for each thing
/// that is wrong.
fn lines(error: &str) -> String {
    escaped_lines(&redacted(error))
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
