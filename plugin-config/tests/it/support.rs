//! What the tests share.

use attache_plugin_config::{Config, Diagnostics, parse};
use serde_json::{Value, json};
use std::path::Path;

/// Parses a document that is given as a value.
pub(crate) fn read(document: &Value) -> Result<Config, Diagnostics> {
    parse(document.to_string().as_bytes())
}

/// Every error of a document, as place and message; a test that expects errors fails here where
/// there is none.
pub(crate) fn errors(document: &Value) -> Vec<(String, String)> {
    match read(document) {
        Ok(_) => panic!("accepted: {document}"),
        Err(errors) => {
            errors.iter().map(|error| (error.path.to_string(), error.message.clone())).collect()
        }
    }
}

/// The document is refused for this one reason.
#[track_caller]
pub(crate) fn refuses(document: &Value, at: &str, message: &str) {
    assert_eq!(errors(document), [(at.to_owned(), message.to_owned())], "{document}");
}

/// The document is accepted.
#[track_caller]
pub(crate) fn accepts(document: &Value) -> Config {
    read(document).unwrap_or_else(|errors| panic!("{errors}\n{document}"))
}

/// YAML as a JSON value.
pub(crate) fn from_yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// Every resource in the folders of manifests, with the path of its file.
pub(crate) fn manifests() -> Vec<(String, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut manifests = Vec::new();
    let mut places =
        vec![root.join("istio"), root.join("e2e/kind/manifests"), root.join("examples")];
    while let Some(place) = places.pop() {
        if place.is_dir() {
            places.extend(
                std::fs::read_dir(&place)
                    .expect("a folder")
                    .map(|entry| entry.expect("an entry").path()),
            );
        } else if place.extension().is_some_and(|extension| extension == "yaml") {
            let name =
                place.strip_prefix(&root).expect("a path below the root").display().to_string();
            let text = std::fs::read_to_string(&place).expect("a manifest's text");
            let documents: Vec<Value> = serde_saphyr::from_multiple(&text)
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            manifests.extend(documents.into_iter().map(|document| (name.clone(), document)));
        }
    }
    manifests
}

/// The examples, by name.
pub(crate) fn examples() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut examples: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of examples")
        .map(|entry| entry.expect("an example").path())
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, from_yaml(&std::fs::read_to_string(path).expect("an example's text")))
        })
        .collect();
    examples.sort_by(|one, other| one.0.cmp(&other.0));
    examples
}

/// A public key that no algorithm is named for.
pub(crate) fn key() -> Value {
    json!({
        "kty": "EC", "kid": "one", "crv": "P-256",
        "x": "FZLiFSSCtvwuPi1W5roYf5cwosmQwqat6UTdqeeFmec",
        "y": "hfplhPOtl7QLxNMkKgsPc1BTUvYcuanY7IaSf-0xVf4",
    })
}

/// The least document, with the given keys laid over its issuer.
pub(crate) fn with_issuer(keys: Value) -> Value {
    let mut issuer =
        json!({"name": "tyk", "issuer": "https://tyk.example", "jwks": {"keys": [key()]}});
    lay_over(&mut issuer, keys);
    json!({"issuers": [issuer]})
}

/// The least document with a policy of one rule, with the given keys laid over the rule.
pub(crate) fn with_rule(keys: Value) -> Value {
    let mut rule = json!({"name": "read"});
    lay_over(&mut rule, keys);
    let mut document = with_issuer(json!({"roleClaims": [{"claim": "roles"}]}));
    lay_over(&mut document, json!({"policies": [{"name": "orders", "rules": [rule]}]}));
    document
}

/// The least document with the given keys laid over its root.
pub(crate) fn with_root(keys: Value) -> Value {
    let mut document = with_issuer(json!({}));
    lay_over(&mut document, keys);
    document
}

/// The keys beside those of an object, or in their place; one that is given as `null` is removed,
/// but for `issuer`, which may be `null`.
pub(crate) fn lay_over(base: &mut Value, keys: Value) {
    let (Value::Object(base), Value::Object(keys)) = (base, keys) else {
        panic!("both are objects")
    };
    for (key, value) in keys {
        let removed = value.is_null() && key != "issuer";
        if removed {
            base.remove(&key)
        } else {
            base.insert(key, value)
        };
    }
}
