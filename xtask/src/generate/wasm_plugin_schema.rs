//! The schema of a WasmPlugin that loads the filter, for editors:
//! `plugin-config/wasmplugin.schema.json`.

use super::json_schema::{Parts, exactly, pretty};
use anyhow::Result;
use serde_json::{Value, json};
use std::path::Path;

/// Returns the schema of a WasmPlugin with the keys of Istio 1.26 to 1.31, and the configuration's
/// as `pluginConfig`.
///
/// # Errors
/// The configuration's schema lacks a part.
pub(super) fn text(_: &Path) -> Result<String> {
    let Parts { dialect, id, definitions, document } = Parts::of(attache_plugin_config::schema())?;
    let properties = json!({
        "apiVersion": {"const": "extensions.istio.io/v1alpha1"},
        "kind": {"const": "WasmPlugin"},
        "metadata": {"type": "object", "required": ["name"]},
        "spec": spec(&document),
    });
    let mut schema = exactly(properties, &["apiVersion", "kind", "metadata", "spec"]);
    let named = [
        ("$schema", dialect),
        ("$id", id.replace("plugin-config", "wasmplugin").into()),
        ("title", "A WasmPlugin of Istio that loads Attaché".into()),
        ("$defs", definitions),
    ];
    if let Some(members) = schema.as_object_mut() {
        members.extend(named.map(|(key, value)| (key.to_owned(), value)));
    }
    Ok(pretty(&schema))
}

fn spec(document: &Value) -> Value {
    let text = json!({"type": "string"});
    let target = json!({"type": "object", "required": ["kind", "name"]});
    let labels = json!({"type": "object", "additionalProperties": text});
    let variable = json!({"name": text, "value": text, "valueFrom": {"enum": ["INLINE", "HOST"]}});
    let ports = exactly(json!({"number": {"type": "integer"}}), &["number"]);
    let traffic = json!({
        "mode": {"enum": ["UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER"]},
        "ports": {"type": "array", "items": ports},
    });
    let properties = json!({
        "selector": exactly(json!({"matchLabels": labels}), &[]),
        "targetRef": target,
        "targetRefs": {"type": "array", "items": target},
        "url": {"type": "string", "minLength": 1},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "imagePullPolicy": {"enum": ["UNSPECIFIED_POLICY", "IfNotPresent", "Always"]},
        "imagePullSecret": text,
        "verificationKey": text,
        "pluginName": text,
        "phase": {"enum": ["UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"]},
        "priority": {"type": "integer"},
        "failStrategy": {"enum": ["FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"]},
        "type": {"enum": ["UNSPECIFIED_PLUGIN_TYPE", "HTTP", "NETWORK"]},
        "vmConfig": exactly(json!({"env": {"type": "array", "items": exactly(variable, &["name"])}}), &[]),
        "match": {"type": "array", "items": exactly(traffic, &[])},
        "pluginConfig": document,
    });
    exactly(properties, &["url"])
}
