//! The Kubernetes resources that carry a configuration.

use attache_config_reader::{Node, Path, Step, quote, suggestion};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Makes the kinds, and how a resource says that it is one, of one list.
macro_rules! kinds {
    ($($(#[$doc:meta])+ $name:ident = $group:literal;)+) => {
        /// The kinds that carry a configuration.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind {
            $($(#[$doc])+ $name,)+
        }

        impl Kind {
            /// All of them.
            pub(super) const ALL: &[Self] = &[$(Self::$name),+];

            /// Returns the API group of the kind.
            pub(crate) const fn group(self) -> &'static str {
                match self {
                    $(Self::$name => $group,)+
                }
            }

            /// Returns the kind of a resource; `None` where it is no such kind.
            fn of(resource: &Node) -> Option<Self> {
                let group = text(resource.get("apiVersion")?)?.split('/').next()?;
                let kind = text(resource.get("kind")?)?;
                Self::ALL.iter().copied().find(|known| known.group() == group && known.name() == kind)
            }

            /// Returns the name of the kind.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }
        }
    };
}

kinds! {
    /// Of Istio.
    WasmPlugin = "extensions.istio.io";
    /// Of Istio 1.30 and newer.
    TrafficExtension = "extensions.istio.io";
    /// Of Envoy Gateway.
    EnvoyExtensionPolicy = "gateway.envoyproxy.io";
}

impl Kind {
    /// Returns whether Istio reads it, and with it `phase` and `match`.
    pub(crate) const fn is_of_istio(self) -> bool {
        match self {
            Self::WasmPlugin | Self::TrafficExtension => true,
            Self::EnvoyExtensionPolicy => false,
        }
    }

    /// Returns the key under which a module's configuration stands.
    const fn configuration_key(self) -> &'static str {
        match self {
            Self::WasmPlugin | Self::TrafficExtension => "pluginConfig",
            Self::EnvoyExtensionPolicy => "config",
        }
    }
}

/// A resource, and one module that it loads.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// Its kind.
    pub(crate) kind: Kind,
    /// Where in the resource it says which module to load: `spec`, `spec.wasm` or `spec.wasm[0]`.
    module: Path,
    /// Where it stands in its document: at the root, or in a list.
    pub(crate) path: Path,
    /// All of the resource.
    node: Rc<Node>,
}

impl Resource {
    /// Returns one for each module that a resource loads; none for a resource of another kind.
    pub(super) fn of(node: &Node, path: &Path) -> Vec<Self> {
        let Some(kind) = Kind::of(node) else { return Vec::new() };
        let node = Rc::new(node.clone());
        let spec = Path::default().key("spec");
        let modules = match kind {
            Kind::WasmPlugin => vec![spec],
            Kind::TrafficExtension => vec![spec.key("wasm")],
            Kind::EnvoyExtensionPolicy => {
                let list = spec.key("wasm");
                let count = match at(&node, &list) {
                    Some(Node::Array(items)) => items.len(),
                    _ => 0,
                };
                (0..count).map(|index| list.clone().index(index)).collect()
            }
        };
        modules
            .into_iter()
            .map(|module| Self { kind, module, path: path.clone(), node: Rc::clone(&node) })
            .collect()
    }

    /// Returns what stands in the resource at a path from its root.
    pub(crate) fn get(&self, path: &Path) -> Option<&Node> {
        at(&self.node, path)
    }

    /// Returns the path, from the resource's root, of a setting of the module: `spec.url`,
    /// `spec.wasm.url`.
    pub(crate) fn module(&self, key: &str) -> Path {
        self.module.clone().key(key)
    }

    /// Returns the path, from the resource's root, of the configuration.
    pub(crate) fn configuration(&self) -> Path {
        self.module(self.kind.configuration_key())
    }

    /// Returns why what stands there is no configuration, as a message; `None` where it is an
    /// object.
    pub(super) fn configuration_error(&self) -> Option<String> {
        let path = self.configuration();
        let found = match self.get(&path) {
            Some(Node::Object(_)) => return None,
            None | Some(Node::Null) => {
                let remedy = match self.key_meant_for_configuration() {
                    Some(key) => format!("did you mean it by {}?", quote(key)),
                    None => "write the configuration's keys below it".to_owned(),
                };
                return Some(format!("`{path}` is missing; {remedy}"));
            }
            Some(Node::String(_)) => {
                "a string; take away its quotes or the `|`, so that its keys stand below it"
            }
            Some(_) => "no object; write the configuration's keys below it",
        };
        Some(format!("`{path}` is {found}"))
    }

    /// Returns a key beside which the configuration would stand, and that is nearly its key.
    fn key_meant_for_configuration(&self) -> Option<&str> {
        let Some(Node::Object(members)) = self.get(&self.module) else { return None };
        let others = members.iter().map(|(key, _)| key.as_str());
        suggestion(
            self.kind.configuration_key(),
            others.filter(|key| *key != self.kind.configuration_key()),
        )
    }

    /// Returns the namespace, where the resource names it.
    pub(crate) fn namespace(&self) -> Option<&str> {
        text(self.get(&Path::default().key("metadata").key("namespace"))?)
    }

    /// Returns the name.
    pub(crate) fn name(&self) -> Option<&str> {
        text(self.get(&Path::default().key("metadata").key("name"))?)
    }

    /// Returns the labels that a workload must have to load the module; empty where there are none.
    pub(crate) fn selector(&self) -> BTreeMap<String, String> {
        let labels = self.get(&Path::default().key("spec").key("selector").key("matchLabels"));
        let Some(Node::Object(members)) = labels else { return BTreeMap::new() };
        let label = |(name, value): &(String, Node)| Some((name.clone(), text(value)?.to_owned()));
        members.iter().filter_map(label).collect()
    }

    /// Returns where the module comes from: a URL.
    pub(crate) fn url(&self) -> Option<(Path, &str)> {
        let path = match self.kind {
            Kind::WasmPlugin | Kind::TrafficExtension => self.module("url"),
            Kind::EnvoyExtensionPolicy => {
                let code = self.module("code");
                let image = code.clone().key("image").key("url");
                if self.get(&image).is_some() { image } else { code.key("http").key("url") }
            }
        };
        let url = text(self.get(&path)?)?;
        Some((path, url))
    }

    /// Returns whether the resource gives the module's SHA-256 beside its URL.
    pub(crate) fn has_sha256(&self) -> bool {
        let code = self.module("code");
        let places = [
            self.module("sha256"),
            code.clone().key("image").key("sha256"),
            code.key("http").key("sha256"),
        ];
        places
            .iter()
            .any(|place| self.get(place).and_then(text).is_some_and(|digest| !digest.is_empty()))
    }

    /// Returns whether the resource names what it is for: a gateway, a waypoint, a service.
    pub(crate) fn has_targets(&self) -> bool {
        let spec = Path::default().key("spec");
        let list = self.get(&spec.clone().key("targetRefs"));
        matches!(list, Some(Node::Array(targets)) if !targets.is_empty())
            || self.get(&spec.key("targetRef")).is_some()
    }

    /// Returns the variables of the module's environment and what they hold, `None` for what only
    /// the proxy knows; `None` where the resource does not say.
    pub(crate) fn environment(&self) -> Option<BTreeMap<String, Option<String>>> {
        match self.kind {
            Kind::WasmPlugin | Kind::TrafficExtension => {}
            Kind::EnvoyExtensionPolicy => return None,
        }
        let Some(Node::Array(items)) = self.get(&self.module("vmConfig").key("env")) else {
            return Some(BTreeMap::new());
        };
        let variable = |item: &Node| {
            let name = text(item.get("name")?)?.to_owned();
            let from_host = item.get("valueFrom").and_then(text) == Some("HOST");
            let value =
                if from_host { None } else { item.get("value").and_then(text).map(str::to_owned) };
            Some((name, if from_host { None } else { Some(value.unwrap_or_default()) }))
        };
        Some(items.iter().filter_map(variable).collect())
    }

    /// Returns whether the module is Attaché, as far as the resource tells: by its label, by a
    /// name, or by a configuration that looks like one.
    pub(super) fn is_attache(&self) -> bool {
        let label = Path::default().key("metadata").key("labels").key("app.kubernetes.io/name");
        let says = |text: &str| text.to_ascii_lowercase().contains("attache");
        let configuration = self.get(&self.configuration());
        self.get(&label).and_then(text) == Some("attache")
            || self.name().is_some_and(says)
            || self.url().is_some_and(|(_, url)| says(url))
            || configuration
                .is_some_and(|node| node.get("issuers").is_some() || node.get("policies").is_some())
    }
}

/// Returns what stands at a path.
pub(super) fn at<'n>(node: &'n Node, path: &Path) -> Option<&'n Node> {
    path.steps().iter().try_fold(node, |node, step| match (node, step) {
        (Node::Object(_), Step::Key(key)) => node.get(key),
        (Node::Array(items), Step::Index(index)) => items.get(*index),
        _ => None,
    })
}

/// Returns the text of a string.
pub(crate) fn text(node: &Node) -> Option<&str> {
    match node {
        Node::String(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;
    use std::path::{Path, PathBuf};

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn every_kind_is_told_of_and_installed_by() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let page = std::fs::read_to_string(root.join("docs/tool.md")).unwrap();
        let mut manifests = files(&root.join("istio/overlays"));
        manifests.extend(files(&root.join("istio/base")));
        let manifests: Vec<String> =
            manifests.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
        for kind in Kind::ALL {
            let name = kind.name();
            assert!(page.contains(name), "docs/tool.md does not name {name}");
            let line = format!("kind: {name}");
            assert!(
                manifests.iter().any(|text| text.lines().any(|own| own == line)),
                "no overlay of istio/overlays has a {name}"
            );
        }
    }
}
