//! Files of a kind, beside others in a folder.

use super::read_text;
use std::error::Error;
use std::path::{Path, PathBuf};

/// Returns the files that are named, and of each folder the YAML files that have this key at their root, in the order of
/// their names.
///
/// # Errors
/// A folder can't be searched, or there is no such file.
pub(crate) fn having_key(paths: &[PathBuf], key: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
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
            if is_yaml && entry.file_type().is_file() && holds(entry.path(), key)? {
                found.push(entry.into_path());
            }
        }
    }
    Ok(found)
}

/// Returns whether a file has a key, and is not a configuration beside such files.
fn holds(path: &Path, key: &str) -> Result<bool, Box<dyn Error>> {
    let text = read_text(path).map_err(|error| format!("can't read `{}`: {error}", path.display()))?;
    Ok(text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'))))
}
