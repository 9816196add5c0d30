//! The schema of the values of the chart `attache`, by which Helm refuses what is misspelled:
//! `charts/attache/values.schema.json`.

use super::json_schema::{Parts, exactly, pretty};
use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::path::Path;

/// As registries name them; what else would stand there could be another line of what is rendered.
const REPOSITORY: &str = r"^[A-Za-z0-9._:\[\]-]+(/[A-Za-z0-9._-]+)+(:[A-Za-z0-9._-]+)?$";

/// Returns the schema of the chart's values, with that of the filter's configuration as `config`.
///
/// # Errors
/// The configuration's schema lacks a part, or has a regular expression that Helm can't read.
pub(super) fn text(_: &Path) -> Result<String> {
    let mut configuration = attache_plugin_config::schema();
    without_lookahead(&mut configuration)?;
    let Parts { dialect, definitions, document, .. } = Parts::of(configuration)?;
    let mut schema = exactly(values(&document), &["image", "failStrategy", "config", "monitoring"]);
    let more = [
        // A WasmPlugin takes one of the two.
        (
            "not",
            json!({"properties": {"selector": {"minProperties": 1}, "targetRefs": {"minItems": 1}}}),
        ),
        ("$schema", dialect),
        ("$defs", definitions),
    ];
    if let Some(members) = schema.as_object_mut() {
        members.extend(more.map(|(key, value)| (key.to_owned(), value)));
    }
    Ok(pretty(&schema))
}

fn values(configuration: &Value) -> Value {
    let text = json!({"type": "string"});
    let flag = json!({"type": "boolean"});
    let labels = json!({"type": "object", "additionalProperties": text});
    let name =
        json!({"type": "string", "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$", "maxLength": 63});
    let target = json!({"group": text, "kind": text, "name": text, "namespace": text});
    let image = json!({
        "repository": {"type": "string", "pattern": REPOSITORY},
        "digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
        "pullSecret": name,
    });
    let telemetry = json!({
        "enabled": flag,
        "accessLogProvider": {"type": "string", "minLength": 1},
        "tracingProvider": text,
        "samplingPercentage": {"type": "number", "minimum": 0, "maximum": 100},
        "reasonsInTraces": flag,
    });
    let monitoring =
        json!({"podMonitor": flag, "alerts": flag, "dashboard": flag, "labels": labels});
    json!({
        "image": exactly(image, &["repository", "digest"]),
        "name": name,
        "selector": labels,
        "targetRefs": {"type": "array", "items": exactly(target, &["kind", "name"])},
        "failStrategy": {"enum": ["FAIL_CLOSE", "FAIL_RELOAD"]},
        "hostEnvironment": {"type": "array", "items": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}},
        "config": configuration,
        // Helm takes away what is null, and its default with it.
        "telemetry": exactly(telemetry, &["accessLogProvider", "samplingPercentage"]),
        "monitoring": exactly(monitoring, &[]),
        // Of Helm itself, for charts that have this one among their dependencies.
        "global": {"type": "object"},
    })
}

/// Rewrites what Helm can't read: its regular expressions are Go's, which have no lookahead.
/// `(?=.)` is a length of at least 1.
///
/// # Errors
/// A pattern has another lookahead or lookbehind.
fn without_lookahead(schema: &mut Value) -> Result<()> {
    match schema {
        Value::Array(items) => items.iter_mut().try_for_each(without_lookahead),
        Value::Object(members) => {
            members.values_mut().try_for_each(without_lookahead)?;
            let Some(pattern) = members.get("pattern").and_then(Value::as_str) else {
                return Ok(());
            };
            let readable = pattern.replace("(?=.)", "");
            if ["(?=", "(?!", "(?<"].iter().any(|ahead| readable.contains(ahead)) {
                bail!("Helm can't read the pattern `{pattern}`: say it otherwise in plugin-config");
            }
            if readable != pattern {
                members.insert("pattern".to_owned(), readable.into());
                members.insert("minLength".to_owned(), 1.into());
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookahead_for_anything_becomes_a_length() {
        let mut schema = json!({"items": [{"type": "string", "pattern": "^(?=.)a*$"}]});
        without_lookahead(&mut schema).unwrap();
        assert_eq!(
            schema,
            json!({"items": [{"type": "string", "pattern": "^a*$", "minLength": 1}]})
        );
    }

    #[test]
    fn another_lookahead_is_an_error_that_names_the_pattern() {
        let error =
            without_lookahead(&mut json!({"a": {"pattern": "^(?!b)"}})).unwrap_err().to_string();
        assert!(error.contains("`^(?!b)`"), "{error}");
    }

    #[test]
    fn a_property_of_the_name_pattern_is_no_pattern() {
        let mut schema = json!({"properties": {"pattern": {"type": "string"}}});
        without_lookahead(&mut schema).unwrap();
        assert_eq!(schema, json!({"properties": {"pattern": {"type": "string"}}}));
    }
}
