//! One pass over a request's header map: everything the engine wants of it, borrowed.

use crate::policy::Headers;
use crate::{authority, method};
use attache_plugin_config::{Comparand, Config, HeaderName, IssuerLocations, fold};
use smallvec::SmallVec;
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
    special: Option<Special>,
}

/// A header that means the same in every configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Special {
    Method,
    Path,
    Authority,
    Host,
    Cookie,
    Origin,
    PreflightMethod,
    MethodOverride,
    Connection,
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
    pub token_headers: SmallVec<[(&'a str, &'a [u8]); 1]>,
    /// The cookie headers.
    pub cookies: Vec<&'a [u8]>,
    /// What headers say that ask for another method than the one on the line.
    pub overrides: Vec<&'a [u8]>,
    /// What `connection` says, where Envoy left it.
    pub connection: Vec<&'a [u8]>,
    /// A header `host` beside `:authority`.
    pub host_header: bool,
    origin: bool,
    preflight_method: bool,
}

impl HeaderUses {
    #[inline(never)]
    pub(crate) fn new(config: &Config) -> Self {
        let mut uses: BTreeMap<Box<str>, Use> = BTreeMap::new();
        let mut set =
            |name: &str, change: &dyn Fn(&mut Use)| change(uses.entry(name.into()).or_default());
        for (name, special) in [
            (":method", Special::Method),
            (":path", Special::Path),
            (":authority", Special::Authority),
            ("host", Special::Host),
            ("cookie", Special::Cookie),
            ("origin", Special::Origin),
            ("access-control-request-method", Special::PreflightMethod),
            ("connection", Special::Connection),
        ] {
            set(name, &|entry| entry.special = Some(special));
        }
        for name in method::OVERRIDES {
            set(name, &|entry| entry.special = Some(Special::MethodOverride));
        }
        for header in config.identity_headers() {
            set(&header.folded(), &|entry| entry.identity = true);
        }
        // Looked at only where a rule asks; here so that no trailer has its name.
        for header in compared(config) {
            set(&header.folded(), &|_| {});
        }
        for issuer in &config.issuers {
            // Cookies come in a header that is special, parameters in the path.
            let IssuerLocations { headers, cookies: _, params: _ } = &issuer.locations;
            for place in headers {
                set(place.name.as_str(), &|entry| entry.token = true);
            }
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

    /// Returns what is done with a header that has no name of its own here: a backend that speaks
    /// CGI or WSGI may read `x.user` and `x_user` as it reads `x-user`. Only what a backend does
    /// with a header counts then, not what this filter reads of it.
    fn get_folded(&self, name: &str) -> Option<Use> {
        let may_be_here =
            self.by_length.get(name.len()).is_some_and(|same_length| !same_length.is_empty());
        // A pseudo-header is no header to a backend, whatever it folds to (RFC 9113 section 8.3).
        if !may_be_here || name.starts_with(':') || name.bytes().all(is_plain) {
            return None;
        }
        let uses = self.get(&fold(name))?;
        let special = uses.special.filter(|special| *special == Special::MethodOverride);
        Some(Use { token: false, special, ..uses })
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
            token_headers: SmallVec::new(),
            cookies: Vec::new(),
            overrides: Vec::new(),
            connection: Vec::new(),
            host_header: false,
            origin: false,
            preflight_method: false,
        };
        for (name, value) in headers {
            let Some(uses) = self.get(name).or_else(|| self.get_folded(name)) else { continue };
            if uses.identity {
                request.forged.push(name);
            }
            if uses.token {
                request.token_headers.push((name, value));
            }
            match uses.special {
                Some(Special::Method) => {
                    request.method = std::str::from_utf8(value).unwrap_or_default()
                }
                Some(Special::Path) => (request.path, request.query) = split_query(value),
                Some(Special::Authority) => {
                    request.authority = std::str::from_utf8(value).unwrap_or_default();
                }
                Some(Special::Host) => request.host_header = true,
                Some(Special::Cookie) => request.cookies.push(value),
                Some(Special::Origin) => request.origin = true,
                Some(Special::PreflightMethod) => request.preflight_method = true,
                Some(Special::MethodOverride) => request.overrides.push(value),
                Some(Special::Connection) => request.connection.push(value),
                None => {}
            }
        }
        request
    }

    /// Returns whether the name, in any spelling, is that of a header which this configuration
    /// looks at or writes. As a trailer it has no place (RFC 9110 section 6.5.1): a backend that
    /// merges trailers into headers would see it. Nor has it in `connection`: a proxy behind this
    /// one would take out what was judged, or what was written.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.get(name).or_else(|| self.get(&fold(name))).is_some()
    }
}

impl Request<'_> {
    /// Returns whether a browser asks for leave to send a request (Fetch standard, CORS-preflight
    /// request): an OPTIONS request that has no body, and asks for no other method. Whatever has is
    /// an ordinary request.
    pub(crate) fn is_preflight(&self) -> bool {
        self.method == "OPTIONS"
            && self.origin
            && self.preflight_method
            && self.asks_for_nothing_more()
    }

    #[inline(never)]
    fn asks_for_nothing_more(&self) -> bool {
        let frames_a_body = |(name, value): &(String, Vec<u8>)| match name.as_str() {
            "content-length" => value != b"0",
            "transfer-encoding" => true,
            _ => false,
        };
        !self.has_override() && !self.all.iter().any(frames_a_body)
    }

    /// Returns whether it has something where tokens may stand.
    pub(crate) fn has_token_places(&self) -> bool {
        !self.token_headers.is_empty() || !self.cookies.is_empty() || self.query.is_some()
    }

    /// Returns whether a header of this name came.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.all.iter().any(|(key, _)| key == name)
    }

    /// Returns whether it asks for another method than the one on its line, or for that one once
    /// more.
    pub(crate) fn has_override(&self) -> bool {
        method::has_override(&self.overrides, self.query)
    }

    /// Returns whether a backend may take the path for a reference to another host (RFC 3986
    /// section 4.2).
    fn path_may_name_a_host(&self) -> bool {
        matches!(self.path, [b'/', b'/' | b'\\', ..])
    }

    /// Returns whether every backend reads its host alike.
    pub(crate) fn has_plain_host(&self) -> bool {
        !self.host_header && authority::is_plain(self.authority) && !self.path_may_name_a_host()
    }
}

impl<'a> Request<'a> {
    /// Returns `origin`: the page that asks, if the request comes from one in a browser.
    pub(crate) fn origin(&self) -> Option<&'a [u8]> {
        let mut values =
            self.all.iter().filter(|(name, _)| name == "origin").map(|(_, value)| value.as_slice());
        values.next().filter(|_| values.next().is_none())
    }
}

impl Headers for Request<'_> {
    fn unique(&self, name: &HeaderName) -> Option<&[u8]> {
        let mut same = self.all.iter().filter(|(key, _)| alike(key, name.as_str()));
        let (key, value) = same.next().filter(|_| same.next().is_none())?;
        (key == name.as_str()).then_some(value)
    }

    fn may_be(&self, name: &HeaderName, value: &[u8]) -> bool {
        let mut same = self.all.iter().filter(|(key, _)| alike(key, name.as_str()));
        same.next().is_some_and(|(_, only)| same.next().is_some() || only == value)
    }
}

/// Returns whether a backend may take one name for the other.
fn alike(one: &str, other: &str) -> bool {
    let plain = || one.bytes().chain(other.bytes()).all(is_plain);
    one == other || (one.len() == other.len() && !plain() && fold(one) == fold(other))
}

/// Returns the headers that conditions compare claims with.
fn compared(config: &Config) -> impl Iterator<Item = &HeaderName> {
    let rules = config.policies.iter().flat_map(|policy| &policy.rules);
    rules.flat_map(|rule| &rule.when).filter_map(|condition| match condition.test.comparand() {
        Comparand::Header(name) => Some(name),
        Comparand::Configured | Comparand::PathSegment(_) | Comparand::Claim(_) => None,
    })
}

/// Returns whether a byte of a header's name is the same in every backend.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

/// Returns what is left of `connection` without the names that a proxy behind the filter must not
/// take for its own to remove (RFC 9110 section 7.6.1), and without what is no name at all, since a
/// lenient proxy may read one out of it; `None` where all of it can stay.
#[inline(never)]
pub(crate) fn without_options(
    values: &[&[u8]],
    unwanted: impl Fn(&str) -> bool,
) -> Option<Vec<u8>> {
    let options = || {
        values.iter().flat_map(|value| value.split(|&byte| byte == b',')).map(<[u8]>::trim_ascii)
    };
    let wanted = |option: &&[u8]| {
        option.iter().all(|&byte| method::is_token(byte))
            && !std::str::from_utf8(option).is_ok_and(&unwanted)
    };
    let left: Vec<&[u8]> = options().filter(wanted).collect();
    (left.len() != options().count()).then(|| left.join(b", ".as_slice()))
}

fn split_query(path: &[u8]) -> (&[u8], Option<&[u8]>) {
    match path.iter().position(|&byte| byte == b'?').and_then(|at| path.split_at_checked(at)) {
        Some((path, query)) => (path, query.get(1..)),
        None => (path, None),
    }
}
