//! What of an API has no route, and why.

use super::PathMatch;
use super::shape::Shape;
use crate::definition::{Action, Version};
use crate::gap::{Kind, Place};
use crate::gateway::{Gateway, Served};
use crate::url::Target;

/// Returns what of a version of an API has no route, or one that may be wrong. `host` is the domain
/// of the API that listens.
pub(super) fn unrouted(
    gateway: &Gateway,
    served: &Served,
    version: &Version,
    host: &str,
) -> Vec<(Kind, Place, String)> {
    let mut found = Vec::new();
    for endpoint in &version.endpoints {
        let (kind, reason) = match &endpoint.action {
            Action::Reply | Action::Mock => {
                (Kind::AnsweredByGateway, "Tyk answers from the definition")
            }
            Action::Virtual if gateway.settings().runs_scripts => {
                (Kind::AnsweredByGateway, "a script answers")
            }
            Action::Internal => (Kind::Internal, "only loops reach it"),
            _ => continue,
        };
        let method = if endpoint.method.is_empty() { "every method" } else { &endpoint.method };
        found.push((
            kind,
            endpoint.place.clone(),
            format!("{method} of `{}`: {reason}", endpoint.path),
        ));
    }
    for plugin in &served.api.plugins {
        let place = served.api.at("custom_middleware", "x-tyk-api-gateway/middleware/global");
        let reason =
            format!("the plugin `{plugin}` may change paths; what it does is not known here");
        found.push((Kind::ChangedByPlugin, place, reason));
    }
    for (path, place) in paths(served) {
        if path.chars().any(is_encoded) {
            let reason =
                format!("`{path}` arrives percent-encoded, and the route has it as it is written");
            found.push((Kind::EncodedPath, place, reason));
        }
    }
    if let Some(kind) = served.api.kind {
        let reason = format!("it is {kind}: the gateway makes requests of its own");
        found.push((Kind::NotHttp, served.api.place.clone(), reason));
    }
    if served.api.keeps_host {
        let place = served
            .api
            .at("proxy/preserve_host_header", "x-tyk-api-gateway/upstream/preserveHostHeader");
        let domain = if host.is_empty() { "any".to_owned() } else { format!("`{host}`") };
        let reason = format!(
            "the Host header is the client's ({domain}), and no service of the mesh has it: the sidecar finds no route and no \
             identity for mTLS by it; routes are written where it is one domain, and no other API on the port keeps any; switch it off"
        );
        found.push((Kind::ClientHost, place, reason));
    }
    found
}

/// Returns the paths of which an API's routes are made. Of a listen path with parameters, each is a
/// pattern.
fn paths(served: &Served) -> Vec<(String, Place)> {
    let target = (Target::parse(&served.api.target).path, served.api.target_place());
    let listen = (served.listen.text().to_owned(), served.api.listen_path_place());
    if served.listen.regex().is_some() || served.api.strips {
        vec![target]
    } else {
        vec![listen, target]
    }
}

/// Returns whether a character of a path is sent on percent-encoded.
fn is_encoded(c: char) -> bool {
    !c.is_ascii_alphanumeric() && !"-_.~$&+,/:;=@".contains(c)
}

/// Returns why no request comes to an API by its listen path; `entry` is its place in the gateway's
/// order.
pub(super) fn never_reached(gateway: &Gateway, served: &Served, entry: usize) -> Option<String> {
    let listen = served.listen.text();
    if listen.starts_with("/tyk/") || matches!(listen, "/hello" | "/ready") {
        return Some(format!("`{listen}` is the gateway's own"));
    }
    let shape = Shape::of(&served.listen, false);
    let examples: Vec<String> = shape.join("").iter().flat_map(PathMatch::examples).collect();
    let covers = |other: &&Served| {
        let is_host = other.host().is_empty() || other.host() == served.host();
        !other.api.is_internal && is_host && examples.iter().all(|path| other.listen.matches(path))
    };
    let other = gateway.served().iter().take(entry).find(covers)?;
    let (id, taking) = (&other.api.id, other.listen.text());
    Some(format!(
        "every request for `{listen}` goes to `{id}` at `{taking}`, which counts as longer"
    ))
}

/// Returns why what goes to a target has no route.
pub(super) fn refusal(served: &Served, target: &Target) -> Option<(Kind, String)> {
    if served.api.is_discovered {
        return Some((
            Kind::UnknownTarget,
            "service discovery says where its requests go".to_owned(),
        ));
    }
    if target.authority.is_empty()
        || target.authority.contains(['$', '{'])
        || !matches!(target.scheme.as_str(), "http" | "https" | "ws" | "wss" | "h2c")
    {
        return Some((
            Kind::UnknownTarget,
            format!("`{}://{}` is no target that is known here", target.scheme, target.authority),
        ));
    }
    if target.is_encrypted() {
        let reason = format!(
            "Tyk encrypts what it sends to {}, and no sidecar sees its path; have Tyk speak HTTP, and the mesh encrypts",
            target.authority
        );
        return Some((Kind::EncryptedByGateway, reason));
    }
    None
}
