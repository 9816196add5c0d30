//! What is wrong with a resource around the configuration that it carries.

mod shape;
mod shapes;

use crate::input::{Kind, Resource, text};
use attache_config_reader::{Diagnostic, Node, Path, quote, suggestion};

/// What may stand before the `://` of a module's URL.
const URL_SCHEMES: [&str; 4] = ["oci", "https", "http", "file"];

/// The version of the API of each of the kinds.
const VERSION: &str = "v1alpha1";

/// The longest name that Kubernetes takes (RFC 1123).
const MAX_NAME: usize = 253;

/// Returns what Kubernetes or Istio refuses in a resource, or drops from it; paths from the
/// resource's root. Of the `spec` of Envoy Gateway's, keys alone are looked at.
pub(crate) fn resource_errors(resource: &Resource) -> Vec<Diagnostic> {
    let root = Path::default();
    let mut errors = Vec::new();
    let kind = resource.kind.name();
    if let Some(node) = resource.get(&root) {
        shapes::RESOURCE.check(node, &root, Some(kind), &mut errors);
    }
    errors.extend(version(resource));
    errors.extend(name(resource));
    let shape = match resource.kind {
        Kind::WasmPlugin => &shapes::WASM_PLUGIN,
        Kind::TrafficExtension => &shapes::TRAFFIC_EXTENSION,
        Kind::EnvoyExtensionPolicy => &shapes::ENVOY_EXTENSION_POLICY,
    };
    let spec = root.key("spec");
    if let Some(node) = resource.get(&spec) {
        shape.check(node, &spec, Some(kind), &mut errors);
    }
    if resource.kind.is_of_istio() {
        errors.extend(url(resource));
    }
    errors
}

/// Returns what is wrong with the version of the API.
fn version(resource: &Resource) -> Option<Diagnostic> {
    let path = Path::default().key("apiVersion");
    let (group, kind) = (resource.kind.group(), resource.kind.name());
    let found = resource.get(&path).and_then(text).unwrap_or_default();
    if found.strip_prefix(group) == Some(&format!("/{VERSION}")) {
        return None;
    }
    let message = format!("{} has no {kind}; write `{group}/{VERSION}`", quote(found));
    Some(Diagnostic::error(path, message))
}

/// Returns what is wrong with the name.
fn name(resource: &Resource) -> Option<Diagnostic> {
    let metadata = Path::default().key("metadata");
    let path = metadata.clone().key("name");
    let name = match resource.get(&path) {
        None | Some(Node::Null) => {
            let message = "`metadata.name` is missing, and `kubectl apply` takes no resource without one; write a name";
            return Some(Diagnostic::error(metadata, message));
        }
        // That it is no string is told of it already.
        Some(node) => text(node)?,
    };
    let is_plain = |part: &str| {
        let ends = [part.bytes().next(), part.bytes().next_back()];
        ends.iter()
            .all(|end| end.is_some_and(|end| end.is_ascii_lowercase() || end.is_ascii_digit()))
            && part.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
    };
    // What stands for a name until it is put in is none yet.
    if name.contains('$') || (name.len() <= MAX_NAME && name.split('.').all(is_plain)) {
        return None;
    }
    let message = format!(
        "{} is no name to Kubernetes; write lower-case letters, digits, `-` and `.`, {MAX_NAME} at most",
        quote(name)
    );
    Some(Diagnostic::error(path, message))
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
