//! What no proxy can tell apart.

use super::Arrival;
use crate::gap::{Gap, Kind};

/// Returns the APIs whose requests become the same in the mesh.
pub(super) fn indistinguishable(arrivals: &[Arrival]) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    for (index, arrival) in arrivals.iter().enumerate() {
        for earlier in arrivals.iter().take(index) {
            if earlier.name() == arrival.name() || !arrival.is_mistaken_for(earlier) {
                continue;
            }
            let gap = Gap {
                kind: Kind::Indistinguishable,
                api: arrival.api.clone(),
                place: arrival.place.clone(),
                reason: format!(
                    "requests of `{}` and `{}` arrive alike at {}:{}; routes name the first of them where they overlap",
                    earlier.name(),
                    arrival.name(),
                    arrival.host,
                    arrival.port
                ),
            };
            if !gaps.contains(&gap) {
                gaps.push(gap);
            }
        }
    }
    gaps
}
