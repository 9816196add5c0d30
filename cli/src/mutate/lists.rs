//! Lists of alternatives and of exceptions.

use super::clause::{Change, Owner};
use super::document::{list, shown};
use attache_config_reader::{Node, Path};

/// Notes the mutants of a list of which one has to fit: one without it, which anything fits, and
/// one without each of its elements. `whole` is what goes with it, where nothing else is said
/// beside it.
pub(super) fn alternatives(
    owner: &mut Owner<'_>,
    node: &Node,
    at: &Path,
    key: &str,
    whole: Option<&Path>,
) {
    if node.get(key).is_none() {
        return;
    }
    let list_at = at.clone().key(key);
    let removed = whole.unwrap_or(&list_at).clone();
    let words = format!("`{}` dropped", owner.relative(&list_at));
    owner.remove(&list_at, removed, Change::Wider, words);
    each_dropped(owner, node, at, key);
}

/// Notes the mutants that lack one of the alternatives of a list of several.
pub(super) fn each_dropped(owner: &mut Owner<'_>, node: &Node, at: &Path, key: &str) {
    let items = list(node, key);
    if items.len() < 2 {
        return;
    }
    let list_at = at.clone().key(key);
    for (index, item) in items.iter().enumerate() {
        let place = list_at.clone().index(index);
        let words = format!("`{}` dropped from `{}`", shown(item), owner.relative(&list_at));
        owner.remove(&place.clone(), place, Change::Narrower, words);
    }
}

/// Notes the mutants of a list each of whose elements excludes something, or is asked for besides
/// the others: one without each. `whole` is what goes with the last of them, where nothing else is
/// said beside it.
pub(super) fn demands(
    owner: &mut Owner<'_>,
    node: &Node,
    at: &Path,
    key: &str,
    whole: Option<&Path>,
) {
    let items = list(node, key);
    let list_at = at.clone().key(key);
    for (index, item) in items.iter().enumerate() {
        let place = list_at.clone().index(index);
        let removed = match whole {
            Some(whole) if items.len() == 1 => whole.clone(),
            _ => place.clone(),
        };
        let words = format!("`{}` dropped from `{}`", shown(item), owner.relative(&list_at));
        owner.remove(&place, removed, Change::Wider, words);
    }
}
