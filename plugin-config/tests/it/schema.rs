//! The JSON Schema: as checked in, and as strict as it says.

use crate::support::{examples, from_yaml, key, manifests, with_issuer, with_rule};
use attache_plugin_config::schema;
use serde_json::{Value, json};
use std::path::Path;

#[test]
fn the_schema_that_is_checked_in_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.json");
    let made = format!("{:#}\n", schema());
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        made == kept,
        "plugin-config/schema.json is not what the types say: run cargo xtask generate"
    );
}

fn is_valid(document: &Value) -> bool {
    jsonschema::validator_for(&schema()).expect("the schema is one").is_valid(document)
}

#[test]
fn every_example_fits_the_schema() {
    let validator = jsonschema::validator_for(&schema()).expect("the schema is one");
    for (name, document) in examples() {
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

/// The schema that the first line of a file names for editors.
fn named_schema(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the file's text");
    let named =
        text.lines().next().and_then(|line| line.strip_prefix("# yaml-language-server: $schema="));
    let named =
        named.unwrap_or_else(|| panic!("{}: the first line names no schema", path.display()));
    let place = path.parent().expect("a folder").join(named);
    let schema = std::fs::read_to_string(&place)
        .unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    serde_json::from_str(&schema).expect("JSON")
}

#[test]
fn every_example_names_a_schema_for_editors_that_it_fits() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let examples =
        std::fs::read_dir(root.join("plugin-config/examples")).expect("the folder of examples");
    let mut files: Vec<_> = examples.map(|entry| entry.expect("an example").path()).collect();
    let plugins = manifests().into_iter().filter(|(name, document)| {
        document["kind"] == "WasmPlugin" && name.ends_with("wasmplugin.yaml")
    });
    files.extend(plugins.map(|(name, _)| root.join(name)));
    files.push(root.join("e2e/demo/plugin-config.yaml"));
    assert!(files.len() >= 17, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("the file's text");
        let mut document = from_yaml(&text);
        let validator = jsonschema::validator_for(&named_schema(&file)).expect("the schema is one");
        let errors: Vec<_> =
            validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
        document["isuers"] = json!([]);
        assert!(!validator.is_valid(&document), "{}: a misspelled key fits", file.display());
    }
}

/// The values as they come fit no schema: image and configuration are for the reader to fill in.
#[test]
fn the_values_of_the_charts_name_their_schema_for_editors() {
    for chart in ["attache", "attache-issuer"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../charts").join(chart);
        assert!(
            named_schema(&folder.join("values.yaml"))["properties"]["image"].is_object(),
            "{chart}"
        );
    }
}

#[test]
fn a_mistake_in_the_configuration_of_a_plugin_does_not_fit_its_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("wasmplugin.schema.json");
    let schema: Value =
        serde_json::from_str(&std::fs::read_to_string(path).expect("the schema")).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let plugin = |configuration: Value| {
        json!({
            "apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin", "metadata": {"name": "attache"},
            "spec": {"url": "oci://registry.example/attache", "pluginConfig": configuration},
        })
    };
    assert!(validator.is_valid(&plugin(with_issuer(json!({})))));
    assert!(!validator.is_valid(&plugin(with_issuer(json!({"isuer": "x"})))));
}

#[test]
fn a_mistake_of_form_does_not_fit_the_schema() {
    assert!(is_valid(&with_issuer(json!({}))));
    for document in [
        json!({}),
        json!({"issuers": []}),
        json!({"issuers": null}),
        json!({"issuers": [{"issuer": "x", "jwks": {"keys": [key()]}}]}),
        with_issuer(json!({"isuer": "x"})),
        with_issuer(json!({"name": "Tyk"})),
        with_issuer(json!({"clockSkew": "1 minute"})),
        with_issuer(json!({"clockSkew": ""})),
        with_issuer(json!({"algorithms": ["none"]})),
        with_issuer(json!({"algorithms": []})),
        with_issuer(json!({"jwks": {"keys": [7]}})),
        with_rule(json!({"action": "allow"})),
        with_rule(json!({"to": [{}]})),
        with_rule(json!({"when": [{"claim": "sub"}]})),
        with_rule(json!({"when": [{"claim": "a..b", "exists": true}]})),
        with_rule(json!({"to": [{"ports": ["80"]}]})),
    ] {
        assert!(!is_valid(&document), "{document}");
    }
}

/// As the reader refuses it, but for the `issuer` of tokens without `iss`.
#[test]
fn null_does_not_fit_the_schema() {
    let mut document = with_issuer(json!({"issuer": null}));
    assert!(is_valid(&document));
    let kept = schema().to_string();
    assert_eq!(kept.matches(r#""null""#).count(), 1, "only `issuer` may be null: {kept}");
    document["issuers"][0]["audiences"] = json!(null);
    assert!(!is_valid(&document));
    let mut document = with_rule(json!({"roles": {"anyOf": ["a"]}}));
    assert!(is_valid(&document));
    document["policies"][0]["rules"][0]["roles"] = json!(null);
    assert!(!is_valid(&document));
}

#[test]
fn every_key_is_described() {
    let schema = schema();
    let mut objects = vec![("the document", &schema)];
    objects.extend(
        schema["$defs"]
            .as_object()
            .expect("definitions")
            .iter()
            .map(|(name, node)| (&**name, node)),
    );
    for (name, object) in objects {
        assert!(object["description"].is_string(), "{name} has no description");
        for (key, property) in object["properties"].as_object().into_iter().flatten() {
            let described = property["description"].is_string() || property["$ref"].is_string();
            assert!(described, "{name}.{key} has no description");
        }
        if object["type"] == "object" {
            assert_eq!(object["additionalProperties"], false, "{name} takes unknown keys");
        }
    }
}
