//! What is wrong with a resource around the configuration that it carries, by the schemas that
//! Istio 1.31 installs (`manifests/charts/base/files/crd-all.gen.yaml`).

use crate::input::{Kind, Resource, text};
use attache_config_reader::{Diagnostic, Node, Path, quote, suggestion};

/// The keys of a WasmPlugin's `spec`.
const WASM_PLUGIN: [&str; 16] = [
    "failStrategy",
    "imagePullPolicy",
    "imagePullSecret",
    "match",
    "phase",
    "pluginConfig",
    "pluginName",
    "priority",
    "selector",
    "sha256",
    "targetRef",
    "targetRefs",
    "type",
    "url",
    "verificationKey",
    "vmConfig",
];

/// The keys of a TrafficExtension's `spec`.
const TRAFFIC_EXTENSION: [&str; 7] =
    ["lua", "match", "phase", "priority", "selector", "targetRefs", "wasm"];

/// The keys of a TrafficExtension's `spec.wasm`.
const TRAFFIC_EXTENSION_WASM: [&str; 10] = [
    "failStrategy",
    "imagePullPolicy",
    "imagePullSecret",
    "pluginConfig",
    "pluginName",
    "sha256",
    "type",
    "url",
    "verificationKey",
    "vmConfig",
];

/// What may stand before the `://` of a module's URL.
const URL_SCHEMES: [&str; 4] = ["oci", "https", "http", "file"];

/// Returns what Kubernetes or Istio refuses in a resource, or drops from it; paths from the
/// resource's root. Envoy Gateway's is not looked at.
pub(crate) fn resource_errors(resource: &Resource) -> Vec<Diagnostic> {
    let spec = Path::default().key("spec");
    let mut errors = Vec::new();
    let unspecified_phase = match resource.kind {
        Kind::WasmPlugin => {
            unknown_keys(resource, &spec, &WASM_PLUGIN, &mut errors);
            "UNSPECIFIED_PHASE"
        }
        Kind::TrafficExtension => {
            unknown_keys(resource, &spec, &TRAFFIC_EXTENSION, &mut errors);
            unknown_keys(resource, &spec.clone().key("wasm"), &TRAFFIC_EXTENSION_WASM, &mut errors);
            "UNSPECIFIED"
        }
        Kind::EnvoyExtensionPolicy => return errors,
    };
    errors.extend(url(resource));
    let words: [(Path, &[&str]); 4] = [
        (spec.clone().key("phase"), &["AUTHN", "AUTHZ", "STATS", unspecified_phase]),
        (resource.module("failStrategy"), &["FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"]),
        (resource.module("imagePullPolicy"), &["IfNotPresent", "Always", "UNSPECIFIED_POLICY"]),
        (resource.module("type"), &["HTTP", "UNSPECIFIED_PLUGIN_TYPE"]),
    ];
    errors.extend(words.into_iter().filter_map(|(path, words)| wrong_word(resource, path, words)));
    let matches = spec.key("match");
    if let Some(Node::Array(entries)) = resource.get(&matches) {
        for index in 0..entries.len() {
            let mode = matches.clone().index(index).key("mode");
            let modes = ["SERVER", "CLIENT", "CLIENT_AND_SERVER", "UNDEFINED"];
            errors.extend(wrong_word(resource, mode, &modes));
        }
    }
    errors
}

/// Adds an error for each key of an object that its kind does not know.
fn unknown_keys(
    resource: &Resource,
    at: &Path,
    known: &[&'static str],
    errors: &mut Vec<Diagnostic>,
) {
    let Some(Node::Object(members)) = resource.get(at) else { return };
    for (key, _) in members.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
        let remedy = match suggestion(key, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("{} has: {}", resource.kind.name(), known.join(", ")),
        };
        let message = format!("unknown key {}; {remedy}", quote(key));
        errors.push(Diagnostic::error(at.clone().key(key), message));
    }
}

/// Returns what is wrong with a value that must be one of some words, where it is there.
fn wrong_word(resource: &Resource, path: Path, words: &[&'static str]) -> Option<Diagnostic> {
    let value = resource.get(&path)?;
    let Some(word) = text(value) else {
        return Some(Diagnostic::error(
            path,
            format!("expected a string; write one of {}", words.join(", ")),
        ));
    };
    if words.contains(&word) {
        return None;
    }
    let remedy = match suggestion(word, words.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write one of {}", words.join(", ")),
    };
    Some(Diagnostic::error(
        path,
        format!("{} is no value that Istio knows here; {remedy}", quote(word)),
    ))
}

/// Returns what is wrong with the URL of the module.
fn url(resource: &Resource) -> Option<Diagnostic> {
    let path = resource.module("url");
    let Some(value) = resource.get(&path) else {
        let message =
            format!("`{path}` is missing; write where the module is: `oci://…/filter@sha256:…`");
        return Some(Diagnostic::error(path, message));
    };
    let Some(url) = text(value).filter(|url| !url.is_empty()) else {
        return Some(Diagnostic::error(path, "expected a URL; write `oci://…/filter@sha256:…`"));
    };
    let (scheme, _) = url.split_once("://")?;
    if URL_SCHEMES.contains(&scheme) {
        return None;
    }
    let remedy = match suggestion(scheme, URL_SCHEMES) {
        Some(meant) => format!("did you mean `{meant}://`?"),
        None => {
            format!("use one of {}", URL_SCHEMES.map(|scheme| format!("`{scheme}://`")).join(", "))
        }
    };
    let message =
        format!("Istio fetches no module from {}; {remedy}", quote(&format!("{scheme}://")));
    Some(Diagnostic::error(path, message))
}
