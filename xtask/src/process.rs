//! Other programs.

use crate::repository::root;
use anyhow::{Context, Result, bail, ensure};
use std::env;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

/// Returns a command that runs at the root of the repository.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Runs a command; what it writes goes where our own output goes.
///
/// # Errors
/// It could not be started, or did not succeed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    ensure!(status.success(), "`{}` failed ({status})", words(command));
    Ok(())
}

/// Runs a command and returns how it ended.
///
/// # Errors
/// It could not be started.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    command.status().or_else(|error| not_started(command, error))
}

/// Runs a command and returns what it wrote to its standard output, without white space around it.
///
/// # Errors
/// It could not be started, did not succeed, or wrote something that is no UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stderr(Stdio::inherit()).output().or_else(|error| not_started(command, error))?;
    ensure!(output.status.success(), "`{}` failed ({})", words(command), output.status);
    let text = String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` wrote no UTF-8", words(command)))?;
    Ok(text.trim().to_owned())
}

fn not_started<T>(command: &Command, error: std::io::Error) -> Result<T> {
    let program = command.get_program().to_string_lossy();
    if error.kind() != ErrorKind::NotFound {
        return Err(error).with_context(|| format!("could not run `{program}`"));
    }
    match program.as_ref() {
        "cargo" | "rustc" => bail!(
            "{program} is not on the path\n  install Rust from https://rustup.rs, then open a new shell"
        ),
        "python3" => bail!("python3 is not on the path\n  install Python 3.8 or newer"),
        _ => bail!("{program} is not on the path"),
    }
}

/// Returns whether a program is in a folder of `PATH`.
pub(crate) fn on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder: PathBuf| folder.join(program).is_file())
}

/// Returns a command as somebody would type it, nearly.
fn words(command: &Command) -> String {
    let program = [command.get_program()];
    let words: Vec<_> =
        program.into_iter().chain(command.get_args()).map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}
