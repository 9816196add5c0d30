//! Real backends behind a real Envoy with the filter: what one says that it handled is judged by a
//! slow and obvious reading of the policy. `scripts/test-backends` runs it.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test that overflows or misses fails as it should"
)]

mod arguments;
mod backend;
mod judge;
mod policy;
mod report;
mod requests;
mod run;
mod seen;
mod spellings;
mod wire;

use crate::arguments::Arguments;
use crate::report::Table;
use anyhow::{Result, ensure};
use clap::Parser as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    match test() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Says that a backend is left out, and has whoever runs all tests say so too.
fn skipped(name: &str) -> Result<()> {
    println!("SKIPPED: {name}, for the reason above");
    if let Some(file) = std::env::var_os("ATTACHE_SKIPPED") {
        let mut list = OpenOptions::new().append(true).create(true).open(file)?;
        writeln!(list, "backend-{name}\tthe reason is above")?;
    }
    Ok(())
}

fn test() -> Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut table = Table::default();
    let mut ready = Vec::new();
    for backend in arguments.backends() {
        match backend.prepare()? {
            Some(folder) => ready.push((backend, folder)),
            None => skipped(backend.name)?,
        }
    }
    ensure!(!ready.is_empty(), "no backend can be had here");
    let share = arguments.requests.div_ceil(ready.len());
    for (backend, folder) in ready {
        let outcome = runtime.block_on(run::run(backend, &folder, share, &arguments))?;
        table.add(backend.name, outcome);
    }
    table.finish(&arguments)
}
