//! Where an OAS document says what Tyk is to do, and of which operation.

use super::Operation;
use serde_json::Value;

/// The keys of a path item that are operations (OpenAPI 3.0 section 4.7.9).
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Where Tyk's part of the document stands.
pub(super) const EXTENSION: &str = "x-tyk-api-gateway";

/// Returns the path and the method of an operation.
pub(super) fn find(document: &Value, id: &str) -> Option<(String, String)> {
    let paths = document.get("paths")?.as_object()?;
    paths.iter().find_map(|(path, item)| {
        let operations = item.as_object()?.iter();
        let mut named = operations.filter(|(_, operation)| {
            operation.get("operationId").and_then(Value::as_str) == Some(id)
        });
        named.next().map(|(method, _)| (path.clone(), method.to_ascii_uppercase()))
    })
}

/// Returns the operations of a document, whether or not Tyk's part of it says something of them.
pub(super) fn all(document: &Value) -> Vec<Operation> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    let mut operations = Vec::new();
    for (path, item) in paths {
        let keys = item.as_object().into_iter().flatten().map(|(key, _)| key);
        for method in keys.filter(|key| METHODS.contains(&key.as_str())) {
            operations.push(Operation { path: path.clone(), method: method.to_ascii_uppercase() });
        }
    }
    operations
}
