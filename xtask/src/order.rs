//! Finishes a linked module.

use crate::repository::root;
use anyhow::{Context, Result, bail};
use attache_module_tool::pause::stop_all;
use attache_module_tool::rehearsal::hot_first;
use attache_module_tool::{is_test_build, strip};
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

/// Removes the callbacks that the filter does not use, has a request that pauses pause as a whole, and puts the functions
/// that requests run through first, in the order of their first use, so that their code lies together.
///
/// # Errors
/// A file can't be read or written, the module is no filter, or a build for tests where none is wanted or the reverse.
pub(crate) fn finish(linked: &Path, finished: &Path, for_tests: bool) -> Result<()> {
    let module = fs::read(linked).with_context(|| format!("could not read `{}`", linked.display()))?;
    if is_test_build(&module) != for_tests {
        let (is, not) =
            if for_tests { ("no build for tests", "with") } else { ("a build for tests", "without") };
        bail!("`{}` is {is}: build it {not} the feature `test-trap`", linked.display());
    }
    let bytes = strip(&module)
        .and_then(|stripped| stop_all(&stripped))
        .and_then(|stopping| hot_first(&stopping))
        .with_context(|| format!("`{}` could not be finished", linked.display()))?;
    if let Some(folder) = finished.parent() {
        fs::create_dir_all(folder).with_context(|| format!("could not create `{}`", folder.display()))?;
    }
    fs::write(finished, &bytes).with_context(|| format!("could not write `{}`", finished.display()))?;
    let shown = finished.strip_prefix(root()).unwrap_or(finished).display();
    eprintln!("{shown}: {} bytes ({} as linked)", bytes.len(), module.len());
    Ok(())
}
