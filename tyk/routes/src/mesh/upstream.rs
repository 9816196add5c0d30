//! Requests of one API that go to one target.

use super::shape::Shape;
use super::{Arrival, Condition, HostSeen};
use crate::gap::Place;
use crate::gateway::Served;
use crate::url::Target;

/// Requests of one API that go to one target.
#[derive(Clone, Copy)]
pub(super) struct Upstream<'u> {
    pub(super) served: &'u Served,
    /// The version within the API where it can be told in the mesh; empty otherwise.
    pub(super) version: &'u str,
    pub(super) target: &'u Target,
    /// Their paths.
    pub(super) shapes: &'u [Shape],
    /// What they hold besides.
    pub(super) conditions: &'u [Condition],
    /// Whether the path goes on as the client sent it.
    pub(super) is_as_sent: bool,
    /// Where the definition says the target.
    pub(super) place: &'u Place,
}

impl Upstream<'_> {
    /// Returns what arrives in the mesh, one for each shape of a path. `entry` is the place of the
    /// API that listens, `domain` the one that it listens at.
    pub(super) fn arrivals(&self, entry: usize, domain: &str) -> impl Iterator<Item = Arrival> {
        let api = &self.served.api;
        // A rewrite's URL is whole: nothing stands before its path.
        let is_rewritten = *self.place != api.target_place();
        let base = if is_rewritten { "" } else { self.target.path.as_str() };
        let before = base.trim_end_matches('/');
        self.shapes.iter().map(move |shape| Arrival {
            api: api.id.clone(),
            version: self.version.to_owned(),
            host: self.target.host().to_ascii_lowercase(),
            port: self.target.port(),
            host_seen: if api.keeps_host {
                HostSeen::Client(domain.to_owned())
            } else {
                HostSeen::Target
            },
            paths: shape.join(base),
            conditions: self.conditions.to_vec(),
            is_guarded: !api.is_open,
            place: self.place.clone(),
            entry,
            weight: before.len().saturating_add(self.length(shape)),
            origin: self.is_as_sent.then(|| (before.to_owned(), domain.to_owned())),
        })
    }

    /// Returns the length by which Tyk, or where paths have changed the mesh, must order a shape.
    fn length(&self, shape: &Shape) -> usize {
        let Served { api, listen, .. } = self.served;
        // What asks for an API by its id is asked for right before what asks for it by its listen
        // path.
        let is_by_id =
            matches!(shape, Shape::Begins { text, .. } if *text == format!("/{}/", api.id));
        match (is_by_id, self.is_as_sent) {
            (true, true) => listen.length(),
            (true, false) => Shape::Any.length(),
            (false, _) => shape.length(),
        }
    }
}
