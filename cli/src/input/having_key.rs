//! Files of a kind, beside others in a folder.

use super::files::{File, list, without_repeats};
use super::{Boundary, Skipped};
use crate::shown::told_path;
use attache_config_reader::{Node, read_yaml_stream, suggestion};
use std::error::Error;
use std::path::PathBuf;

/// Files of a kind, and what stood beside them.
pub(crate) struct HavingKey {
    /// Those that are named, and of each folder those that have the key, in the order of their
    /// names.
    pub(crate) files: Vec<PathBuf>,
    /// What was passed over in folders.
    pub(crate) skipped: Skipped,
}

/// Returns the files that are named, and of each folder the YAML and JSON files that have this key
/// at their root, or seem to be meant to have it: these are among them so that they are told what
/// is wrong.
///
/// # Errors
/// A folder can't be searched or has no such file, there is no such file, or one in a folder can't
/// be read: it may be one.
pub(crate) fn having_key(
    paths: &[PathBuf],
    key: &str,
    boundary: &Boundary,
) -> Result<HavingKey, Box<dyn Error>> {
    let (mut found, mut skipped) = (Vec::new(), Skipped::default());
    for path in paths {
        let before = found.len();
        for file in list(std::slice::from_ref(path), boundary, &mut skipped)? {
            if file.is_named || is_of_kind(&file, key)? {
                found.push(file);
            } else {
                skipped.documents = skipped.documents.saturating_add(1);
            }
        }
        if found.len() == before {
            let path = told_path(path);
            return Err(format!("nothing in `{path}` has `{key}` at its root{skipped}").into());
        }
    }
    without_repeats(&mut found);
    Ok(HavingKey { files: found.into_iter().map(|file| file.path).collect(), skipped })
}

/// Returns whether a file is of the kind, or seems to be meant for it.
fn is_of_kind(file: &File, key: &str) -> Result<bool, Box<dyn Error>> {
    let text = file.read()?;
    let documents = read_yaml_stream(&text).map_err(|error| {
        format!(
            "{}: {error}; mend it, or name the files that are meant in place of their folder",
            file.told()
        )
    })?;
    Ok(documents.iter().any(|document| has_key(document, key)))
}

fn has_key(document: &Node, key: &str) -> bool {
    let Node::Object(members) = document else { return false };
    let has = |key: &str| document.get(key).is_some();
    let is_other = has("issuers")
        || has("apiVersion")
        || KINDS.into_iter().any(|other| other != key && has(other));
    let is_begun = has("configuration") && (has("title") || has("tokens"));
    let others = members.iter().map(|(name, _)| name.as_str());
    has(key) || (!is_other && (is_begun || suggestion(key, others).is_some()))
}

/// Returns whether a document, whose kind has this key, is a configuration in place of it, or a
/// resource that may carry one.
pub(crate) fn is_configuration(document: &Node, key: &str) -> bool {
    let has = |key: &str| document.get(key).is_some();
    !has(key) && (has("issuers") || has("policies") || (has("apiVersion") && has("kind")))
}

/// The keys that tell files of tests and files of assertions.
const KINDS: [&str; 2] = ["steps", "assertions"];
