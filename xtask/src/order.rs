//! Finishes a linked module.

use crate::module;
use crate::repository::root;
use anyhow::{Context, Result};
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};

/// What is finished, and where it goes.
#[derive(Args)]
pub(crate) struct Options {
    /// The module as it was linked.
    linked: PathBuf,
    /// Where the finished module is written.
    finished: PathBuf,
    /// The module is a build for tests, which traps on demand; without this one is refused.
    #[arg(long)]
    test_build: bool,
}

/// Finishes the module that the options name.
///
/// # Errors
/// As [`finish`].
pub(crate) fn run(options: &Options) -> Result<()> {
    finish(&options.linked, &options.finished, options.test_build)
}

/// Finishes one file into another, and says how big it is.
///
/// # Errors
/// A file can't be read or written, the module is no filter, or a build for tests where none is
/// wanted or the reverse.
pub(crate) fn finish(linked: &Path, finished: &Path, for_tests: bool) -> Result<()> {
    let as_linked =
        fs::read(linked).with_context(|| format!("could not read `{}`", linked.display()))?;
    let bytes = module::finish(&as_linked, for_tests)
        .with_context(|| format!("`{}` could not be finished", linked.display()))?;
    if let Some(folder) = finished.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("could not create `{}`", folder.display()))?;
    }
    fs::write(finished, &bytes)
        .with_context(|| format!("could not write `{}`", finished.display()))?;
    let shown = finished.strip_prefix(root()).unwrap_or(finished).display();
    eprintln!("{shown}: {} bytes ({} as linked)", bytes.len(), as_linked.len());
    Ok(())
}
