//! Finding files of tests.

use crate::input::{Boundary, HavingKey, having_key};
use std::error::Error;
use std::path::PathBuf;

/// Returns the files of tests that folders hold, and those that are named.
///
/// # Errors
/// A folder can't be searched or has no tests, or there is no such file.
pub(crate) fn find(paths: &[PathBuf], boundary: &Boundary) -> Result<HavingKey, Box<dyn Error>> {
    having_key(paths, "steps", boundary).map_err(|error| format!("no tests there: {error}").into())
}
