//! `attache playground`.

use crate::exit::Status;
use crate::playground::{engine, page};
use crate::shown::told_path;
use clap::Args;
use std::error::Error;
use std::fs;
use std::io::{Write, stdout};
use std::path::PathBuf;

/// Writes a page to try configurations in: one HTML file that needs no network, with the engine in
/// it
///
/// It has a form for a configuration and a request, and shows the verdict and its explanation as
/// one types. Open it in a browser; what is typed stays there.
#[derive(Args)]
pub(crate) struct Options {
    /// The file to write; `-` is the standard output
    #[arg(long, value_name = "FILE", default_value = "playground.html")]
    out: PathBuf,
}

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    let page = page(&engine()?)?;
    if options.out.as_os_str() == "-" {
        stdout().write_all(page.as_bytes())?;
        return Ok(Status::Fine);
    }
    let out = told_path(&options.out);
    fs::write(&options.out, &page).map_err(|error| format!("can't write `{out}`: {error}"))?;
    let kilobytes = page.len().div_ceil(1000);
    anstream::eprintln!("wrote {out}, {kilobytes} kB: open it in a browser");
    Ok(Status::Fine)
}
