//! The WasmPlugin under test.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A WasmPlugin as `istio/` has it, with what tests change.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The module's image.
    pub url: String,
    /// What the module's bytes must hash to, beyond what the image's digest says.
    pub sha256: Option<String>,
    /// The environment of its VM.
    pub environment: BTreeMap<String, String>,
    /// The workload that it is for, by the label `app`; absent: all of the namespace.
    pub app: Option<String>,
    /// The filter's configuration.
    pub configuration: Value,
}

impl Plugin {
    /// The plugin of the sample services' namespace, for one of them.
    pub fn for_app(app: &str, url: &str, configuration: Value) -> Self {
        Self {
            namespace: super::SHOP.into(),
            name: "attache".into(),
            url: url.into(),
            sha256: None,
            environment: BTreeMap::new(),
            app: Some(app.into()),
            configuration,
        }
    }

    /// The resource.
    pub fn manifest(&self) -> Value {
        let mut spec = Map::new();
        let mut set = |name: &str, value: Value| spec.insert(name.to_owned(), value);
        set("url", self.url.clone().into());
        set("imagePullPolicy", "IfNotPresent".into());
        set("phase", "AUTHN".into());
        set("match", json!([{"mode": "SERVER"}]));
        set("failStrategy", "FAIL_CLOSE".into());
        set("pluginConfig", self.configuration.clone());
        if let Some(sha256) = &self.sha256 {
            set("sha256", sha256.clone().into());
        }
        if let Some(app) = &self.app {
            set("selector", json!({"matchLabels": {"app": app}}));
        }
        if !self.environment.is_empty() {
            let entries =
                self.environment.iter().map(|(name, value)| json!({"name": name, "value": value}));
            set("vmConfig", json!({"env": entries.collect::<Vec<_>>()}));
        }
        json!({
            "apiVersion": "extensions.istio.io/v1alpha1",
            "kind": "WasmPlugin",
            "metadata": {"name": self.name, "namespace": self.namespace, "labels": {"attache.kind/made-by": "up"}},
            "spec": spec,
        })
    }
}
