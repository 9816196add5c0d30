//! One route, and what it is for.

use crate::gap::Place;
use crate::mesh::{Condition, PathMatch};
use crate::render::Options;

/// One route.
#[derive(Debug)]
pub struct Route {
    /// The resource: `VirtualService shop/orders`.
    pub resource: String,
    /// Where the route stands.
    pub place: Place,
    /// The host, in full; `*` and `*.example.com` stand for more.
    pub host: String,
    /// What it is for; any of them, and everything where there is none.
    pub matches: Vec<RouteMatch>,
}

/// What a route is for.
#[derive(Debug, Default)]
pub struct RouteMatch {
    /// The paths; every one where there is none.
    pub path: Option<PathMatch>,
    /// The port; every one where there is none.
    pub port: Option<u16>,
    /// What else a request must hold, as far as it is told.
    pub conditions: Vec<Condition>,
    /// Whether it asks for more than is told here, such as a source or a method.
    pub is_narrow: bool,
}

/// Returns whether a host is one of a pattern's.
pub(super) fn fits(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => host.ends_with(suffix),
        None => pattern == host,
    }
}

/// Returns a host in full as its resource means it.
pub(super) fn full_host(host: &str, namespace: &str, options: &Options) -> String {
    if host.contains('*') {
        return host.to_owned();
    }
    let own = Options { namespace: namespace.to_owned(), ..options.clone() };
    own.service(host, 0).map_or_else(|| host.to_owned(), |service| service.host(&options.domain))
}

impl RouteMatch {
    /// Returns what it is called: its paths.
    pub(super) fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| "every path".to_owned(), ToString::to_string)
    }

    /// Returns whether it is for what arrives.
    pub(super) fn takes(&self, path: &str, port: u16, conditions: &[Condition]) -> bool {
        self.path.as_ref().is_none_or(|own| own.matches(path))
            && self.port.is_none_or(|own| own == port)
            && self.conditions.iter().all(|condition| conditions.contains(condition))
    }

    /// Returns whether it is for everything that another is for.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let is_path = match (&self.path, &other.path) {
            (None, _) => true,
            (Some(own), Some(their)) => own.covers(their),
            (Some(_), None) => false,
        };
        is_path
            && !self.is_narrow
            && (self.port.is_none() || self.port == other.port)
            && self.conditions.iter().all(|condition| other.conditions.contains(condition))
    }
}
