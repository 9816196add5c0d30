//! Finds Istio's resources in a text.

use super::documents::{AuthorizationPolicySpec, RequestAuthenticationSpec};
use super::place::{LEFT_OUT, NOT_ISTIO, Notes, Place};
use super::scope::{Scope, Selection};
use crate::finding::Finding;
use crate::input::{Text, text};
use attache_config_reader::{Diagnostic, Node, Path, Report, read_document};
use serde::de::DeserializeOwned;
use std::rc::Rc;

/// The API group of both kinds.
const GROUP: &str = "security.istio.io/";

/// Where resources are that do not say so, and which are for all namespaces.
#[derive(Debug)]
pub(super) struct Namespaces {
    /// The namespace of a resource that names none.
    pub(super) default: String,
    /// Istio's root namespace.
    pub(super) root: String,
}

/// A resource.
#[derive(Debug)]
pub(super) struct Resource<S> {
    pub(super) namespace: String,
    pub(super) name: String,
    /// Which workloads it is for; none where that was refused.
    pub(super) scopes: Vec<Scope>,
    /// Whether its annotation asks for a dry run.
    pub(super) is_dry_run: bool,
    pub(super) spec: S,
    /// The place of its root.
    pub(super) place: Place,
}

impl<S> Resource<S> {
    /// Returns the place of its name, for what is about all of it.
    pub(super) fn name_place(&self) -> Place {
        self.place.key("metadata").key("name")
    }

    /// Returns the place of its `spec`.
    pub(super) fn spec_place(&self) -> Place {
        self.place.key("spec")
    }
}

/// What texts hold.
#[derive(Debug, Default)]
pub(super) struct Resources {
    pub(super) authentications: Vec<Resource<RequestAuthenticationSpec>>,
    pub(super) policies: Vec<Resource<AuthorizationPolicySpec>>,
    /// How many resources of other kinds were passed over.
    pub(super) others: usize,
}

impl Resources {
    /// Adds what a text holds, or why it can't be read.
    pub(super) fn add(&mut self, text: &Text, namespaces: &Namespaces, notes: &mut Notes) {
        let Text { file, error, .. } = text;
        if let Some(error) = error {
            notes.push(Finding::syntax(file, error));
        }
        for (index, document) in file.documents.iter().enumerate() {
            let (node, errors) = document.as_kubernetes_reads();
            let root = Place {
                file: Rc::clone(file),
                document: index,
                resource: Path::default(),
                path: Path::default(),
            };
            self.add_document(&node, &errors, &root, namespaces, notes);
        }
    }

    fn add_document(
        &mut self,
        node: &Node,
        errors: &[Diagnostic],
        place: &Place,
        namespaces: &Namespaces,
        notes: &mut Notes,
    ) {
        let kind = node.get("kind").and_then(text).unwrap_or_default();
        if let Some(Node::Array(items)) = node.get("items")
            && kind.ends_with("List")
        {
            // What `kubectl get` prints.
            for (index, item) in items.iter().enumerate() {
                let resource = place.resource.clone().key("items").index(index);
                let item_place = Place { resource, ..place.clone() };
                self.add_document(item, errors, &item_place, namespaces, notes);
            }
            return;
        }
        let is_istio =
            node.get("apiVersion").and_then(text).is_some_and(|version| version.starts_with(GROUP));
        match kind {
            "RequestAuthentication" if is_istio => {
                note_form(errors, place, notes);
                let read =
                    read(node, place, namespaces, notes, |spec: &RequestAuthenticationSpec| {
                        Selection {
                            selector: spec.selector.as_ref(),
                            target: spec.target_ref.as_ref(),
                            targets: spec.target_refs.as_ref(),
                        }
                    });
                self.authentications.extend(read);
            }
            "AuthorizationPolicy" if is_istio => {
                note_form(errors, place, notes);
                let read =
                    read(node, place, namespaces, notes, |spec: &AuthorizationPolicySpec| {
                        Selection {
                            selector: spec.selector.as_ref(),
                            target: spec.target_ref.as_ref(),
                            targets: spec.target_refs.as_ref(),
                        }
                    });
                self.policies.extend(read);
            }
            _ => self.others = self.others.saturating_add(1),
        }
    }
}

/// Adds what is wrong with the form of a resource, such as a key that is repeated.
fn note_form(errors: &[Diagnostic], place: &Place, notes: &mut Notes) {
    for error in errors.iter().filter(|error| error.path.starts_with(&place.resource)) {
        notes.add(
            &NOT_ISTIO,
            &place.below(error.path.relative_to(&place.resource)),
            &error.message,
        );
    }
}

/// Reads a resource; `None` where it has errors.
fn read<S: DeserializeOwned + Default>(
    node: &Node,
    place: &Place,
    namespaces: &Namespaces,
    notes: &mut Notes,
    selection: for<'d> fn(&'d S) -> Selection<'d>,
) -> Option<Resource<S>> {
    let metadata = node.get("metadata");
    let member = |key: &str| metadata.and_then(|metadata| metadata.get(key)).and_then(text);
    let Some(name) = member("name").filter(|name| !name.is_empty()) else {
        notes.add(&NOT_ISTIO, place, "the resource has no `metadata.name`; give it one");
        return None;
    };
    let namespace = member("namespace").unwrap_or(&namespaces.default);
    let spec_place = place.key("spec");
    let spec: S = match node.get("spec") {
        // Without a `spec`, a policy has no rules: it allows nothing.
        None | Some(Node::Null) => S::default(),
        Some(spec) => read_spec(spec, &spec_place, notes)?,
    };
    let scopes = selection(&spec).scopes(namespace, &namespaces.root, &spec_place, notes);
    let is_dry_run = is_dry_run(metadata, place, notes);
    let (namespace, name) = (namespace.to_owned(), name.to_owned());
    Some(Resource { namespace, name, scopes, is_dry_run, spec, place: place.clone() })
}

fn read_spec<S: DeserializeOwned>(node: &Node, place: &Place, notes: &mut Notes) -> Option<S> {
    let (mut tree, mut report) = (node.clone(), Report::default());
    let read = read_document::<S>(&mut tree, &[], &mut report);
    match report.finish(read, &tree) {
        Ok((spec, _)) => Some(spec),
        Err(errors) => {
            for error in errors.iter() {
                notes.add(&NOT_ISTIO, &place.below(error.path.clone()), &error.message);
            }
            None
        }
    }
}

/// Returns whether the annotation `istio.io/dry-run` says so, in a word that Go takes for a
/// Boolean.
fn is_dry_run(metadata: Option<&Node>, place: &Place, notes: &mut Notes) -> bool {
    let annotation = metadata
        .and_then(|metadata| metadata.get("annotations"))
        .and_then(|annotations| annotations.get("istio.io/dry-run"))
        .and_then(text);
    match annotation {
        Some("1" | "t" | "T" | "TRUE" | "true" | "True") => true,
        None | Some("0" | "f" | "F" | "FALSE" | "false" | "False") => false,
        Some(_) => {
            let place = place.key("metadata").key("annotations").key("istio.io/dry-run");
            notes.add(
                &LEFT_OUT,
                &place,
                "Istio reads `true` and `false` here alone, and takes this for `false`",
            );
            false
        }
    }
}
