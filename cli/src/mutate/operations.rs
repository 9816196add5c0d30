//! What a rule's request is for, and where it comes from.

use super::clause::{Change, Owner};
use super::document::{keys, list};
use super::lists::{alternatives, demands};
use super::path_pattern::widened;
use crate::input::text;
use attache_config_reader::{Node, Path};

/// Notes the mutants of a rule's `to` or `from`: a list of entries of which one has to fit, each
/// with lists that all have to.
pub(super) fn add(owner: &mut Owner<'_>, rule: &Node, key: &str) {
    let entries = list(rule, key);
    let all = owner.path.clone().key(key);
    for (index, entry) in entries.iter().enumerate() {
        let at = all.clone().index(index);
        if entries.len() > 1 {
            owner.remove(
                &at.clone(),
                at.clone(),
                Change::Narrower,
                format!("an entry of `{key}` dropped"),
            );
        }
        // An entry that says nothing is for everything, and so is a rule without entries.
        let whole = (keys(entry).count() == 1).then_some(&all);
        for name in keys(entry) {
            if name.starts_with("not") {
                demands(owner, entry, &at, name, whole);
            } else {
                alternatives(owner, entry, &at, name, whole);
            }
            if name == "paths" || name == "notPaths" {
                paths(owner, entry, &at, name);
            }
        }
    }
}

fn paths(owner: &mut Owner<'_>, entry: &Node, at: &Path, key: &str) {
    let change = if key == "paths" { Change::Wider } else { Change::Narrower };
    for (index, pattern) in list(entry, key).iter().enumerate() {
        let Some(pattern) = text(pattern) else { continue };
        let Some(wider) = widened(pattern) else { continue };
        let place = at.clone().key(key).index(index);
        let words = format!("`{pattern}` widened to `{wider}`");
        owner.set(&place.clone(), place, Node::String(wider), change, words);
    }
}
