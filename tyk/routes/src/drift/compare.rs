//! What differs between a gateway and the mesh behind it.

use super::difference::{Drift, DriftKind, Side};
use super::guard::Guard;
use super::guarded::guarded_otherwise;
use super::route::{Route, RouteMatch, fits};
use super::routes::Routes;
use crate::gap::{Gap, Kind};
use crate::gateway::Gateway;
use crate::mesh::{Arrival, HostSeen, Mesh};
use crate::render::Options;

/// What was found.
#[derive(Debug, Default)]
pub struct Comparison {
    /// The differences, those of definitions first.
    pub drifts: Vec<Drift>,
    /// How many requests were not asked of the mesh's policies, since there were too many.
    pub left_out: usize,
}

/// Returns the differences of a gateway, what reaches the mesh through it, and what the mesh has.
#[must_use]
pub fn compare(
    gateway: &Gateway,
    mesh: &Mesh,
    routes: &Routes,
    guard: &dyn Guard,
    options: &Options,
) -> Comparison {
    let mut left_out = 0_usize;
    let mut drifts: Vec<Drift> = mesh.gaps.iter().filter_map(of_gap).collect();
    for arrival in &mesh.arrivals {
        let Some(host) = host(arrival, options) else { continue };
        drifts.extend(not_routed(arrival, &host, routes));
        let (found, more) = guarded_otherwise(gateway, arrival, &host, guard, options);
        drifts.extend(found);
        left_out = left_out.saturating_add(more);
    }
    drifts.extend(routes.routes.iter().filter_map(|route| not_exposed(route, mesh, options)));
    drifts.extend(shadowed(routes));
    let mut seen: Vec<Drift> = Vec::new();
    for drift in drifts {
        if !seen.contains(&drift) {
            seen.push(drift);
        }
    }
    Comparison { drifts: seen, left_out }
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
                || route
                    .matches
                    .iter()
                    .any(|own| own.takes(path, arrival.port, &arrival.conditions))
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

/// Returns what of a route, for a host that the gateway sends to, no API leads to.
fn not_exposed(route: &Route, mesh: &Mesh, options: &Options) -> Option<Drift> {
    let hosts = mesh
        .arrivals
        .iter()
        .filter(|arrival| host(arrival, options).is_some_and(|host| fits(&route.host, &host)));
    let arrivals: Vec<&Arrival> = hosts.collect();
    if arrivals.is_empty() {
        return None;
    }
    let idle: Vec<&RouteMatch> =
        route.matches.iter().filter(|own| !is_led_to(own, &arrivals)).collect();
    if idle.is_empty() {
        return None;
    }
    let names: Vec<String> = idle.iter().map(|own| own.name()).collect();
    Some(Drift {
        kind: DriftKind::NotExposed,
        side: Side::Route,
        place: route.place.clone(),
        problem: format!(
            "{} routes {} of `{}`, which no API leads to",
            route.resource,
            names.join(", "),
            route.host
        ),
        remedy: if idle.len() == route.matches.len() {
            "remove it, or expose it; others than Tyk may use it"
        } else {
            "remove that of the route, or expose it; others than Tyk may use it"
        },
    })
}

/// Returns whether something of what arrives is what a match is for.
fn is_led_to(own: &RouteMatch, arrivals: &[&Arrival]) -> bool {
    arrivals.iter().any(|arrival| {
        let is_port = own.port.is_none_or(|port| port == arrival.port);
        let meets = own
            .path
            .as_ref()
            .is_none_or(|path| arrival.paths.iter().any(|their| their.overlaps(path)));
        let is_held = own.conditions.iter().all(|condition| arrival.conditions.contains(condition));
        is_port && meets && (is_held || own.is_narrow)
    })
}

/// Returns routes, and what of routes, that come after one that takes everything of theirs.
fn shadowed(routes: &Routes) -> Vec<Drift> {
    let mut drifts = Vec::new();
    for (index, route) in routes.routes.iter().enumerate() {
        // Of the Gateway API, the order in which rules stand is not the one in which they are
        // asked.
        if route.resource.starts_with("HTTPRoute") {
            continue;
        }
        let earlier: Vec<&Route> = routes
            .routes
            .iter()
            .take(index)
            .filter(|other| other.host == route.host && !other.resource.starts_with("HTTPRoute"))
            .collect();
        let takers: Vec<Option<&Route>> =
            route.matches.iter().map(|own| taker(own, &earlier)).collect();
        let of_all = earlier.iter().find(|other| other.matches.is_empty()).copied();
        let taken: Vec<String> = route
            .matches
            .iter()
            .zip(&takers)
            .filter(|(_, taker)| taker.is_some())
            .map(|(own, _)| own.name())
            .collect();
        let Some(taker) = of_all.or(takers.into_iter().flatten().next()) else { continue };
        let is_whole = taken.len() == route.matches.len();
        let what = if is_whole {
            "this route".to_owned()
        } else {
            format!("{} of this route", taken.join(", "))
        };
        drifts.push(Drift {
            kind: DriftKind::Shadowed,
            side: Side::Route,
            place: route.place.clone(),
            problem: format!(
                "no request comes to {what} of {}: an earlier one of {} takes {}",
                route.resource,
                taker.resource,
                if is_whole { "them all" } else { "them" }
            ),
            remedy: "put it before the other, or remove it",
        });
    }
    drifts
}

/// Returns the first route that takes everything that a match is for.
fn taker<'r>(own: &RouteMatch, earlier: &[&'r Route]) -> Option<&'r Route> {
    let takes = |other: &&&Route| {
        other.matches.is_empty() || other.matches.iter().any(|their| their.covers(own))
    };
    earlier.iter().find(takes).copied()
}
