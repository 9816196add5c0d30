//! Finding files of assertions.

use crate::input::{Boundary, HavingKey, having_key};
use std::error::Error;
use std::path::PathBuf;

/// Returns the files of assertions that folders hold, and those that are named.
///
/// # Errors
/// A folder can't be searched or has none, or there is no such file.
pub(crate) fn find(paths: &[PathBuf], boundary: &Boundary) -> Result<HavingKey, Box<dyn Error>> {
    having_key(paths, "assertions", boundary)
        .map_err(|error| format!("no assertions there: {error}").into())
}
