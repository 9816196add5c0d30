//! What changed about how the module is loaded.

use super::members::{differing, value};
use super::setting::{Effect, Setting};
use crate::in_force::is_switch;
use crate::input::{Carrier, Configuration};
use crate::redact::redacted;
use crate::shown::quoted;
use attache_config_reader::{Path, Step};
use serde_json::Value;

/// Tells what changed about what carries the configuration.
pub(super) fn changed(old: &Configuration, new: &Configuration) -> Vec<Setting> {
    let mut changed = Vec::new();
    if let (Some(before), Some(after)) = (name(old), name(new))
        && before != after
    {
        let elsewhere = elsewhere(old, new).unwrap_or_default();
        let text = format!("the resource: {before} before, {after} now{elsewhere}");
        changed.push(Setting::new(text, Effect::MayAllow));
    }
    changed.extend(metadata(old, new));
    match (rest(old), rest(new)) {
        (Some((prefix, before)), Some((same, after))) if prefix == same => {
            for key in differing(&before, &after) {
                let closes =
                    key == "failStrategy" && after.get(&key).is_some_and(|now| now == "FAIL_CLOSE");
                changed.push(Setting::new(
                    quoted(&format!("{prefix}{key}")),
                    Effect::of(false, closes),
                ));
            }
        }
        (None, None) => {}
        _ => changed.push(Setting::new("what carries the configuration", Effect::MayAllow)),
    }
    changed
}

/// Tells which labels and annotations are others: by them tools leave a resource out, proxies do
/// not load it, and whoever selects by them finds it or not.
fn metadata(old: &Configuration, new: &Configuration) -> Vec<Setting> {
    let mut changed = Vec::new();
    for part in ["labels", "annotations"] {
        let at = Path::default().key("metadata").key(part);
        let [before, after] = [old, new].map(|configuration| {
            configuration.resource().and_then(|resource| resource.get(&at)).map(value)
        });
        let [before, after] = [before, after].map(Option::unwrap_or_default);
        for name in differing(&before, &after).into_iter().filter(|name| !says_nothing(name)) {
            let effect = if is_switch(&name) { Effect::MayAllow } else { Effect::Nothing };
            let [before, after] = [&before, &after].map(|those| told(those.get(&name)));
            let name = quoted(&at.clone().key(&name).to_string());
            changed.push(Setting::new(format!("{name}: {before} before, {after} now"), effect));
        }
    }
    changed
}

fn told(value: Option<&Value>) -> String {
    match value {
        None => "absent".to_owned(),
        Some(Value::String(text)) => quoted(&redacted(text)),
        Some(other) => quoted(&redacted(&other.to_string())),
    }
}

/// Returns whether a label or an annotation is what tools write for themselves at each release, or
/// for people.
fn says_nothing(name: &str) -> bool {
    let recommended = name.strip_prefix("app.kubernetes.io/");
    recommended.is_some_and(|name| name != "name" && name != "instance")
        || name.starts_with("meta.helm.sh/")
        || matches!(name, "helm.sh/chart" | "kubectl.kubernetes.io/last-applied-configuration")
}

/// Tells what another namespace comes to: the resource is for other workloads.
fn elsewhere(old: &Configuration, new: &Configuration) -> Option<String> {
    let [before, after] = [old, new].map(|configuration| configuration.resource()?.namespace());
    let (before, after) = (before?, after?);
    (before != after).then(|| {
        let [before, after] = [before, after].map(quoted);
        format!(", so workloads of {before} load it no more; requests are compared as those of {after} fare by both")
    })
}

/// Returns what a resource is called, with its kind and its namespace.
fn name(configuration: &Configuration) -> Option<String> {
    let resource = configuration.resource()?;
    let [namespace, name] =
        [resource.namespace(), resource.name()].map(|name| name.unwrap_or("(none)").to_owned());
    Some(format!("{} {}", resource.kind.name(), quoted(&format!("{namespace}/{name}"))))
}

/// Returns what stands beside the configuration, and what its keys are called.
fn rest(configuration: &Configuration) -> Option<(&'static str, Value)> {
    match &configuration.carrier {
        Carrier::Bare | Carrier::Patch => None,
        Carrier::HelmValues => {
            let (document, _) =
                configuration.file.documents.get(configuration.document)?.as_kubernetes_reads();
            let mut values = value(&document);
            take(&mut values, configuration.path.steps());
            Some(("", values))
        }
        Carrier::Resource(resource) => {
            let mut spec = value(resource.get(&Path::default().key("spec"))?);
            take(&mut spec, resource.configuration().steps().get(1..)?);
            Some(("spec.", spec))
        }
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
