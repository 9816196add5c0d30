//! YAML documents as JSON values, as `kubectl` would send them on.

use anyhow::{Context, Result};
use serde_json::Value;
use std::path::Path;

/// Reads a file.
///
/// # Errors
/// It can't be read or is not YAML; the message names the file.
pub fn read(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("`{}` can't be read", path.display()))?;
    parse(&text).with_context(|| format!("`{}` is not YAML", path.display()))
}

/// Reads a text.
///
/// # Errors
/// It is not YAML.
pub fn parse(text: &str) -> Result<Value> {
    Ok(serde_saphyr::from_str(text)?)
}
