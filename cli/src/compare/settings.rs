//! What changed that no request shows.

use super::carrier;
use super::issuers;
use super::members::{differing, value};
use super::setting::{Effect, Setting};
use super::version::Version;
use crate::shown::quoted;
use attache_engine::policy::View;
use attache_plugin_config::{
    AmbiguousPaths, Config, DryRun, MethodOverride, Mode, OnKeysUnavailable, Preflight,
};
use std::collections::{BTreeMap, BTreeSet};

/// Returns each thing that changed: settings, what issuers ask of tokens, how the module is loaded.
pub(super) fn changed(old: &Version<'_>, new: &Version<'_>, view: View) -> Vec<Setting> {
    let [before, after] = [old, new].map(|version| value(&version.configuration.node));
    let mut changed: Vec<Setting> = differing(&before, &after)
        .iter()
        .filter_map(|key| document(key, &old.config, &new.config))
        .collect();
    changed.extend(issuers::changed(old, new));
    without_keys(&old.config, &new.config, &mut changed);
    if view == View::Enforced && shadow(&old.config) != shadow(&new.config) {
        changed.push(Setting::new(
            "what is in SHADOW; `--with-shadow` compares it too",
            Effect::Nothing,
        ));
    }
    changed.extend(carrier::changed(old.configuration, new.configuration));
    changed
}

/// Tells of a key of the document; `None` where requests, or others, tell of it.
fn document(key: &str, old: &Config, new: &Config) -> Option<Setting> {
    let effect = match key {
        "issuers" | "policies" | "roleHierarchy" => return None,
        "mode" | "shadowSelectors" => return Some(dry_run(key, &old.dry_run, &new.dry_run)),
        "cors" => Effect::of(old.preflight == new.preflight, new.preflight == Preflight::Enforce),
        "paths" => {
            let is_narrower = new.ambiguous_paths == AmbiguousPaths::Refuse;
            Effect::of(old.ambiguous_paths == new.ambiguous_paths, is_narrower)
        }
        "methods" => {
            let (old, new) = (old.method_override, new.method_override);
            Effect::of(old == new, new == MethodOverride::Refuse || old == MethodOverride::Ignore)
        }
        "cache" => Effect::of(old.cache.max_token_bytes == new.cache.max_token_bytes, false),
        // How a refusal is worded, and what is logged.
        "responses" | "audit" => Effect::Nothing,
        _ => Effect::MayAllow,
    };
    Some(Setting::new(quoted(key), effect))
}

fn dry_run(key: &str, old: &DryRun, new: &DryRun) -> Setting {
    let is_narrower = *old == DryRun::Everywhere || *new == DryRun::Nowhere;
    let text = match new {
        _ if old == new => quoted(key),
        DryRun::Everywhere => {
            "`mode: SHADOW`: the document is a dry run now, and nothing is refused".to_owned()
        }
        DryRun::For(_) | DryRun::Nowhere => {
            format!("`{key}`; requests are compared as if there were no dry run")
        }
    };
    Setting::new(text, Effect::of(old == new, is_narrower))
}

/// Tells which rules do something else while keys are missing; a rule that is not there does
/// nothing of its own.
fn without_keys(old: &Config, new: &Config, changed: &mut Vec<Setting>) {
    let says = |config: &Config| -> BTreeMap<String, OnKeysUnavailable> {
        let rules = config
            .policies
            .iter()
            .flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
        let named = rules.filter_map(|(policy, rule)| {
            Some((format!("{}/{}", policy.name, rule.name), rule.on_keys_unavailable?))
        });
        named.collect()
    };
    let (before, after) = (says(old), says(new));
    for rule in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let (before, after) = (before.get(rule), after.get(rule));
        if before != after {
            let is_narrower = after == Some(&OnKeysUnavailable::Deny);
            let effect = Effect::of(false, is_narrower);
            changed.push(Setting::new(format!("rule `{rule}`: `onKeysUnavailable`"), effect));
        }
    }
}

/// Returns all rules that are in SHADOW.
fn shadow(config: &Config) -> Vec<String> {
    let mut rules = Vec::new();
    for policy in &config.policies {
        let is_shadow = policy.mode == Mode::Shadow;
        let own = policy.rules.iter().filter(|rule| is_shadow || rule.mode == Mode::Shadow);
        rules.extend(own.map(|rule| format!("{:?} {:?} {rule:?}", policy.name, policy.selector)));
        if is_shadow {
            rules.push(format!(
                "{:?} {:?} {:?}",
                policy.name, policy.selector, policy.default_action
            ));
        }
    }
    rules
}
