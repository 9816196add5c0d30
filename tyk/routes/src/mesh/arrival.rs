//! What arrives in the mesh of one API.

use super::PathMatch;
use crate::gap::Place;
use std::cmp::Reverse;

/// What arrives in the mesh of one API, at one host.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The API's id.
    pub api: String,
    /// The version within the API where it can be told in the mesh; empty otherwise.
    pub version: String,
    /// The target's host, as the definition has it.
    pub host: String,
    /// The target's port.
    pub port: u16,
    /// The Host header.
    pub host_seen: HostSeen,
    /// The paths; any of them.
    pub paths: Vec<PathMatch>,
    /// What the request holds besides; all of it.
    pub conditions: Vec<Condition>,
    /// Whether Tyk asks for a credential.
    pub is_guarded: bool,
    /// Where the definition says the target.
    pub place: Place,
    /// Where the way began: the place of the API that listens, in the gateway's order.
    pub(super) entry: usize,
    /// The length by which Tyk, or where paths have changed the mesh, must order.
    pub(super) weight: usize,
    /// Where the path arrives as the client sent it, what stands before it and which hosts the
    /// client may have named: among those with the same, the gateway's own order tells whose a
    /// request is.
    pub(super) origin: Option<(String, String)>,
}

/// The Host header of what arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostSeen {
    /// The target's.
    Target,
    /// The client's, which is for this domain; empty for any.
    Client(String),
}

/// What a request holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A header of this value.
    Header(String, String),
    /// A parameter of the query of this value.
    Parameter(String, String),
}

impl Condition {
    /// Returns whether no request can hold both.
    fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Header(a, one), Self::Header(b, two)) => a.eq_ignore_ascii_case(b) && one != two,
            (Self::Parameter(a, one), Self::Parameter(b, two)) => a == b && one != two,
            _ => false,
        }
    }
}

impl Arrival {
    /// Returns the API, and the version where there is one: `orders@v2`.
    #[must_use]
    pub fn name(&self) -> String {
        if self.version.is_empty() {
            self.api.clone()
        } else {
            format!("{}@{}", self.api, self.version)
        }
    }

    /// Returns whether a request that arrives is one of these.
    #[must_use]
    pub fn matches(&self, path: &str, holds: impl Fn(&Condition) -> bool) -> bool {
        self.paths.iter().any(|own| own.matches(path)) && self.conditions.iter().all(holds)
    }

    /// Returns what arrivals are sorted by.
    pub(super) fn rank(&self) -> (String, u16, Reverse<usize>, Reverse<usize>, usize) {
        (
            self.host.clone(),
            self.port,
            Reverse(self.weight),
            Reverse(self.conditions.len()),
            self.entry,
        )
    }

    /// Returns whether all but the paths is the same.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.name() == other.name()
            && (&self.host, self.port, &self.host_seen)
                == (&other.host, other.port, &other.host_seen)
            && self.conditions == other.conditions
            && self.weight == other.weight
            && self.origin == other.origin
    }

    pub(super) fn add_paths(&mut self, paths: Vec<PathMatch>) {
        for path in paths {
            if !self.paths.iter().any(|own| own.covers(&path)) {
                self.paths.retain(|own| !path.covers(own));
                self.paths.push(path);
            }
        }
    }

    /// Returns whether a request may be of either, and nothing in it tells of which.
    pub(crate) fn is_mistaken_for(&self, other: &Self) -> bool {
        let is_elsewhere = (&self.host, self.port) != (&other.host, other.port)
            || !self.host_seen.meets(&other.host_seen);
        let is_told = self.origin.is_some() && self.origin == other.origin;
        let is_one_way = self.entry == other.entry && self.conditions != other.conditions;
        if is_elsewhere || is_told || is_one_way || self.excludes(other) {
            return false;
        }
        self.paths.iter().any(|own| other.paths.iter().any(|their| own.overlaps(their)))
    }

    /// Returns whether no request can be both by what it holds besides its path.
    pub(crate) fn excludes(&self, other: &Self) -> bool {
        self.conditions.iter().any(|own| other.conditions.iter().any(|their| own.excludes(their)))
    }
}

impl HostSeen {
    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Client(a), Self::Client(b)) => {
                a.is_empty() || b.is_empty() || a == b || a.contains('{') || b.contains('{')
            }
            (Self::Target, Self::Target) => true,
            _ => false,
        }
    }
}
