//! Requests that are asked about, so that neither a definition's endpoints nor a policy's rules
//! hide something.

use super::edge::{Edge, Entrance};
use super::guard::{Guard, METHODS, Sample};
use crate::definition::{Action, Endpoint, Version};
use crate::gateway::{Gateway, endpoint_expression};
use crate::mesh::{Arrival, PathMatch};
use crate::render::Service;
use std::collections::BTreeSet;

/// How many requests are asked about for the endpoints of what arrives, and how many for the rules
/// of policies.
const MOST: usize = 2000;

/// A request, and what the edge asks of it.
pub(super) struct Asked {
    pub(super) sample: Sample,
    /// Whether it is one of what arrives as a whole, and of no endpoint or rule.
    pub(super) is_general: bool,
    /// Whether Tyk asks for a credential.
    pub(super) is_guarded: bool,
}

/// The requests to ask about for one arrival.
pub(super) struct Samples<'m> {
    gateway: &'m Gateway,
    arrival: &'m Arrival,
    entrance: Option<Entrance<'m>>,
    pub(super) all: Vec<Asked>,
    seen: BTreeSet<Sample>,
    /// How many were left out.
    pub(super) left_out: usize,
}

impl<'m> Samples<'m> {
    /// Returns examples of the paths that arrive, one for each endpoint, and those for the rules of
    /// the service's policies.
    pub(super) fn of(
        gateway: &'m Gateway,
        arrival: &'m Arrival,
        service: &Service,
        guard: &dyn Guard,
    ) -> Self {
        let mut samples = Self {
            gateway,
            arrival,
            entrance: Entrance::of(gateway, arrival),
            all: Vec::new(),
            seen: BTreeSet::new(),
            left_out: 0,
        };
        let within: Vec<String> = arrival.paths.iter().flat_map(PathMatch::examples).collect();
        for path in &within {
            samples.add_general(path);
        }
        let mut room = MOST;
        for (sample, method) in samples.endpoints() {
            samples.add(sample, &method, &mut room);
        }
        let mut room = MOST;
        for sample in guard.samples(service, &within) {
            let method = sample.method.clone();
            samples.add(sample, &method, &mut room);
        }
        samples
    }

    /// Returns what Tyk does with a request, which it asks for a credential where nothing is known
    /// of the API.
    fn edge(&self, method: &str, path: &str) -> Edge {
        self.entrance.as_ref().map_or(Edge::Asked, |entrance| entrance.edge(method, path))
    }

    fn add_general(&mut self, path: &str) {
        let sample = Sample { method: "GET".to_owned(), path: path.to_owned() };
        let edge = self.edge("GET", path);
        if self.seen.insert(sample.clone()) {
            let is_guarded = self.arrival.is_guarded && edge != Edge::Ignored;
            self.all.push(Asked { sample, is_general: true, is_guarded });
        }
    }

    /// Adds a request, if it arrives, where there is room. `method` is the one that the client has.
    fn add(&mut self, sample: Sample, method: &str, room: &mut usize) {
        let arrives = self.arrival.paths.iter().any(|path| path.matches(&sample.path));
        if !arrives || self.seen.contains(&sample) {
            return;
        }
        let edge = self.edge(method, &sample.path);
        if edge == Edge::Kept {
            return;
        }
        self.seen.insert(sample.clone());
        let Some(left) = room.checked_sub(1) else {
            self.left_out = self.left_out.saturating_add(1);
            return;
        };
        *room = left;
        let is_guarded = self.arrival.is_guarded && edge != Edge::Ignored;
        self.all.push(Asked { sample, is_general: false, is_guarded });
    }

    /// Returns a request for each endpoint and operation, and the method that the client has.
    fn endpoints(&self) -> Vec<(Sample, String)> {
        let Some(entrance) = &self.entrance else { return Vec::new() };
        let bases = self.bases();
        let mut found = Vec::new();
        for (_, version) in &entrance.versions {
            let endpoints = version.endpoints.iter().filter(|endpoint| arrives_as_is(endpoint));
            let endpoints = endpoints.map(|endpoint| (&endpoint.path, &endpoint.method));
            let operations =
                version.operations.iter().map(|operation| (&operation.path, &operation.method));
            for (pattern, method) in endpoints.chain(operations) {
                let source = endpoint_expression(pattern, self.gateway.settings());
                let examples =
                    PathMatch::regex(&source).map(|set| set.examples()).unwrap_or_default();
                let Some(example) = examples.first() else { continue };
                let methods =
                    if method.is_empty() { METHODS.to_vec() } else { vec![method.as_str()] };
                for base in &bases {
                    let path = format!("{base}/{}", example.trim_start_matches('/'));
                    for own in &methods {
                        let method = sent_method(version, pattern, own);
                        found.push((Sample { method, path: path.clone() }, (*own).to_owned()));
                    }
                }
            }
        }
        found
    }

    /// Returns what stands before an endpoint's path where it arrives.
    fn bases(&self) -> BTreeSet<String> {
        let bases = self.arrival.paths.iter().filter_map(|path| match path {
            PathMatch::Prefix(prefix) => Some(prefix.clone()),
            PathMatch::Exact(_) => None,
            PathMatch::Regex { .. } => path.examples().first().cloned(),
        });
        bases.map(|base| base.trim_end_matches('/').to_owned()).collect()
    }
}

/// Returns whether an endpoint's requests go on with their paths.
fn arrives_as_is(endpoint: &Endpoint) -> bool {
    !matches!(
        endpoint.action,
        Action::Block | Action::Reply | Action::Mock | Action::Internal | Action::Rewrite(_)
    )
}

/// Returns the method that Tyk sends for a client's.
fn sent_method(version: &Version, pattern: &str, method: &str) -> String {
    let own = version
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.path == pattern && endpoint.method == method);
    let mut changed = own.filter_map(|endpoint| match &endpoint.action {
        Action::Method(method) => Some(method.clone()),
        _ => None,
    });
    changed.next().unwrap_or_else(|| method.to_owned())
}
