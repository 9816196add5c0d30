//! Where things are.

use anyhow::{Context, Result};
use std::env;
use std::path::{Path, PathBuf};

/// Returns the folder of the repository.
pub(crate) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// Returns the folder that Cargo builds into.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// Returns where a program of ours is once it is built with the profile `dev`.
pub(crate) fn program(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// Returns an absolute path for one that was given from where the user stands.
///
/// # Errors
/// The path is empty, or there is no current folder.
pub(crate) fn from_here(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("`{}` is no path", path.display()))
}

/// Returns the folder for what is fetched or built once and kept outside the clone.
///
/// # Errors
/// Neither `XDG_CACHE_HOME` nor `HOME` names one.
pub(crate) fn cache() -> Result<PathBuf> {
    let named = |variable, below: &str| {
        env::var_os(variable)
            .filter(|folder| !folder.is_empty())
            .map(|folder| Path::new(&folder).join(below))
    };
    named("XDG_CACHE_HOME", "attache")
        .or_else(|| named("HOME", ".cache/attache"))
        .context("neither XDG_CACHE_HOME nor HOME is set")
}
