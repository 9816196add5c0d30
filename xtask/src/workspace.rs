//! The packages of the workspace, as Cargo tells.

use crate::process::{command, output};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::PathBuf;

/// A package, as far as tasks ask for it.
#[derive(Deserialize)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Where its Cargo.toml is.
    pub(crate) manifest_path: PathBuf,
    targets: Vec<Target>,
}

/// What Cargo builds of a package.
#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

impl Package {
    /// Returns the names of its integration tests.
    pub(crate) fn tests(&self) -> impl Iterator<Item = &str> {
        let tests =
            self.targets.iter().filter(|target| target.kind.iter().any(|kind| kind == "test"));
        tests.map(|target| target.name.as_str())
    }
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
    let metadata: Metadata =
        serde_json::from_str(&told).context("`cargo metadata` is not as expected")?;
    Ok(metadata.packages)
}
