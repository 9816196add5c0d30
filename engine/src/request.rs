//! One pass over a request's header map: everything the engine wants of it, borrowed.

use crate::policy::Headers;
use attache_plugin_config::{Config, HeaderName};
use std::collections::BTreeMap;

/// The headers that this configuration looks at, so that one look-up a header sorts the map.
#[derive(Debug)]
pub(crate) struct HeaderUses {
    /// By the length of the name, which alone tells most headers apart; then in order.
    by_length: Vec<Vec<(Box<str>, Use)>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Use {
    /// No client may send it.
    identity: bool,
    /// It may carry a token.
    token: bool,
    pseudo: Option<Pseudo>,
}

#[derive(Clone, Copy, Debug)]
enum Pseudo {
    Method,
    Path,
    Authority,
    Cookie,
    Origin,
    PreflightMethod,
}

/// A request as the engine sees it.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    all: &'a [(String, Vec<u8>)],
    /// `:method`; empty where it is not UTF-8, so that it equals none.
    pub method: &'a str,
    /// `:path` without its query.
    pub path: &'a [u8],
    /// What stands behind the `?` of `:path`.
    pub query: Option<&'a [u8]>,
    /// `:authority`; empty where it is not UTF-8.
    pub authority: &'a str,
    /// Identity headers that the client sent, as it spelled them; a name may come twice.
    pub forged: Vec<&'a str>,
    /// Headers that may carry a token.
    pub token_headers: Vec<(&'a str, &'a [u8])>,
    /// The cookie headers.
    pub cookies: Vec<&'a [u8]>,
    origin: bool,
    preflight_method: bool,
}

impl HeaderUses {
    pub(crate) fn new(config: &Config) -> Self {
        let mut uses: BTreeMap<Box<str>, Use> = BTreeMap::new();
        let mut set = |name: &str, change: &dyn Fn(&mut Use)| change(uses.entry(name.into()).or_default());
        for (name, pseudo) in [
            (":method", Pseudo::Method),
            (":path", Pseudo::Path),
            (":authority", Pseudo::Authority),
            ("cookie", Pseudo::Cookie),
            ("origin", Pseudo::Origin),
            ("access-control-request-method", Pseudo::PreflightMethod),
        ] {
            set(name, &|entry| entry.pseudo = Some(pseudo));
        }
        for header in config.identity_headers() {
            set(&dashed(header.as_str()), &|entry| entry.identity = true);
        }
        for place in config.issuers.iter().flat_map(|issuer| &issuer.from_headers) {
            set(place.name.as_str(), &|entry| entry.token = true);
        }
        let mut by_length: Vec<Vec<(Box<str>, Use)>> = Vec::new();
        for (name, entry) in uses {
            by_length.resize_with(by_length.len().max(name.len().saturating_add(1)), Vec::new);
            if let Some(same_length) = by_length.get_mut(name.len()) {
                same_length.push((name, entry));
            }
        }
        Self { by_length }
    }

    fn get(&self, name: &str) -> Option<Use> {
        let same_length = self.by_length.get(name.len())?;
        let at = same_length.binary_search_by(|(known, _)| known.as_ref().cmp(name)).ok()?;
        same_length.get(at).map(|(_, uses)| *uses)
    }

    /// Reads a header map.
    pub(crate) fn read<'a>(&self, headers: &'a [(String, Vec<u8>)]) -> Request<'a> {
        let mut request = Request {
            all: headers,
            method: "",
            path: b"",
            query: None,
            authority: "",
            forged: Vec::new(),
            token_headers: Vec::new(),
            cookies: Vec::new(),
            origin: false,
            preflight_method: false,
        };
        for (name, value) in headers {
            let Some(uses) = self.get(name) else {
                // A backend that speaks CGI or WSGI reads `x_user` as it reads `x-user`.
                if name.contains('_') && self.get(&dashed(name)).is_some_and(|uses| uses.identity) {
                    request.forged.push(name);
                }
                continue;
            };
            if uses.identity {
                request.forged.push(name);
            }
            if uses.token {
                request.token_headers.push((name, value));
            }
            match uses.pseudo {
                Some(Pseudo::Method) => request.method = std::str::from_utf8(value).unwrap_or_default(),
                Some(Pseudo::Path) => (request.path, request.query) = split_query(value),
                Some(Pseudo::Authority) => request.authority = std::str::from_utf8(value).unwrap_or_default(),
                Some(Pseudo::Cookie) => request.cookies.push(value),
                Some(Pseudo::Origin) => request.origin = true,
                Some(Pseudo::PreflightMethod) => request.preflight_method = true,
                None => {}
            }
        }
        request
    }
}

impl Request<'_> {
    /// Whether a browser asks for leave to send a request (Fetch standard, CORS-preflight request).
    pub(crate) fn is_preflight(&self) -> bool {
        self.method == "OPTIONS" && self.origin && self.preflight_method
    }
}

impl Headers for Request<'_> {
    fn unique(&self, name: &HeaderName) -> Option<&[u8]> {
        let mut values = self.all.iter().filter(|(key, _)| key == name.as_str()).map(|(_, value)| value);
        values.next().filter(|_| values.next().is_none()).map(Vec::as_slice)
    }
}

fn dashed(name: &str) -> String {
    name.replace('_', "-")
}

fn split_query(path: &[u8]) -> (&[u8], Option<&[u8]>) {
    match path.iter().position(|&byte| byte == b'?').and_then(|at| path.split_at_checked(at)) {
        Some((path, query)) => (path, query.get(1..)),
        None => (path, None),
    }
}
