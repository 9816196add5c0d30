//! The packages of the workspace, as Cargo tells.

use crate::process::{command, output};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::PathBuf;

/// A package, as far as tasks ask for it.
#[derive(Deserialize)]
pub(crate) struct Package {
    /// Where its Cargo.toml is.
    pub(crate) manifest_path: PathBuf,
}

/// Returns the packages of the workspace.
///
/// # Errors
/// Cargo does not tell.
pub(crate) fn packages() -> Result<Vec<Package>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    let told = output(command("cargo").args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Metadata = serde_json::from_str(&told).context("`cargo metadata` is not as expected")?;
    Ok(metadata.packages)
}
