//! Finding files of tests.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// Returns the files of tests that folders hold, and those that are named.
///
/// # Errors
/// A folder can't be searched, or there is no such file.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_file() {
            found.push(path.clone());
            continue;
        }
        if !path.is_dir() {
            return Err(format!("can't read `{}`: there is no such file or folder", path.display()).into());
        }
        for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
            let entry = entry?;
            let is_yaml = entry.path().extension().is_some_and(|end| end == "yaml" || end == "yml");
            if is_yaml && entry.file_type().is_file() && holds_steps(entry.path())? {
                found.push(entry.into_path());
            }
        }
    }
    if found.is_empty() {
        return Err("no tests there: a file of tests has `steps`".into());
    }
    Ok(found)
}

/// Returns whether a file looks like tests and not like a configuration beside them.
fn holds_steps(path: &Path) -> Result<bool, Box<dyn Error>> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("can't read `{}`: {error}", path.display()))?;
    Ok(text.lines().any(|line| line.starts_with("steps:")))
}
