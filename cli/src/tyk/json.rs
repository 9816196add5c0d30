//! What of Tyk is written as JSON: its configuration, policies, sessions.

use crate::input::read_text;
use crate::shown::{escaped, told_path};
use attache_config_reader::Diagnostic;
use serde_json::Value;
use std::error::Error;
use std::path::Path;

/// Reads a file of JSON.
///
/// # Errors
/// It can't be read, or is none.
pub(crate) fn read_json(path: &Path) -> Result<Value, Box<dyn Error>> {
    let read = serde_json::from_str(&read_text(path)?);
    Ok(read.map_err(|error| format!("`{}` is not JSON: {error}", told_path(path)))?)
}

/// Returns what is wrong with what stands under a name, as one line.
pub(crate) fn wrong(name: &str, problems: &[Diagnostic]) -> String {
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    format!("`{}`: {}", escaped(name), problems.join("; "))
}
