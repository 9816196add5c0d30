//! What is guarded at one of edge and mesh, and open at the other.

use super::difference::{Drift, DriftKind, Side};
use super::guard::{Guard, Sample};
use super::samples::{Asked, Samples};
use crate::gateway::Gateway;
use crate::mesh::Arrival;
use crate::render::Options;

/// How many requests a difference names.
const NAMED: usize = 4;

/// Returns where the mesh asks for a token and Tyk for no credential, and the reverse, and how many
/// requests were not asked about.
pub(super) fn guarded_otherwise(
    gateway: &Gateway,
    arrival: &Arrival,
    host: &str,
    guard: &dyn Guard,
    options: &Options,
) -> (Vec<Drift>, usize) {
    if guard.is_empty() {
        return (Vec::new(), 0);
    }
    let Some(service) = options.service(&arrival.host, arrival.port) else {
        return (Vec::new(), 0);
    };
    let samples = Samples::of(gateway, arrival, &service, guard);
    let requests: Vec<&Sample> = samples.all.iter().map(|asked| &asked.sample).collect();
    let Some(answers) = guard.lets_in(&service, host, &requests) else { return (Vec::new(), 0) };
    let (mut open_in_mesh, mut open_at_edge) = (Vec::new(), Vec::new());
    for (asked, is_let_in) in samples.all.iter().zip(answers) {
        match (asked.is_guarded, is_let_in) {
            (true, true) => open_in_mesh.push(asked),
            (false, false) => open_at_edge.push(asked),
            _ => {}
        }
    }
    let mut drifts = Vec::new();
    let drift = |kind, problem, remedy| Drift {
        kind,
        side: Side::Definition,
        place: arrival.place.clone(),
        problem,
        remedy,
    };
    if let Some(named) = named(&open_in_mesh) {
        let problem = format!(
            "`{}` asks for a credential, and the mesh lets {named} of `{host}` in without a token",
            arrival.name()
        );
        drifts.push(drift(
            DriftKind::OpenInMesh,
            problem,
            "give the path a rule that asks for a token",
        ));
    }
    if let Some(named) = named(&open_at_edge) {
        let problem = format!(
            "`{}` asks for no credential{}, and the mesh refuses {named} of `{host}` without a token",
            arrival.name(),
            if arrival.is_guarded { " at an endpoint" } else { "" },
        );
        drifts.push(drift(
            DriftKind::OpenAtEdge,
            problem,
            "have the API ask for one, or give the path a rule with `authentication: NONE`",
        ));
    }
    (drifts, samples.left_out)
}

/// Returns the requests as a difference names them, once for each path; `None` where there are
/// none.
fn named(wrong: &[&Asked]) -> Option<String> {
    let mut shown: Vec<&Asked> = Vec::new();
    for asked in wrong {
        // What arrives as a whole is shown by one of its paths.
        let is_shown = |other: &&Asked| {
            other.sample.path == asked.sample.path || (other.is_general && asked.is_general)
        };
        if !shown.iter().any(is_shown) {
            shown.push(asked);
        }
    }
    if shown.is_empty() {
        return None;
    }
    let names = shown.iter().take(NAMED);
    let names: Vec<String> =
        names.map(|asked| format!("`{} {}`", asked.sample.method, asked.sample.path)).collect();
    let more = shown.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    Some(names.join(", ") + &more)
}
