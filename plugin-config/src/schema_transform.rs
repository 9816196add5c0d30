//! What types change of the JSON Schema that is derived of them.

use schemars::Schema;
use serde_json::Value;

/// Lists the words of an enum, without what the doc comment of each says: the description of the
/// key that takes them does.
pub(crate) fn words_alone(schema: &mut Schema) {
    if let Some(Value::Array(variants)) = schema.remove("oneOf") {
        let words = variants
            .into_iter()
            .filter_map(|mut variant| variant.get_mut("const").map(Value::take));
        schema.insert("enum".to_owned(), words.collect());
        schema.insert("type".to_owned(), "string".into());
    }
}

/// Adds the name that reading knows by an alias alone.
pub(crate) fn add_ed25519(schema: &mut Schema) {
    if let Some(Value::Array(names)) = schema.get_mut("enum") {
        names.push("Ed25519".into());
    }
}
