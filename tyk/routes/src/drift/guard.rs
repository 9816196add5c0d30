//! What the policies of a mesh are asked.

use crate::render::Service;

/// The methods that are asked about where each is meant. Preflights, OPTIONS, have rules of their
/// own.
pub const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// A request as it arrives in the mesh.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// The method.
    pub method: String,
    /// The path, without a query.
    pub path: String,
}

/// Says what the policies of a mesh make of requests without a token.
pub trait Guard {
    /// Returns whether no policy is known, for whatever service: it need not be asked anything else
    /// then.
    fn is_empty(&self) -> bool;

    /// Returns requests that the rules of a service's policies are for; `within` are paths of what
    /// arrives there.
    fn samples(&self, service: &Service, within: &[String]) -> Vec<Sample>;

    /// Returns whether each request is let in; `None` where that is not known.
    fn lets_in(&self, service: &Service, host: &str, samples: &[&Sample]) -> Option<Vec<bool>>;
}
