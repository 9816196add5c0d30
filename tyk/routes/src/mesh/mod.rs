//! What reaches the mesh through a gateway: the requests of each API as they go upstream, by host
//! and path.

mod apart;
mod arrival;
mod branch;
mod path_match;
mod rewrite;
mod shape;
mod unrouted;
mod upstream;
mod walk;

pub use arrival::{Arrival, Condition, HostSeen};
pub use path_match::PathMatch;

use crate::gap::Gap;
use crate::gateway::Gateway;

/// All that reaches the mesh, and what of the definitions does not, or not so that it can be told.
#[derive(Debug)]
pub struct Mesh {
    /// What arrives, in the order in which a proxy must ask: the first that fits a request is the
    /// API's that sent it.
    pub arrivals: Vec<Arrival>,
    /// What has no route, or not all of it.
    pub gaps: Vec<Gap>,
}

impl Mesh {
    /// Returns what reaches the mesh through a gateway.
    #[must_use]
    pub fn behind(gateway: &Gateway) -> Self {
        let mut mesh = walk::walk(gateway);
        mesh.arrivals.sort_by_key(Arrival::rank);
        merge(&mut mesh.arrivals);
        mesh.gaps.extend(apart::indistinguishable(&mesh.arrivals));
        mesh.gaps.extend(gateway.gaps().iter().cloned());
        let mut seen: Vec<Gap> = Vec::new();
        for gap in mesh.gaps {
            if !seen.contains(&gap) {
                seen.push(gap);
            }
        }
        seen.sort_by(|a, b| {
            (a.place.document, &a.api, a.kind).cmp(&(b.place.document, &b.api, b.kind))
        });
        Self { arrivals: mesh.arrivals, gaps: seen }
    }
}

/// Makes one of arrivals that are the same but for the way that led there.
fn merge(arrivals: &mut Vec<Arrival>) {
    let mut kept: Vec<Arrival> = Vec::new();
    for arrival in arrivals.drain(..) {
        match kept.iter_mut().find(|other| other.is_same_as(&arrival)) {
            Some(other) => other.add_paths(arrival.paths),
            None => kept.push(arrival),
        }
    }
    *arrivals = kept;
}
