//! What changed that no request shows.

use super::version::Version;
use crate::input::Configuration;
use attache_config_reader::{Node, Path, Step};
use attache_engine::policy::View;
use attache_plugin_config::{Config, Mode};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Returns a sentence for each thing that changed: settings, what issuers ask of tokens, how the module is loaded.
pub(super) fn changed(old: &Version<'_>, new: &Version<'_>, view: View) -> Vec<String> {
    let mut changed = Vec::new();
    let documents = [old, new].map(|version| value(&version.configuration.node));
    let [before, after] = &documents;
    for key in differing(before, after) {
        match key.as_str() {
            // These are compared by requests, or below.
            "issuers" | "policies" | "roleHierarchy" => {}
            "dryRun" => changed.push("`dryRun`; requests are compared as if it were in neither".to_owned()),
            _ => changed.push(format!("`{key}`")),
        }
    }
    issuers(before, after, &mut changed);
    without_keys(&old.config, &new.config, &mut changed);
    if view == View::Enforced && shadow(&old.config) != shadow(&new.config) {
        changed.push("what is in SHADOW; `--with-shadow` compares it too".to_owned());
    }
    resource(old.configuration, new.configuration, &mut changed);
    changed
}

fn issuers(before: &Value, after: &Value, changed: &mut Vec<String>) {
    let [before, after] = [before, after].map(by_name);
    for name in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        match (before.get(name), after.get(name)) {
            (Some(one), Some(other)) => {
                // Where roles are read is compared by requests.
                let keys = differing(one, other).into_iter().filter(|key| key != "roleClaims");
                let keys: Vec<String> = keys.map(|key| format!("`{key}`")).collect();
                if !keys.is_empty() {
                    changed.push(format!("issuer `{name}`: {}", keys.join(", ")));
                }
            }
            (Some(_), None) => changed.push(format!("issuer `{name}` is gone: its tokens are refused now")),
            (None, _) => changed.push(format!("issuer `{name}` is new: its tokens were refused before")),
        }
    }
}

fn by_name(document: &Value) -> BTreeMap<String, Value> {
    let issuers = document["issuers"].as_array().into_iter().flatten();
    issuers.filter_map(|issuer| Some((issuer["name"].as_str()?.to_owned(), issuer.clone()))).collect()
}

fn without_keys(old: &Config, new: &Config, changed: &mut Vec<String>) {
    let says = |config: &Config| -> BTreeMap<String, String> {
        let rules =
            config.policies.iter().flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
        let named = rules.map(|(policy, rule)| {
            (format!("{}/{}", policy.name, rule.name), format!("{:?}", rule.on_keys_unavailable))
        });
        named.collect()
    };
    let (before, after) = (says(old), says(new));
    let other = before.iter().filter(|(rule, says)| after.get(*rule).is_some_and(|now| now != *says));
    changed.extend(other.map(|(rule, _)| format!("rule `{rule}`: `onKeysUnavailable`")));
}

/// Returns all rules that are in SHADOW.
fn shadow(config: &Config) -> Vec<String> {
    let mut rules = Vec::new();
    for policy in &config.policies {
        let is_shadow = policy.mode == Mode::Shadow;
        let own = policy.rules.iter().filter(|rule| is_shadow || rule.mode == Mode::Shadow);
        rules.extend(own.map(|rule| format!("{:?} {:?} {rule:?}", policy.name, policy.selector)));
        if is_shadow {
            rules.push(format!("{:?} {:?} {:?}", policy.name, policy.selector, policy.default_action));
        }
    }
    rules
}

/// Tells what changed about how the module is loaded.
fn resource(old: &Configuration, new: &Configuration, changed: &mut Vec<String>) {
    let spec = |configuration: &Configuration| {
        let resource = configuration.resource()?;
        let mut spec = value(resource.get(&Path::default().key("spec"))?);
        take(&mut spec, resource.configuration().steps().get(1..)?);
        Some(spec)
    };
    match (spec(old), spec(new)) {
        (Some(before), Some(after)) => {
            changed.extend(differing(&before, &after).into_iter().map(|key| format!("`spec.{key}`")));
        }
        (None, None) => {}
        _ => changed.push("the resource that carries the configuration".to_owned()),
    }
}

/// Takes out what stands at a path.
fn take(value: &mut Value, path: &[Step]) {
    match (path, value) {
        ([Step::Key(key)], Value::Object(members)) => _ = members.remove(key),
        ([Step::Key(key), rest @ ..], Value::Object(members)) => {
            if let Some(inner) = members.get_mut(key) {
                take(inner, rest);
            }
        }
        ([Step::Index(index), rest @ ..], Value::Array(items)) => {
            if let Some(inner) = items.get_mut(*index) {
                take(inner, rest);
            }
        }
        _ => {}
    }
}

/// Returns the keys of two objects whose values are not the same.
fn differing(one: &Value, other: &Value) -> Vec<String> {
    let none = Map::new();
    let [one, other] = [one, other].map(|value| value.as_object().unwrap_or(&none));
    let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    keys.into_iter().filter(|key| one.get(*key) != other.get(*key)).cloned().collect()
}

/// Returns a node without the order of its members.
fn value(node: &Node) -> Value {
    serde_json::to_value(node).unwrap_or_default()
}
