//! The JSON Schema of a file of assertions.

use serde_json::{Map, Value, json};

/// What a scope has in common with a rule.
const FIELDS: [&str; 4] = ["to", "from", "roles", "when"];

/// The definitions that these refer to.
const DEFINITIONS: [&str; 8] = [
    "Claim",
    "Condition",
    "Operation",
    "PolicyPaths",
    "Roles",
    "Scalar",
    "Source",
    "TrailingSlash",
];

/// Returns the schema, given that of the configuration: what is said of requests is said as there.
pub(crate) fn schema(configuration: &Value) -> Value {
    let at = |pointer: &str| configuration.pointer(pointer).cloned().unwrap_or_default();
    let of_rule = |key: &&str| ((*key).to_owned(), at(&format!("/$defs/Rule/properties/{key}")));
    let mut scope: Map<String, Value> = FIELDS.iter().map(of_rule).collect();
    scope.insert(
        "token".to_owned(),
        json!({"description": "NONE: requests without a token. GOOD: with a good one. Absent: both.", "enum": ["NONE", "GOOD"]}),
    );
    let mut assertion = scope.clone();
    let mut add = |key: &str, value: Value| _ = assertion.insert(key.to_owned(), value);
    add("name", json!({"description": "What it says, in words.", "type": "string"}));
    add(
        "expect",
        json!({"description": "What must become of each of these requests.", "enum": ["ALLOWED", "REFUSED"]}),
    );
    add("paths", at("/$defs/Policy/properties/paths"));
    add(
        "unless",
        json!({"description": "The requests that it does not speak of.", "type": "object",
            "additionalProperties": false, "minProperties": 1, "properties": scope}),
    );
    let configuration_form = json!({"description": "The configuration, or the path of its file from this file's folder.",
        "oneOf": [{"type": "string"}, {"type": "object"}]});
    let workload = json!({
        "description": "The workload that is asked. Absent: every one that a policy applies to.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "namespace": {"type": "string"},
            "name": {"type": "string"},
            "serviceAccount": {"type": "string"},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    });
    let definition = |name: &&str| ((*name).to_owned(), at(&format!("/$defs/{name}")));
    json!({
        "$schema": at("/$schema"),
        "$id": "urn:attache:schema:assertions",
        "title": "Assertions about all requests",
        "type": "object",
        "additionalProperties": false,
        "required": ["assertions"],
        "properties": {
            "title": {"type": "string"},
            "configuration": configuration_form,
            "workload": workload,
            "assertions": {"type": "array", "minItems": 1, "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["name", "expect"],
                "properties": assertion,
            }},
        },
        "$defs": DEFINITIONS.iter().map(definition).collect::<Map<_, _>>(),
    })
}
