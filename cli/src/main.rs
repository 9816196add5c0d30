//! The program `attache`; the library beside it has all of it.

use std::process::ExitCode;

fn main() -> ExitCode {
    attache_cli::main()
}
