//! What is asked of roles and claims.

use super::clause::{Change, Owner};
use super::document::{keys, list, shown};
use super::lists::{alternatives, demands, each_dropped};
use attache_config_reader::{Node, Path};

/// Notes the mutants of a rule's `roles`.
pub(super) fn roles(owner: &mut Owner<'_>, rule: &Node) {
    let Some(roles) = rule.get("roles") else { return };
    let at = owner.path.clone().key("roles");
    let whole = (keys(roles).count() == 1).then_some(&at);
    alternatives(owner, roles, &at, "anyOf", whole);
    demands(owner, roles, &at, "allOf", whole);
    demands(owner, roles, &at, "noneOf", whole);
}

/// Notes the mutants of a list of conditions on claims, all of which have to hold.
pub(super) fn claims(owner: &mut Owner<'_>, node: &Node, key: &str) {
    for (index, condition) in list(node, key).iter().enumerate() {
        let at = owner.path.clone().key(key).index(index);
        let claim = condition.get("claim").map(shown).unwrap_or_default();
        owner.remove(
            &at.clone(),
            at.clone(),
            Change::Wider,
            format!("the condition on `{claim}` dropped"),
        );
        each_dropped(owner, condition, &at, "in");
        if list(condition, "notIn").len() > 1 {
            demands(owner, condition, &at, "notIn", None);
        }
        for (key, step) in [("lessThan", 1.0), ("greaterThan", -1.0)] {
            bound(owner, condition, &at, key, step);
        }
    }
}

/// Notes the mutant whose bound is further out by one.
fn bound(owner: &mut Owner<'_>, condition: &Node, at: &Path, key: &str, step: f64) {
    let Some(Node::Number(bound)) = condition.get(key) else { return };
    let moved = Node::Number(bound + step);
    let place = at.clone().key(key);
    let words = format!("`{key}` made {}", shown(&moved));
    owner.set(&place.clone(), place, moved, Change::Wider, words);
}
