//! What a request that arrives in the mesh has passed at the edge.

use crate::definition::Version;
use crate::gateway::{Gateway, Outcome, Request, Served, targets};
use crate::mesh::{Arrival, Condition, PathMatch};

/// What Tyk does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// Sends it on, and asks for the credential that the API asks for; also where that can't be told.
    Asked,
    /// Sends it on without a credential, since an endpoint ignores authentication.
    Ignored,
    /// Keeps it: a list refuses it, Tyk answers it, or its path or method becomes another.
    Kept,
}

/// Returns what Tyk does with the request that arrives with this path. `method` is the client's.
pub(super) fn edge(gateway: &Gateway, arrival: &Arrival, method: &str, path: &str) -> Edge {
    let Some(served) = gateway.served().iter().find(|served| served.api.id == arrival.api) else {
        return Edge::Asked;
    };
    let Some(sent) = edge_path(served, &arrival.version, path) else { return Edge::Asked };
    // Of a version that the mesh can't tell, it is not known which one the client names.
    let is_versioned = served.api.versions.are_named || served.api.family.is_some();
    if !is_versioned {
        match gateway.route(&request(served, arrival, method, &sent)) {
            Outcome::Answered => return Edge::Kept,
            Outcome::Forwarded(forwarded) if forwarded.api == served.api.id => {
                let is_same = |own: &String| own.trim_end_matches('/') == path.trim_end_matches('/');
                if !forwarded.paths.iter().any(is_same) {
                    return Edge::Kept;
                }
            }
            _ => return Edge::Asked,
        }
    }
    let versions = versions(served, &arrival.version);
    let is_ignored = |(key, version): &(&String, &Version)| served.is_ignored(key, version, method, &sent);
    let ignored = !versions.is_empty() && versions.iter().all(is_ignored);
    if ignored { Edge::Ignored } else { Edge::Asked }
}

/// Returns the versions that an arrival may be of, with their keys; all where it does not tell.
fn versions<'s>(served: &'s Served, name: &str) -> Vec<(&'s String, &'s Version)> {
    let all = served.api.versions.list.iter();
    all.filter(|(key, _)| name.is_empty() || *key == name).collect()
}

/// Returns the path that a client asks for; `None` where what arrives does not stand below the target's path.
fn edge_path(served: &Served, version: &str, path: &str) -> Option<String> {
    let bases = versions(served, version).into_iter().flat_map(|(_, version)| targets(served, version));
    let mut rests = bases.filter_map(|target| {
        let rest = path.strip_prefix(target.path.trim_end_matches('/'))?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.to_owned())
    });
    let rest = rests.next()?;
    let rest = if rest.is_empty() { "/" } else { rest.as_str() };
    if !served.api.strips {
        return Some(rest.to_owned());
    }
    let listen = match served.listen.regex() {
        Some(source) => PathMatch::regex(source)?.examples().first()?.clone(),
        None => served.listen.text().to_owned(),
    };
    Some(format!("{}{rest}", listen.trim_end_matches('/')))
}

fn request(served: &Served, arrival: &Arrival, method: &str, path: &str) -> Request {
    let headers = arrival.conditions.iter().filter_map(|condition| match condition {
        Condition::Header(name, value) => Some((name.clone(), value.clone())),
        Condition::Parameter(..) => None,
    });
    Request {
        method: method.to_owned(),
        host: served.host().to_owned(),
        port: served.api.listen_port,
        path: path.to_owned(),
        query: String::new(),
        headers: headers.collect(),
    }
}
