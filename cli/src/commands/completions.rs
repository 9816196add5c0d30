//! `attache completions`.

use super::Arguments;
use crate::exit::Status;
use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;
use std::error::Error;
use std::io::{Write, stdout};

/// Prints what has a shell complete the commands and options of `attache`
///
/// bash: `attache completions bash >~/.local/share/bash-completion/completions/attache`; zsh: into
/// a file `_attache` of a folder of `$fpath`; fish:
/// `attache completions fish >~/.config/fish/completions/attache.fish`.
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Options {
    /// The shell
    shell: ShellName,
}

#[derive(Clone, Copy, ValueEnum)]
enum ShellName {
    Bash,
    Zsh,
    Fish,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    let shell = match options.shell {
        ShellName::Bash => Shell::Bash,
        ShellName::Zsh => Shell::Zsh,
        ShellName::Fish => Shell::Fish,
    };
    // Into memory first: it panics on a pipe that nobody reads any more.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "attache", &mut script);
    stdout().write_all(&script)?;
    Ok(Status::Fine)
}
