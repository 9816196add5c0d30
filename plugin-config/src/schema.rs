//! The JSON Schema of the document, made from the types that read it.

use crate::document::{
    ClaimDocument, CookieFormDocument, CookieLocationDocument, Document, KeySetDocument, Nullable,
    ScalarDocument,
};
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use std::borrow::Cow;

/// Returns the JSON Schema (draft 2020-12) of a document. It knows form only: contradictions are
/// for [`parse`](crate::parse) to find.
///
/// ```
/// let schema = attache_plugin_config::schema();
/// assert_eq!(schema["required"], serde_json::json!(["issuers"]));
/// ```
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(refuse_null));
    let mut schema = settings.into_generator().into_root_schema_for::<Document>();
    schema.insert("$id".to_owned(), ID.into());
    schema.to_value()
}

/// What other schemas and editors call this one. A name, not a place: it is wherever the repository
/// is.
const ID: &str = "urn:attache:schema:plugin-config";

/// Takes `null` out of what schemars says of an `Option`: a key that may be left out may not be
/// `null`. It writes `"type": [T, "null"]` or `"anyOf": [T, {"type": "null"}]`; what may be `null`
/// has `oneOf`.
fn refuse_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(mut alternatives)) = schema.remove("anyOf") {
        alternatives
            .retain(|alternative| alternative.get("type").is_none_or(|name| name != "null"));
        match alternatives.as_slice() {
            [Value::Object(only)] => only.iter().for_each(|(key, value)| {
                schema.ensure_object().entry(key.clone()).or_insert_with(|| value.clone());
            }),
            _ => {
                schema.insert("anyOf".to_owned(), Value::Array(alternatives));
            }
        }
    }
}

impl JsonSchema for Nullable {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Nullable".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"oneOf": [{"type": "string"}, {"type": "null"}]})
    }
}

impl JsonSchema for ClaimDocument {
    fn schema_name() -> Cow<'static, str> {
        "Claim".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A claim: `realm_access.roles`, or a list that names each step literally: \
                            `[\"https://example.com/roles\"]`.",
            "oneOf": [
                {"type": "string", "pattern": r"^[^.\[\]{}]+(\.[^.\[\]{}]+){0,15}$"},
                {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 256},
                 "minItems": 1, "maxItems": 16},
            ],
        })
    }
}

impl JsonSchema for CookieLocationDocument {
    fn schema_name() -> Cow<'static, str> {
        "Cookie".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let form = generator.subschema_for::<CookieFormDocument>();
        json_schema!({
            "description": "A cookie that may carry a token, by its name or as an object.",
            "oneOf": [{"type": "string", "minLength": 1, "maxLength": 256}, form],
        })
    }
}

impl JsonSchema for ScalarDocument {
    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A value to compare a claim with. Types must be the same: `\"1\"` is not `1`, unless that is \
                            against the caller.",
            "type": ["string", "number", "boolean"],
        })
    }
}

impl JsonSchema for KeySetDocument {
    fn schema_name() -> Cow<'static, str> {
        "KeySet".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Public keys: a JWK set (RFC 7517), a single JWK or certificates in PEM by `kid`, each as an \
                            object or as JSON in a string, or PEM. Keys that cannot be used are left out with a warning.",
            "oneOf": [
                {"type": "string", "minLength": 1},
                {
                    "type": "object",
                    "required": ["keys"],
                    "properties": {"keys": {"type": "array", "minItems": 1, "items": {"type": "object"}}},
                },
                {
                    "type": "object",
                    "anyOf": [{"required": ["kty"]}, {"required": ["x5c"]}],
                    "not": {"required": ["keys"]},
                    "properties": {"kty": {"enum": ["RSA", "EC", "OKP"]}, "kid": {"type": "string"}},
                },
                {
                    "type": "object",
                    "not": {"anyOf": [{"required": ["keys"]}, {"required": ["kty"]}, {"required": ["x5c"]}]},
                    "minProperties": 1,
                },
            ],
        })
    }
}
