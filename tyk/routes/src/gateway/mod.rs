//! What Tyk's router makes of a request, as the gateway does it that has these definitions since
//! its start.

mod endpoint;
mod lists;
mod middleware;
mod order;
mod passage;
mod request;
mod serve;
mod template;
mod version;

pub use endpoint::translate as endpoint_expression;
pub use request::{Forwarded, HostHeader, Outcome, Request};
pub(crate) use serve::targets;
pub use template::ListenPath;

use crate::Settings;
use crate::definition::{Api, Versions};
use crate::gap::{Gap, Kind};
use endpoint::Pattern;
use order::{Listing, order};
use std::collections::HashMap;
use template::HostPattern;

/// A gateway with its APIs, in the order of its router.
#[derive(Debug)]
pub struct Gateway {
    settings: Settings,
    /// In the order in which Tyk asks them.
    served: Vec<Served>,
    gaps: Vec<Gap>,
}

/// An API as the gateway has it.
#[derive(Debug)]
pub struct Served {
    /// The definition.
    pub api: Api,
    /// Where it listens, after Tyk has moved what collides.
    pub listen: ListenPath,
    host: HostPattern,
    port: u16,
    /// By the place of their version and their own in it.
    patterns: HashMap<(String, usize), Pattern>,
}

impl Gateway {
    /// Makes a gateway of definitions. What it can't serve becomes a gap.
    #[must_use]
    pub fn new(apis: Vec<Api>, settings: Settings) -> Self {
        let mut gateway = Self { settings, served: Vec::new(), gaps: Vec::new() };
        for Listing { api, listen_path } in order(apis, &gateway.settings, &mut gateway.gaps) {
            match Served::new(api, &listen_path, &gateway.settings, &mut gateway.gaps) {
                Ok(served) => gateway.served.push(served),
                Err(gap) => gateway.gaps.push(gap),
            }
        }
        gateway
    }

    /// Returns the APIs in the order in which a request is held against them.
    #[must_use]
    pub fn served(&self) -> &[Served] {
        &self.served
    }

    /// Returns what the gateway does not serve.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Returns the gateway's settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the API that a version or a loop names, by its id or by its name as URLs have it.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Served> {
        if name.is_empty() {
            return None;
        }
        let is_named = |served: &&Served| {
            served.api.id == name || looping_name(&served.api.name).eq_ignore_ascii_case(name)
        };
        self.served.iter().find(is_named)
    }

    /// Returns the API with this id.
    #[must_use]
    pub(crate) fn served_as(&self, id: &str) -> Option<&Served> {
        self.served.iter().find(|served| served.api.id == id)
    }

    /// Returns what becomes of a request.
    #[must_use]
    pub fn route(&self, request: &Request) -> Outcome {
        if !self.settings.keeps_paths && !request.has_clean_path() {
            return Outcome::Redirected;
        }
        if request.path.starts_with("/tyk/") || matches!(request.path.as_str(), "/hello" | "/ready")
        {
            return Outcome::Own;
        }
        let port = if request.port == 0 { self.settings.listen_port } else { request.port };
        for served in
            self.served.iter().filter(|served| !served.api.is_internal && served.port == port)
        {
            if !served.host.matches(&request.host) {
                continue;
            }
            let by_id = format!("/{}/", served.api.id);
            let is_listened = served.listen.matches(&request.path);
            if !is_listened && !request.path.starts_with(&by_id) {
                continue;
            }
            // What a strict route takes and does not want is not offered to another.
            if !request.path.starts_with(&by_id) && self.is_border_missing(served, &request.path) {
                return Outcome::NotFound;
            }
            return self.serve(served, request);
        }
        Outcome::NotFound
    }

    /// Returns whether a listen path must end at a segment.
    pub(crate) fn is_strict(&self, served: &Served) -> bool {
        let listen = served.listen.text();
        self.settings.has_strict_routes
            && !listen.ends_with('/')
            && !(listen.contains('{') && listen.contains('}'))
    }

    fn is_border_missing(&self, served: &Served, path: &str) -> bool {
        let listen = served.listen.text();
        let rest = path.strip_prefix(listen);
        self.is_strict(served) && !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl Served {
    fn new(
        api: Api,
        listen_path: &str,
        settings: &Settings,
        gaps: &mut Vec<Gap>,
    ) -> Result<Self, Gap> {
        let listen = ListenPath::new(listen_path).map_err(|reason| Gap {
            kind: Kind::Unreadable,
            api: api.id.clone(),
            place: api.listen_path_place(),
            reason: format!(
                "the listen path `{listen_path}` can't be read, and Tyk does not serve the API: {reason}"
            ),
        })?;
        let domain = if api.is_domain_off { "" } else { api.domain.as_str() };
        let is_own = settings.has_custom_domains && !api.domain.is_empty();
        let host = HostPattern::new(if is_own { domain } else { &settings.hostname }).map_err(
            |reason| Gap {
                kind: Kind::Unreadable,
                api: api.id.clone(),
                place: api.at("domain", "x-tyk-api-gateway/server/customDomain/name"),
                reason: format!("the domain `{domain}` can't be read: {reason}"),
            },
        )?;
        let port = if api.listen_port == 0 { settings.listen_port } else { api.listen_port };
        let patterns = patterns(&api.id, &api.versions, settings, gaps);
        Ok(Self { api, listen, host, port, patterns })
    }

    /// Returns the host that requests must name; empty where any will do.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.text()
    }

    fn pattern(&self, version: &str, index: usize) -> Option<&Pattern> {
        self.patterns.get(&(version.to_owned(), index))
    }
}

fn patterns(
    api: &str,
    versions: &Versions,
    settings: &Settings,
    gaps: &mut Vec<Gap>,
) -> HashMap<(String, usize), Pattern> {
    let mut patterns = HashMap::new();
    for (key, version) in &versions.list {
        for (index, endpoint) in version.endpoints.iter().enumerate() {
            match Pattern::new(endpoint, settings) {
                Ok(pattern) => drop(patterns.insert((key.clone(), index), pattern)),
                Err(reason) => gaps.push(Gap {
                    kind: Kind::Unreadable,
                    api: api.to_owned(),
                    place: endpoint.place.clone(),
                    reason: format!("the pattern of `{}` can't be read: {reason}", endpoint.path),
                }),
            }
        }
    }
    patterns
}

/// Returns a name as `tyk://` has it: without its categories, and `-` for what is no letter or
/// digit.
fn looping_name(name: &str) -> String {
    let name = name.split('#').next().unwrap_or_default();
    let mut folded = String::with_capacity(name.len());
    for c in name.trim_end().chars() {
        if c.is_ascii_alphanumeric() {
            folded.push(c);
        } else if !folded.ends_with('-') {
            folded.push('-');
        }
    }
    folded
}
