//! How a gateway and the mesh behind it may differ.

use crate::gap::Place;

/// A way in which a gateway and the mesh differ; the names are told in docs/tool.md and do not
/// change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriftKind {
    /// Exposed at the edge, and no route of the mesh takes it.
    NotRouted,
    /// Routed for the gateway's hosts, and no API leads there.
    NotExposed,
    /// An earlier API or route takes it all.
    Shadowed,
    /// The Host header that arrives is no route's.
    HostMismatch,
    /// Tyk asks for a credential, and the mesh lets the same request in without one.
    OpenInMesh,
    /// Tyk asks for none, and the mesh refuses what it sends.
    OpenAtEdge,
}

/// Where a difference was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// In a definition.
    Definition,
    /// In a resource of the mesh.
    Route,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// What kind of difference.
    pub kind: DriftKind,
    /// In which of the two the place is.
    pub side: Side,
    /// Where the definition or the route says it.
    pub place: Place,
    /// What it is, lower case, without a final stop.
    pub problem: String,
    /// What to do.
    pub remedy: &'static str,
}
