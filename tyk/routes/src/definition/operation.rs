//! Where an OAS document says what Tyk is to do, and of which operation.

use serde_json::Value;

/// Where Tyk's part of the document stands.
pub(super) const EXTENSION: &str = "x-tyk-api-gateway";

/// Returns the path and the method of an operation.
pub(super) fn find(document: &Value, id: &str) -> Option<(String, String)> {
    let paths = document.get("paths")?.as_object()?;
    paths.iter().find_map(|(path, item)| {
        let operations = item.as_object()?.iter();
        let mut named = operations
            .filter(|(_, operation)| operation.get("operationId").and_then(Value::as_str) == Some(id));
        named.next().map(|(method, _)| (path.clone(), method.to_ascii_uppercase()))
    })
}
