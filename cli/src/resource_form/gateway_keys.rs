//! The keys of an EnvoyExtensionPolicy from its `spec` down to the configuration. Releases of Envoy
//! Gateway add keys, so only one that is nearly a known one is told of.

use crate::input::Resource;
use attache_config_reader::{Diagnostic, Node, Path, quote, suggestion};

/// The keys of an object, and where it stands: `[]` is every entry of a list.
struct Keys {
    at: &'static str,
    known: &'static [&'static str],
}

const SPEC: [Keys; 7] = [
    Keys {
        at: "spec",
        known: &[
            "backends",
            "dynamicModule",
            "extProc",
            "lua",
            "targetRef",
            "targetRefs",
            "targetSelectors",
            "wasm",
        ],
    },
    Keys { at: "spec.targetRef", known: &TARGET_REF },
    Keys { at: "spec.targetRefs[]", known: &TARGET_REF },
    Keys { at: "spec.wasm[]", known: &["code", "config", "env", "failOpen", "name", "rootID"] },
    Keys { at: "spec.wasm[].code", known: &["http", "image", "pullPolicy", "type"] },
    Keys { at: "spec.wasm[].code.http", known: &["sha256", "tls", "url"] },
    Keys { at: "spec.wasm[].code.image", known: &["pullSecretRef", "sha256", "tls", "url"] },
];

/// Of what a policy is attached to.
const TARGET_REF: [&str; 5] = ["group", "kind", "name", "namespace", "sectionName"];

/// Returns an error for each key of the `spec` that is nearly one that is known.
pub(super) fn misspelt_keys(resource: &Resource) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for Keys { at, known } in &SPEC {
        for path in places(resource, at) {
            errors.extend(misspelt(resource, &path, known));
        }
    }
    errors
}

/// Returns the paths of the objects that a pattern stands for.
fn places(resource: &Resource, pattern: &str) -> Vec<Path> {
    let mut places = vec![Path::default()];
    for part in pattern.split('.').filter(|part| !part.is_empty()) {
        let key = part.trim_end_matches("[]");
        places = places.into_iter().map(|path| path.key(key)).collect();
        if key.len() < part.len() {
            let entries = places.iter().flat_map(|path| match resource.get(path) {
                Some(Node::Array(items)) => {
                    (0..items.len()).map(|index| path.clone().index(index)).collect()
                }
                _ => Vec::new(),
            });
            places = entries.collect();
        }
    }
    places
}

fn misspelt(resource: &Resource, at: &Path, known: &[&'static str]) -> Vec<Diagnostic> {
    let Some(Node::Object(members)) = resource.get(at) else { return Vec::new() };
    let mut errors = Vec::new();
    for (key, _) in members.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
        if let Some(meant) = suggestion(key, known.iter().copied()) {
            let message = format!("unknown key {}; did you mean `{meant}`?", quote(key));
            errors.push(Diagnostic::error(at.clone().key(key), message));
        }
    }
    errors
}
