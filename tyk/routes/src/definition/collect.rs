//! Finds definitions among documents: bare, in lists as the gateway's API gives them, and in
//! Kubernetes resources.

use super::operation::EXTENSION;
use super::{Api, classic, oas};
use crate::gap::Place;
use attache_config_reader::{Diagnostic, Path};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::cell::RefCell;

/// A document that may hold definitions.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it holds.
    pub value: Value,
    /// Whether it was named, and must hold a definition.
    pub is_named: bool,
}

/// What documents hold.
#[derive(Debug, Default)]
pub struct Definitions {
    /// The APIs, in the order in which they were found.
    pub apis: Vec<Api>,
    /// What is wrong, and in which document.
    pub problems: Vec<(usize, Diagnostic)>,
}

impl Definitions {
    /// Reads documents. A classic definition that only announces an OAS definition (`is_oas`) is
    /// left out where that is among them.
    #[must_use]
    pub fn read(documents: &[Document]) -> Self {
        let mut found = Self::default();
        let mut announced = Vec::new();
        for (index, document) in documents.iter().enumerate() {
            let mut search =
                Search { documents, index, found: &mut found, announced: &mut announced, count: 0 };
            search.value(&document.value, &Path::default());
            if search.count == 0 && document.is_named {
                let message = "no API definition of Tyk; name a classic or an OAS definition, or a resource that has one";
                found.problems.push((index, Diagnostic::error(Path::default(), message)));
            }
        }
        for api in announced {
            if !found.apis.iter().any(|known| known.id == api.id) {
                found.apis.push(api);
            }
        }
        for api in &found.apis {
            let twins = found.apis.iter().filter(|other| other.id == api.id);
            if twins.count() > 1 && !api.id.is_empty() {
                let message =
                    format!("another API has the id `{}` too; Tyk keeps one of them", api.id);
                found
                    .problems
                    .push((api.place.document, Diagnostic::error(api.place.path.clone(), message)));
            }
        }
        found
    }
}

struct Search<'s> {
    documents: &'s [Document],
    index: usize,
    found: &'s mut Definitions,
    announced: &'s mut Vec<Api>,
    /// How many were found.
    count: usize,
}

impl Search<'_> {
    fn value(&mut self, value: &Value, path: &Path) {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &path.clone().index(index));
                }
            }
            Value::Object(_) => self.object(value, path),
            _ => {}
        }
    }

    fn object(&mut self, value: &Value, path: &Path) {
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("kind").ends_with("List")
            && let Some(items) = value.get("items")
        {
            self.value(items, &path.clone().key("items"));
        } else if text("apiVersion").starts_with("tyk.tyk.io/") {
            self.resource(value, path);
        } else if value.get(EXTENSION).is_some() {
            self.add(value, path.clone(), oas::read, None);
        } else if value.get("proxy").is_some_and(|proxy| proxy.get("listen_path").is_some()) {
            self.add(value, path.clone(), classic::read, None);
        }
    }

    fn resource(&mut self, value: &Value, path: &Path) {
        match value.get("kind").and_then(Value::as_str) {
            Some("ApiDefinition") => {
                if let Some(spec) = value.get("spec") {
                    self.add(
                        spec,
                        path.clone().key("spec"),
                        classic::read,
                        Some(operator_id(value)),
                    );
                }
            }
            Some("TykOasApiDefinition") => self.referenced(value, path),
            _ => {}
        }
    }

    /// Reads the OAS definition that a resource names in a ConfigMap.
    fn referenced(&mut self, value: &Value, path: &Path) {
        self.count = self.count.saturating_add(1);
        let reference = value.pointer("/spec/tykOAS/configmapRef");
        let text = |key: &str| reference.and_then(|reference| reference.get(key)?.as_str());
        let namespace =
            text("namespace").or_else(|| value.pointer("/metadata/namespace")?.as_str());
        let at = path.clone().key("spec").key("tykOAS").key("configmapRef");
        let (Some(name), Some(key)) = (text("name"), text("keyName")) else {
            return self.problem(at, "needs `name` and `keyName` of a ConfigMap".to_owned());
        };
        let Some(content) = self.config_map(name, namespace, key) else {
            let message = format!(
                "the ConfigMap `{name}` with the key `{key}` is not among the documents; add it"
            );
            return self.problem(at, message);
        };
        match serde_json::from_str::<Value>(&content) {
            Ok(document) => self.add(&document, path.clone(), oas::read, Some(operator_id(value))),
            Err(error) => {
                self.problem(at, format!("what the ConfigMap `{name}` holds is not JSON: {error}"))
            }
        }
    }

    fn config_map(&self, name: &str, namespace: Option<&str>, key: &str) -> Option<String> {
        let all = self.documents.iter().flat_map(|document| flat(&document.value));
        let mut maps = all.filter(|value| {
            let metadata =
                |key: &str| value.pointer(&format!("/metadata/{key}")).and_then(Value::as_str);
            value.get("kind").and_then(Value::as_str) == Some("ConfigMap")
                && metadata("name") == Some(name)
                && (namespace.is_none()
                    || metadata("namespace").is_none()
                    || metadata("namespace") == namespace)
        });
        Some(maps.next()?.get("data")?.get(key)?.as_str()?.to_owned())
    }

    fn add(
        &mut self,
        value: &Value,
        path: Path,
        read: fn(&Value, Place, &RefCell<Vec<Diagnostic>>) -> Api,
        id: Option<String>,
    ) {
        self.count = self.count.saturating_add(1);
        let problems = RefCell::default();
        let mut api = read(value, Place { document: self.index, path: path.clone() }, &problems);
        let problems = problems.into_inner();
        self.found.problems.extend(problems.into_iter().map(|problem| (self.index, problem)));
        if api.id.is_empty() {
            api.id = id.unwrap_or_default();
        }
        if api.id.is_empty() {
            return self.problem(
                path,
                "the API has no id; give it `api_id`, in an OAS definition `info.id`".to_owned(),
            );
        }
        let is_announcement = value.get("is_oas").and_then(Value::as_bool) == Some(true);
        if is_announcement { self.announced.push(api) } else { self.found.apis.push(api) }
    }

    fn problem(&mut self, path: Path, message: String) {
        self.found.problems.push((self.index, Diagnostic::error(path, message)));
    }
}

/// Returns a document, or the entries of the list that it is.
fn flat(value: &Value) -> Vec<&Value> {
    match value.get("items").and_then(Value::as_array) {
        Some(items) => items.iter().collect(),
        None => vec![value],
    }
}

/// Returns the id that the operator gives an API whose definition has none.
fn operator_id(resource: &Value) -> String {
    let text = |pointer: &str| resource.pointer(pointer).and_then(Value::as_str);
    let known = text("/status/api_id").or_else(|| text("/status/id"));
    let namespace = text("/metadata/namespace").unwrap_or("default");
    let name = text("/metadata/name").unwrap_or_default();
    known.map_or_else(|| URL_SAFE_NO_PAD.encode(format!("{namespace}/{name}")), str::to_owned)
}
