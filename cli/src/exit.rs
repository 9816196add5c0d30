//! What the program ends with.

use std::process::ExitCode;

/// What `--help` says of exit statuses.
pub(crate) const HELP: &str = "\
Exit status:
  0  nothing is wrong
  1  an error was found (with --deny-warnings, a warning), a request is refused or
     fares otherwise than it did, a test fails, two versions differ, or an assertion does not hold
  2  the command line is wrong, or something could not be read or written";

/// What the program ends with; each command's page says when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Nothing is wrong.
    Fine,
    /// Something was found.
    Found,
    /// The command line is wrong, as clap says it too, or something could not be read or written.
    Unusable,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Fine => Self::SUCCESS,
            Status::Found => Self::from(1),
            Status::Unusable => Self::from(2),
        }
    }
}
