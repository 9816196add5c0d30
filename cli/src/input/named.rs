//! The configuration that a file of tests or of assertions names.

use super::{Boundary, Configuration, Input, shortened};
use crate::shown::{escaped, told_path};
use std::path::Path;

/// Reads the configuration that a file names, from that file's folder.
///
/// # Errors
/// A sentence: it can't be read, lies outside of what the command line names, or holds none or
/// several.
pub(crate) fn named_configuration(
    named: &str,
    by: &Path,
    boundary: &Boundary,
) -> Result<Configuration, String> {
    let told = escaped(named);
    let folder = by.parent().unwrap_or(Path::new(""));
    let path = shortened(&folder.join(named));
    let is_inside = boundary
        .holds(&path)
        .map_err(|error| format!("can't read `{}`: {error}", told_path(&path)))?;
    if !is_inside {
        return Err(format!(
            "`{told}` lies outside of what the command line names; put it below the folder of this file, or name a folder \
             that holds both by --root"
        ));
    }
    let input = Input::of_path(&path, boundary).map_err(|error| error.to_string())?;
    if let Some(error) = input.unread() {
        return Err(error);
    }
    let count = input.configurations.len();
    let mut found = input.configurations.into_iter();
    match (found.next(), count) {
        (Some(configuration), 1) => Ok(configuration),
        (None, _) => Err(format!("`{told}` holds no configuration")),
        (Some(_), _) => Err(format!("`{told}` holds {count} configurations; name a file with one")),
    }
}
