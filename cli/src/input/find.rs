//! Finds the configurations in a text.

use super::misnamed::misnaming;
use super::resource::{at, text};
use super::{Carrier, Configuration, Misnamed, Resource, Skipped, SourceFile};
use attache_config_reader::{Diagnostic, Node, Path};
use std::rc::Rc;

/// What a file holds.
#[derive(Default)]
pub(super) struct Found {
    pub(super) configurations: Vec<Configuration>,
    /// Resources that nothing reads as they are named.
    pub(super) misnamed: Vec<Misnamed>,
}

/// Returns the configurations of a file. In one that was named, what is no resource is a
/// configuration; in others it must look like one.
pub(super) fn find(file: &Rc<SourceFile>, is_named: bool, skipped: &mut Skipped) -> Found {
    let mut search = Search { file, is_named, skipped, found: Found::default() };
    for (index, document) in file.documents.iter().enumerate() {
        let (node, errors) = document.as_kubernetes_reads();
        search.document(index, &node, &Path::default(), &errors);
    }
    search.found
}

struct Search<'s> {
    file: &'s Rc<SourceFile>,
    is_named: bool,
    skipped: &'s mut Skipped,
    found: Found,
}

impl Search<'_> {
    fn document(&mut self, index: usize, node: &Node, path: &Path, errors: &[Diagnostic]) {
        if node.get("apiVersion").is_some() && node.get("kind").is_some() {
            self.resource(index, node, path, errors);
        } else if let Node::Array(operations) = node {
            self.patch(index, operations, path, errors);
        } else if is_values_of_chart(node) {
            self.add(
                index,
                Carrier::HelmValues,
                path.clone().key("config"),
                node.get("config"),
                errors,
            );
        } else if self.is_named || node.get("issuers").is_some() {
            self.add(index, Carrier::Bare, path.clone(), Some(node), errors);
        } else {
            self.skipped.documents = self.skipped.documents.saturating_add(1);
        }
    }

    fn resource(&mut self, index: usize, node: &Node, path: &Path, errors: &[Diagnostic]) {
        // What `kubectl get` prints.
        if let (Some(Node::Array(items)), Some(kind)) =
            (node.get("items"), node.get("kind").and_then(text))
            && kind.ends_with("List")
        {
            let items_path = path.clone().key("items");
            for (position, item) in items.iter().enumerate() {
                let item_path = items_path.clone().index(position);
                let below: Vec<Diagnostic> = errors
                    .iter()
                    .filter(|error| error.path.starts_with(&item_path))
                    .cloned()
                    .collect();
                self.resource(index, item, &item_path, &below);
            }
            return;
        }
        let modules = Resource::of(node, path);
        if let Some(error) = misnaming(node, path) {
            let location =
                self.file.documents.get(index).map(|document| document.locate(&error.path));
            self.found.misnamed.push(Misnamed { file: Rc::clone(self.file), location, error });
        } else if modules.is_empty() {
            self.skipped.resources = self.skipped.resources.saturating_add(1);
        }
        for resource in modules {
            if !resource.is_attache() {
                self.skipped.plugins = self.skipped.plugins.saturating_add(1);
                continue;
            }
            let configuration = resource.configuration();
            let node = resource.get(&configuration).cloned();
            let at = path.clone().join(configuration);
            self.add(index, Carrier::Resource(resource), at, node.as_ref(), errors);
        }
    }

    /// Adds what a JSON patch (RFC 6902) of kustomize puts in the place of a configuration.
    fn patch(&mut self, index: usize, operations: &[Node], path: &Path, errors: &[Diagnostic]) {
        let before = self.found.configurations.len();
        for (position, operation) in operations.iter().enumerate() {
            let place = operation.get("path").and_then(text).unwrap_or_default();
            if place.ends_with("/pluginConfig")
                && let Some(value) = operation.get("value")
            {
                let at = path.clone().index(position).key("value");
                self.add(index, Carrier::Patch, at, Some(value), errors);
            }
        }
        if self.found.configurations.len() == before {
            self.skipped.documents = self.skipped.documents.saturating_add(1);
        }
    }

    fn add(
        &mut self,
        index: usize,
        carrier: Carrier,
        path: Path,
        node: Option<&Node>,
        errors: &[Diagnostic],
    ) {
        self.found.configurations.push(Configuration {
            file: Rc::clone(self.file),
            document: index,
            path,
            carrier,
            node: node.cloned().unwrap_or(Node::Null),
            form_errors: errors.to_vec(),
        });
    }
}

/// Returns whether these are values of the chart `charts/attache`.
fn is_values_of_chart(node: &Node) -> bool {
    node.get("issuers").is_none()
        && at(node, &Path::default().key("config").key("issuers")).is_some()
}
