//! Follows every way through the gateway.

use super::Mesh;
use super::branch::{Branch, named, unnamed};
use super::rewrite::rewritten;
use super::shape::Shape;
use super::unrouted::{never_reached, refusal, unrouted};
use super::upstream::Upstream;
use crate::definition::{Action, Location, Version};
use crate::gap::{Gap, Kind, Place};
use crate::gateway::{Gateway, Served, targets};
use crate::url::Target;

/// How many APIs a way may lead through.
const MAX_DEPTH: usize = 6;

/// Returns everything that goes upstream, unsorted, and what does not.
pub(super) fn walk(gateway: &Gateway) -> Mesh {
    let mut walk = Walk {
        gateway,
        entry: 0,
        host: String::new(),
        mesh: Mesh { arrivals: Vec::new(), gaps: Vec::new() },
    };
    for (entry, served) in gateway.served().iter().enumerate() {
        walk.entry = entry;
        walk.host = served.host().to_owned();
        if served.api.is_internal {
            continue;
        }
        if let Some(reason) = never_reached(gateway, served, entry) {
            walk.gap(Kind::NeverReached, served, served.api.listen_path_place(), reason);
        }
        let listen = Shape::of(&served.listen, gateway.is_strict(served));
        let by_id = Shape::Begins { text: format!("/{}/", served.api.id), is_strict: false };
        walk.api(served, &Branch { shapes: vec![listen, by_id], conditions: Vec::new() }, true, 0);
    }
    for served in gateway.served() {
        let is_reached = walk.mesh.arrivals.iter().any(|arrival| arrival.api == served.api.id);
        if served.api.is_internal && !is_reached {
            let place = served.api.at("internal", "x-tyk-api-gateway/info/state/internal");
            walk.gap(
                Kind::Internal,
                served,
                place,
                "it is internal, and no other API leads to it".to_owned(),
            );
        }
    }
    walk.mesh
}

struct Walk<'g> {
    gateway: &'g Gateway,
    entry: usize,
    /// The domain of the API that listens.
    host: String,
    mesh: Mesh,
}

impl<'g> Walk<'g> {
    fn gap(&mut self, kind: Kind, served: &Served, place: Place, reason: String) {
        self.mesh.gaps.push(Gap { kind, api: served.api.id.clone(), place, reason });
    }

    /// Follows an API that a request comes to; `asks` where it may still say its version.
    fn api(&mut self, served: &'g Served, branch: &Branch, asks: bool, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let Some(family) = served.api.family.as_ref().filter(|_| asks) else {
            return self.versions(served, branch, asks, depth);
        };
        let gateway = self.gateway;
        for (name, id) in &family.members {
            if family.is_base(name) {
                continue;
            }
            let Some(other) = gateway.find(id) else {
                let place = served
                    .api
                    .at("definition/versions", "x-tyk-api-gateway/info/versioning/versions");
                self.gap(
                    Kind::NotServed,
                    served,
                    place,
                    format!("its version `{name}` is the API `{id}`, which is not among these"),
                );
                continue;
            };
            if let Some(way) = named(served, branch, name) {
                self.member(served, other, &way, depth);
            }
        }
        let way = unnamed(served, branch);
        if family.is_base(&family.default) {
            self.versions(served, &way, false, depth);
            if served.api.selector.location == Location::Path {
                self.by_own_name(served, branch, depth);
            }
            return;
        }
        if let Some(other) = family.members.get(&family.default).and_then(|id| gateway.find(id)) {
            self.member(served, other, &way, depth);
        }
        self.by_own_name(served, branch, depth);
    }

    /// Follows requests that name the base of a family.
    fn by_own_name(&mut self, served: &'g Served, branch: &Branch, depth: usize) {
        let own = served.api.family.as_ref().map_or("", |family| family.own_name.as_str());
        for name in ["self", own] {
            let way = named(served, branch, name).filter(|_| !name.is_empty());
            if let Some(way) = way {
                self.versions(served, &way, false, depth);
            }
        }
    }

    fn member(&mut self, base: &'g Served, other: &'g Served, way: &Branch, depth: usize) {
        let mut way = way.clone();
        if base.api.strips {
            way.shapes = way.shapes.iter().flat_map(|shape| shape.strip(&base.listen)).collect();
        }
        self.api(other, &way, false, depth.saturating_add(1));
    }

    fn versions(&mut self, served: &'g Served, branch: &Branch, asks: bool, depth: usize) {
        let versions = &served.api.versions;
        if !versions.are_named {
            match versions.only() {
                Some((_, version)) => self.version(served, version, "", branch, depth),
                None => {
                    let place = served.api.at("version_data/versions", "x-tyk-api-gateway");
                    self.gap(
                        Kind::NotServed,
                        served,
                        place,
                        "it has no version that Tyk takes for the only one".to_owned(),
                    );
                }
            }
            return;
        }
        for (key, version) in &versions.list {
            let way = if asks { named(served, branch, key) } else { Some(branch.clone()) };
            if let Some(way) = way {
                let is_told =
                    way.conditions.len() > branch.conditions.len() || !version.target.is_empty();
                self.version(served, version, if is_told { key } else { "" }, &way, depth);
            }
        }
        if let Some(version) = versions.list.get(&versions.default) {
            self.version(served, version, "", &unnamed(served, branch), depth);
        }
    }

    fn version(
        &mut self,
        served: &'g Served,
        version: &'g Version,
        name: &str,
        branch: &Branch,
        depth: usize,
    ) {
        let host = self.host.clone();
        for (kind, place, reason) in unrouted(self.gateway, served, version, &host) {
            self.gap(kind, served, place, reason);
        }
        for endpoint in &version.endpoints {
            if let Action::Rewrite(rewrite) = &endpoint.action {
                for made in rewritten(rewrite) {
                    let place = endpoint.place.clone();
                    if made.is_unknown {
                        let reason =
                            format!("`{}` is rewritten to where a variable says", endpoint.path);
                        self.gap(Kind::UnknownTarget, served, place, reason);
                    } else if made.url.scheme == "tyk" {
                        self.follow(
                            served,
                            &made.url,
                            &[made.shape],
                            &branch.conditions,
                            place,
                            depth,
                        );
                    } else if made.url.scheme.is_empty() {
                        let shapes = self.stripped(served, &[made.shape]);
                        self.upstream(served, version, name, &shapes, branch, false);
                    } else {
                        self.arrive(&Upstream {
                            served,
                            version: name,
                            target: &made.url,
                            shapes: &[made.shape],
                            conditions: &branch.conditions,
                            is_as_sent: false,
                            place: &place,
                        });
                    }
                }
            }
        }
        let own = Target::parse(&served.api.target);
        if own.scheme == "tyk" && served.api.targets.is_empty() {
            let shapes = self.stripped(served, &branch.shapes);
            let place = served.api.target_place();
            let url = Target { path: String::new(), ..own };
            if let Some(next) = self.gateway.find(url.host()) {
                let reason = format!(
                    "its requests become those of `{}`, and have the routes of that",
                    next.api.id
                );
                self.gap(Kind::Loop, served, place.clone(), reason);
            }
            return self.follow(served, &url, &shapes, &branch.conditions, place, depth);
        }
        let shapes = self.stripped(served, &branch.shapes);
        let is_as_sent = !served.api.strips && depth == 0;
        self.upstream(served, version, name, &shapes, branch, is_as_sent);
    }

    fn stripped(&self, served: &Served, shapes: &[Shape]) -> Vec<Shape> {
        if !served.api.strips {
            return shapes.to_vec();
        }
        shapes.iter().flat_map(|shape| shape.strip(&served.listen)).collect()
    }

    /// Follows `tyk://`.
    fn follow(
        &mut self,
        served: &'g Served,
        url: &Target,
        shapes: &[Shape],
        conditions: &[super::Condition],
        place: Place,
        depth: usize,
    ) {
        let next = if url.host() == "self" { Some(served) } else { self.gateway.find(url.host()) };
        let Some(next) = next else {
            let reason = format!("it leads to the API `{}`, which is not among these", url.host());
            return self.gap(Kind::Loop, served, place, reason);
        };
        let branch = Branch { shapes: shapes.to_vec(), conditions: conditions.to_vec() };
        self.api(next, &branch, false, depth.saturating_add(1));
    }

    fn upstream(
        &mut self,
        served: &'g Served,
        version: &Version,
        name: &str,
        shapes: &[Shape],
        branch: &Branch,
        is_as_sent: bool,
    ) {
        for target in targets(served, version) {
            self.arrive(&Upstream {
                served,
                version: name,
                target: &target,
                shapes,
                conditions: &branch.conditions,
                is_as_sent,
                place: &served.api.target_place(),
            });
        }
    }

    /// Has requests arrive in the mesh, or notes why they do not.
    fn arrive(&mut self, upstream: &Upstream<'_>) {
        let Upstream { served, target, place, .. } = *upstream;
        match refusal(served, target) {
            Some((kind, reason)) => self.gap(kind, served, place.clone(), reason),
            None => self.mesh.arrivals.extend(upstream.arrivals(self.entry, &self.host)),
        }
    }
}
