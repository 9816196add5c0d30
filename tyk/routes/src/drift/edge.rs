//! What a request that arrives in the mesh has passed at the edge.

use crate::definition::Version;
use crate::gateway::{Gateway, Outcome, Request, Served, targets};
use crate::mesh::{Arrival, Condition, PathMatch};

/// What Tyk does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// Sends it on, and asks for the credential that the API asks for; also where that can't be
    /// told.
    Asked,
    /// Sends it on without a credential, since an endpoint ignores authentication.
    Ignored,
    /// Keeps it: a list refuses it, Tyk answers it, or its path or method becomes another.
    Kept,
}

/// The API that an arrival came through: what is the same for each of its requests.
pub(super) struct Entrance<'m> {
    gateway: &'m Gateway,
    arrival: &'m Arrival,
    served: &'m Served,
    /// The versions that the arrival may be of, with their keys; all where it does not tell.
    pub(super) versions: Vec<(&'m String, &'m Version)>,
    /// The paths of the targets, without a slash at their end.
    bases: Vec<String>,
    /// What the gateway takes away from a path, without a slash at its end; `None` where no path is
    /// known that it takes.
    listen: Option<String>,
}

impl<'m> Entrance<'m> {
    /// Returns the API that an arrival came through; `None` where the gateway does not serve it.
    pub(super) fn of(gateway: &'m Gateway, arrival: &'m Arrival) -> Option<Self> {
        let served = gateway.served_as(&arrival.api)?;
        let all = served.api.versions.list.iter();
        let name = arrival.version.as_str();
        let versions: Vec<(&String, &Version)> =
            all.filter(|(key, _)| name.is_empty() || *key == name).collect();
        let targets = versions.iter().flat_map(|(_, version)| targets(served, version));
        let bases = targets.map(|target| target.path.trim_end_matches('/').to_owned()).collect();
        Some(Self { gateway, arrival, served, versions, bases, listen: taken_away(served) })
    }

    /// Returns what Tyk does with the request that arrives with this path. `method` is the
    /// client's.
    pub(super) fn edge(&self, method: &str, path: &str) -> Edge {
        let served = self.served;
        let Some(sent) = self.edge_path(path) else { return Edge::Asked };
        // Of a version that the mesh can't tell, it is not known which one the client names.
        let is_versioned = served.api.versions.are_named || served.api.family.is_some();
        if !is_versioned {
            match self.gateway.route(&request(served, self.arrival, method, &sent)) {
                Outcome::Answered => return Edge::Kept,
                Outcome::Forwarded(forwarded) if forwarded.api == served.api.id => {
                    let is_same =
                        |own: &String| own.trim_end_matches('/') == path.trim_end_matches('/');
                    if !forwarded.paths.iter().any(is_same) {
                        return Edge::Kept;
                    }
                }
                _ => return Edge::Asked,
            }
        }
        let is_ignored =
            |(key, version): &(&String, &Version)| served.is_ignored(key, version, method, &sent);
        let ignored = !self.versions.is_empty() && self.versions.iter().all(is_ignored);
        if ignored { Edge::Ignored } else { Edge::Asked }
    }

    /// Returns the path that a client asks for; `None` where what arrives does not stand below the
    /// target's path.
    fn edge_path(&self, path: &str) -> Option<String> {
        let below = |base: &String| {
            path.strip_prefix(base.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let rest = self.bases.iter().find_map(below)?;
        let rest = if rest.is_empty() { "/" } else { rest };
        Some(format!("{}{rest}", self.listen.as_ref()?))
    }
}

/// Returns a path that an API listens at and takes away; empty where it takes nothing away.
fn taken_away(served: &Served) -> Option<String> {
    if !served.api.strips {
        return Some(String::new());
    }
    let listen = match served.listen.regex() {
        Some(source) => PathMatch::regex(source)?.examples().first()?.clone(),
        None => served.listen.text().to_owned(),
    };
    Some(listen.trim_end_matches('/').to_owned())
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
