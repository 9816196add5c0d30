//! The definitions.

use attache_tyk_routes::definition::{Definitions, Document};
use attache_tyk_routes::gateway::Gateway;
use attache_tyk_routes::mesh::Mesh;
use attache_tyk_routes::{Settings, render};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A gateway and its definitions.
pub(crate) struct Scenario {
    pub(crate) name: String,
    /// What is special about the gateway.
    pub(crate) conf: Value,
    pub(crate) documents: Vec<Value>,
    pub(crate) gateway: Gateway,
    pub(crate) mesh: Mesh,
}

pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

/// Reads a file of the corpus.
fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads every gateway.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(folder("corpus")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.iter().map(|folder| scenario(folder)).collect()
}

fn scenario(folder: &Path) -> Scenario {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let is_conf = |path: &&PathBuf| path.file_name().unwrap() == "tyk.json";
    let conf = files.iter().find(is_conf).map_or_else(|| serde_json::json!({}), |path| json(path));
    let documents: Vec<Value> =
        files.iter().filter(|path| !is_conf(path)).map(|path| json(path)).collect();
    let settings = Settings::read(&conf).unwrap();
    let named: Vec<Document> =
        documents.iter().map(|value| Document { value: value.clone(), is_named: false }).collect();
    let definitions = Definitions::read(&named);
    assert!(definitions.problems.is_empty(), "{}: {:?}", folder.display(), definitions.problems);
    let gateway = Gateway::new(definitions.apis, settings);
    let mesh = Mesh::behind(&gateway);
    let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
    Scenario { name, conf, documents, gateway, mesh }
}

impl Scenario {
    /// Returns the definitions as Tyk is given them: those of Kubernetes without their resource.
    pub(crate) fn definitions(&self) -> Vec<Value> {
        let found = self.documents.iter().filter_map(|document| match document["kind"].as_str() {
            Some("ApiDefinition") => {
                let mut spec = document["spec"].clone();
                let apis =
                    Definitions::read(&[Document { value: document.clone(), is_named: true }]).apis;
                spec["api_id"] = apis[0].id.clone().into();
                Some(spec)
            }
            Some("TykOasApiDefinition") => None,
            Some("ConfigMap") => {
                let content = document["data"].as_object().unwrap().values().next().unwrap();
                Some(serde_json::from_str(content.as_str().unwrap()).unwrap())
            }
            _ => Some(document.clone()),
        });
        found.collect()
    }

    /// Returns how many APIs there are.
    pub(crate) fn count(&self) -> usize {
        let named: Vec<Document> = self
            .documents
            .iter()
            .map(|value| Document { value: value.clone(), is_named: false })
            .collect();
        Definitions::read(&named).apis.len()
    }

    pub(crate) fn virtual_services(&self) -> render::Rendered {
        render::virtual_services(&self.mesh, &render::Options::default())
    }

    pub(crate) fn http_routes(&self) -> render::Rendered {
        render::http_routes(&self.mesh, &render::Options::default())
    }
}
