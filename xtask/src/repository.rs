//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

/// Returns the folder of the repository.
pub(crate) fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// Returns the folder that Cargo builds into.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

/// Returns an absolute path for one that was given from where the user stands.
///
/// # Errors
/// There is no current folder.
pub(crate) fn from_here(path: &Path) -> std::io::Result<PathBuf> {
    std::path::absolute(path)
}
