//! The JSON Schema of the filter's configuration: `plugin-config/schema.json`.

use anyhow::Result;
use serde_json::Value;
use std::path::Path;

/// Returns the schema that the types of `plugin-config` make.
///
/// # Errors
/// None; its siblings have some.
pub(super) fn text(_: &Path) -> Result<String> {
    Ok(pretty(&attache_plugin_config::schema()))
}

/// Writes JSON as all generated schemas are: keys sorted, indented by two spaces.
pub(super) fn pretty(schema: &Value) -> String {
    format!("{schema:#}\n")
}

/// The configuration's schema taken apart, to be a part of another.
pub(super) struct Parts {
    /// The dialect of JSON Schema.
    pub(super) dialect: Value,
    /// The name of the schema.
    pub(super) id: String,
    /// The named schemas that the document refers to.
    pub(super) definitions: Value,
    /// What is left: the schema of the document itself.
    pub(super) document: Value,
}

impl Parts {
    /// Takes a configuration's schema apart.
    ///
    /// # Errors
    /// It is no object, or lacks one of the parts.
    pub(super) fn of(mut schema: Value) -> Result<Self> {
        let mut take = |key: &str| {
            let part = schema.as_object_mut().and_then(|members| members.remove(key));
            part.ok_or_else(|| anyhow::anyhow!("the configuration's schema has no `{key}`"))
        };
        let (dialect, id, definitions) = (take("$schema")?, take("$id")?, take("$defs")?);
        let id = id.as_str().unwrap_or_default().to_owned();
        Ok(Self { dialect, id, definitions, document: schema })
    }
}

/// Returns the schema of an object that has these properties and no others, of which some are
/// required: a misspelled one would change nothing, and nobody would know.
pub(super) fn exactly(properties: Value, required: &[&str]) -> Value {
    let mut schema = serde_json::json!({"type": "object", "additionalProperties": false, "properties": properties});
    if let (Some(members), false) = (schema.as_object_mut(), required.is_empty()) {
        members.insert("required".to_owned(), required.into());
    }
    schema
}
