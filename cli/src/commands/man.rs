//! `attache man`.

use super::Arguments;
use crate::exit::Status;
use crate::shown::told_path;
use clap::{Args, CommandFactory};
use std::error::Error;
use std::io::stdout;
use std::path::PathBuf;

/// Prints the manual page of `attache`, or writes those of all commands into a folder
#[derive(Args)]
pub(crate) struct Options {
    /// Write a page for `attache` and for each command into this folder, such as
    /// ~/.local/share/man/man1
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    let Some(folder) = &options.output else {
        clap_mangen::Man::new(Arguments::command()).render(&mut stdout())?;
        return Ok(Status::Fine);
    };
    clap_mangen::generate_to(Arguments::command(), folder).map_err(|error| {
        format!(
            "can't write manual pages into `{}`: {error}; make the folder first",
            told_path(folder)
        )
    })?;
    Ok(Status::Fine)
}
