//! The routes of a mesh, as its resources say them.

use super::route::{Route, fits};
use super::{http_route, virtual_service};
use crate::definition::Document;
use crate::gap::Place;
use crate::render::Options;
use attache_config_reader::Path;
use serde_json::Value;
use std::collections::BTreeSet;

/// The routes of a mesh.
#[derive(Debug, Default)]
pub struct Routes {
    /// In the order in which a proxy asks those of one host.
    pub routes: Vec<Route>,
    /// Hosts that some resource knows: with routes, or as a service, which is reached without any.
    pub hosts: BTreeSet<String>,
    /// Hosts that have routes.
    pub(super) routed: BTreeSet<String>,
    /// How many resources were read.
    pub resources: usize,
}

impl Routes {
    /// Reads resources; others than those of routes and services are passed over.
    #[must_use]
    pub fn read(documents: &[Document], options: &Options) -> Self {
        let mut routes = Self::default();
        for (index, document) in documents.iter().enumerate() {
            routes.value(&document.value, index, &Path::default(), options);
        }
        routes
    }

    fn value(&mut self, value: &Value, document: usize, path: &Path, options: &Options) {
        if let Value::Array(items) = value {
            for (index, item) in items.iter().enumerate() {
                self.value(item, document, &path.clone().index(index), options);
            }
            return;
        }
        let text =
            |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let kind = text("/kind");
        if kind.ends_with("List")
            && let Some(items) = value.get("items")
        {
            return self.value(items, document, &path.clone().key("items"), options);
        }
        let place = Place { document, path: path.clone() };
        let namespace = if text("/metadata/namespace").is_empty() {
            "default"
        } else {
            text("/metadata/namespace")
        };
        let name = text("/metadata/name");
        let found = match kind {
            "VirtualService" => virtual_service::read(value, &place, namespace, options),
            "HTTPRoute" => http_route::read(value, &place, namespace, options),
            "Service" => {
                self.hosts.insert(format!("{name}.{namespace}.svc.{}", options.domain));
                Vec::new()
            }
            "ServiceEntry" => {
                let hosts = value.pointer("/spec/hosts").and_then(Value::as_array);
                self.hosts.extend(
                    hosts.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned),
                );
                Vec::new()
            }
            _ => return,
        };
        self.resources = self.resources.saturating_add(1);
        self.hosts.extend(found.iter().map(|route| route.host.clone()));
        self.routed.extend(found.iter().map(|route| route.host.clone()));
        self.routes.extend(found);
    }

    /// Returns the routes that a proxy has for a host: those of the host itself, or of the pattern
    /// that is nearest to it.
    pub(super) fn for_host(&self, host: &str) -> Vec<&Route> {
        let mut patterns: Vec<&String> =
            self.routed.iter().filter(|pattern| fits(pattern, host)).collect();
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.len()));
        let exact = patterns.iter().find(|pattern| pattern.as_str() == host);
        let Some(nearest) = exact.or(patterns.first()) else { return Vec::new() };
        self.routes.iter().filter(|route| route.host == **nearest).collect()
    }
}
