//! Policies and rules.

use super::clause::{Change, Owner};
use super::document::{list, word};
use super::edit::Edit;
use super::mutation::{Effect, Mutation};
use super::{conditions, operations};
use attache_config_reader::{Node, Path};

/// Notes the mutants of all policies. What is in SHADOW has none: no verdict depends on it.
pub(super) fn add(configuration: &Node, mutations: &mut Vec<Mutation>) {
    let policies = list(configuration, "policies");
    for (index, policy) in policies.iter().enumerate() {
        if word(policy, "mode") == "SHADOW" {
            continue;
        }
        let path = Path::default().key("policies").index(index);
        add_policy(policy, path.clone(), policies.len() == 1, mutations);
        for (index, rule) in list(policy, "rules").iter().enumerate() {
            if word(rule, "mode") != "SHADOW" {
                let name = format!("rule {}/{}", word(policy, "name"), word(rule, "name"));
                add_rule(rule, path.clone().key("rules").index(index), name, mutations);
            }
        }
    }
}

fn add_policy(policy: &Node, path: Path, is_only: bool, mutations: &mut Vec<Mutation>) {
    let name = format!("policy {}", word(policy, "name"));
    // What it refuses by default another may allow, and what it allows another may refuse.
    let removed = if is_only { Effect::More } else { Effect::Either };
    let mut owner = Owner { name, path: path.clone(), wider: removed, mutations };
    owner.remove(&path.clone().key("name"), path, Change::Wider, "removed".to_owned());
    owner.wider = Effect::More;
    if word(policy, "defaultAction") != "ALLOW" {
        owner.word(policy, "defaultAction", "ALLOW", Change::Wider);
    }
}

fn add_rule(rule: &Node, path: Path, name: String, mutations: &mut Vec<Mutation>) {
    let is_allowing = word(rule, "action") != "DENY";
    let wider = if is_allowing { Effect::More } else { Effect::Less };
    let mut owner = Owner { name, path: path.clone(), wider, mutations };
    owner.remove(&path.clone().key("name"), path, Change::Narrower, "removed".to_owned());
    let opposite = if is_allowing { "DENY" } else { "ALLOW" };
    // An ALLOW rule that denies lets less through, and a DENY rule that allows lets more.
    owner.word(rule, "action", opposite, Change::Narrower);
    authentication(&mut owner, rule, is_allowing);
    operations::add(&mut owner, rule, "to");
    operations::add(&mut owner, rule, "from");
    conditions::roles(&mut owner, rule);
    conditions::claims(&mut owner, rule, "when");
}

/// Notes the mutants that ask for no token, or for none but a good one. A rule that asks for roles
/// or claims can't do without a token: it asks for neither then.
fn authentication(owner: &mut Owner<'_>, rule: &Node, is_allowing: bool) {
    let now = word(rule, "authentication");
    if !is_allowing || now == "NONE" {
        return;
    }
    let asks = ["roles", "when"].into_iter().filter(|key| rule.get(key).is_some());
    let asks: Vec<&str> = asks.collect();
    if now != "OPTIONAL" && asks.is_empty() {
        owner.word(rule, "authentication", "OPTIONAL", Change::Wider);
    }
    let place = owner.path.clone().key("authentication");
    let at = if now.is_empty() { owner.path.clone().key("name") } else { place.clone() };
    let mut edits = vec![Edit::Set(place, Node::String("NONE".to_owned()))];
    edits.extend(asks.iter().map(|key| Edit::Remove(owner.path.clone().key(key))));
    let without: String = asks.iter().map(|key| format!(", without `{key}`")).collect();
    owner.edit(&at, edits, Change::Wider, format!("`authentication` made NONE{without}"));
}
