//! Finding files of tests.

use crate::input::having_key;
use std::error::Error;
use std::path::PathBuf;

/// Returns the files of tests that folders hold, and those that are named.
///
/// # Errors
/// A folder can't be searched, or there is no such file.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let found = having_key(paths, "steps")?;
    if found.is_empty() {
        return Err("no tests there: a file of tests has `steps`".into());
    }
    Ok(found)
}
