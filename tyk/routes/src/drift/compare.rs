//! What differs between a gateway and the mesh behind it.

use super::route::{Route, fits};
use super::routes::Routes;
use crate::gap::{Gap, Kind, Place};
use crate::mesh::{Arrival, HostSeen, Mesh};
use crate::render::Options;

/// A way in which a gateway and the mesh differ; the names are told in docs/tool.md and do not change.
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

/// Says what the policies of a mesh make of a request without a token.
pub trait Guard {
    /// Returns whether the request is let in; `None` where no policy is known for the service.
    fn lets_in(&self, service: &crate::render::Service, host: &str, path: &str) -> Option<bool>;
}

/// Returns the differences, those of definitions first.
#[must_use]
pub fn compare(mesh: &Mesh, routes: &Routes, guard: &dyn Guard, options: &Options) -> Vec<Drift> {
    let mut drifts: Vec<Drift> = mesh.gaps.iter().filter_map(of_gap).collect();
    for arrival in &mesh.arrivals {
        let Some(host) = host(arrival, options) else { continue };
        drifts.extend(not_routed(arrival, &host, routes));
        drifts.extend(guarded_otherwise(arrival, &host, guard, options));
    }
    drifts.extend(routes.routes.iter().filter_map(|route| not_exposed(route, mesh, options)));
    drifts.extend(shadowed(routes));
    let mut seen: Vec<Drift> = Vec::new();
    for drift in drifts {
        if !seen.contains(&drift) {
            seen.push(drift);
        }
    }
    seen
}

/// Returns the host that a sidecar looks for; `None` where it is whatever the client named.
fn host(arrival: &Arrival, options: &Options) -> Option<String> {
    match &arrival.host_seen {
        HostSeen::Target => Some(
            options
                .service(&arrival.host, arrival.port)
                .map_or_else(|| arrival.host.clone(), |service| service.host(&options.domain)),
        ),
        HostSeen::Client(domain) => (!domain.is_empty()).then(|| domain.clone()),
    }
}

fn of_gap(gap: &Gap) -> Option<Drift> {
    let (kind, remedy) = match gap.kind {
        Kind::ListenPathTaken => (DriftKind::Shadowed, "give each API a listen path of its own"),
        Kind::NeverReached => {
            (DriftKind::Shadowed, "give it another listen path, or the other a narrower one")
        }
        Kind::ClientHost => (DriftKind::HostMismatch, "switch preserve_host_header off"),
        _ => return None,
    };
    let problem = format!("`{}`: {}", gap.api, gap.reason);
    Some(Drift { kind, side: Side::Definition, place: gap.place.clone(), problem, remedy })
}

/// Returns what of an arrival no route takes.
fn not_routed(arrival: &Arrival, host: &str, routes: &Routes) -> Option<Drift> {
    let drift = |kind, problem, remedy| {
        Some(Drift { kind, side: Side::Definition, place: arrival.place.clone(), problem, remedy })
    };
    if !routes.hosts.iter().any(|known| fits(known, host)) {
        let kind = if arrival.host_seen == HostSeen::Target {
            DriftKind::NotRouted
        } else {
            DriftKind::HostMismatch
        };
        let problem = format!(
            "`{}` sends to `{host}`, for which there is neither a route nor a service",
            arrival.name()
        );
        return drift(kind, problem, "name the host of a service, or add a route for it");
    }
    let known = routes.for_host(host);
    if known.is_empty() {
        // A service without routes takes everything.
        return None;
    }
    let takes = |path: &str| {
        known.iter().any(|route| {
            route.matches.is_empty()
                || route.matches.iter().any(|own| own.takes(path, arrival.port, &arrival.conditions))
        })
    };
    let missing: Vec<String> = arrival
        .paths
        .iter()
        .filter(|path| path.examples().iter().any(|path| !takes(path)))
        .map(ToString::to_string)
        .collect();
    if missing.is_empty() {
        return None;
    }
    let problem = format!(
        "`{}` sends {} to `{host}`:{}, and no route takes all of it",
        arrival.name(),
        missing.join(", "),
        arrival.port
    );
    drift(DriftKind::NotRouted, problem, "add it to the routes: `attache tyk routes` writes them")
}

/// Returns a route of a host that the gateway sends to, which nothing takes.
fn not_exposed(route: &Route, mesh: &Mesh, options: &Options) -> Option<Drift> {
    let hosts = mesh
        .arrivals
        .iter()
        .filter(|arrival| host(arrival, options).is_some_and(|host| fits(&route.host, &host)));
    let arrivals: Vec<&Arrival> = hosts.collect();
    if arrivals.is_empty() || route.matches.is_empty() {
        return None;
    }
    let is_taken = route.matches.iter().any(|own| {
        arrivals.iter().any(|arrival| {
            let is_port = own.port.is_none_or(|port| port == arrival.port);
            let meets =
                own.path.as_ref().is_none_or(|path| arrival.paths.iter().any(|their| their.overlaps(path)));
            let is_held = own.conditions.iter().all(|condition| arrival.conditions.contains(condition));
            is_port && meets && (is_held || own.is_narrow)
        })
    });
    if is_taken {
        return None;
    }
    let paths: Vec<String> =
        route.matches.iter().filter_map(|own| own.path.as_ref()).map(ToString::to_string).collect();
    Some(Drift {
        kind: DriftKind::NotExposed,
        side: Side::Route,
        place: route.place.clone(),
        problem: format!(
            "{} routes {} of `{}`, which no API leads to",
            route.resource,
            paths.join(", "),
            route.host
        ),
        remedy: "remove it, or expose it; others than Tyk may use it",
    })
}

/// Returns routes that come after one that takes everything of theirs.
fn shadowed(routes: &Routes) -> Vec<Drift> {
    let mut drifts = Vec::new();
    for (index, route) in routes.routes.iter().enumerate() {
        // Of the Gateway API, the order in which rules stand is not the one in which they are asked.
        if route.resource.starts_with("HTTPRoute") {
            continue;
        }
        let earlier = routes
            .routes
            .iter()
            .take(index)
            .filter(|other| other.host == route.host && !other.resource.starts_with("HTTPRoute"));
        let mut takers = earlier.filter(|other| {
            let covers =
                |own| other.matches.is_empty() || other.matches.iter().any(|their| their.covers(own));
            if route.matches.is_empty() { other.matches.is_empty() } else { route.matches.iter().all(covers) }
        });
        if let Some(taker) = takers.next() {
            drifts.push(Drift {
                kind: DriftKind::Shadowed,
                side: Side::Route,
                place: route.place.clone(),
                problem: format!(
                    "no request comes to this route of {}: an earlier one of {} takes them all",
                    route.resource, taker.resource
                ),
                remedy: "put it before the other, or remove it",
            });
        }
    }
    drifts
}

/// Returns where the mesh asks for a token and Tyk for no credential, and the reverse.
fn guarded_otherwise(arrival: &Arrival, host: &str, guard: &dyn Guard, options: &Options) -> Option<Drift> {
    let service = options.service(&arrival.host, arrival.port)?;
    let examples = arrival.paths.iter().flat_map(crate::mesh::PathMatch::examples);
    let wrong =
        examples.into_iter().find(|path| guard.lets_in(&service, host, path) == Some(arrival.is_guarded))?;
    let (kind, problem, remedy) = if arrival.is_guarded {
        let problem = format!(
            "`{}` asks for a credential, and the mesh lets `{wrong}` of `{host}` in without a token",
            arrival.name()
        );
        (DriftKind::OpenInMesh, problem, "give the path a rule that asks for a token")
    } else {
        let problem = format!(
            "`{}` asks for no credential, and the mesh refuses `{wrong}` of `{host}` without a token",
            arrival.name()
        );
        (
            DriftKind::OpenAtEdge,
            problem,
            "have the API ask for one, or give the path a rule with `authentication: NONE`",
        )
    };
    Some(Drift { kind, side: Side::Definition, place: arrival.place.clone(), problem, remedy })
}
