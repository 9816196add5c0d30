//! Which headers a configuration looks at, and one pass over a request's header map for them.

use crate::method;
use crate::request::{Request, is_plain};
use attache_plugin_config::{Comparand, Config, HeaderName, IssuerLocations, fold};
use smallvec::SmallVec;

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

impl HeaderUses {
    #[inline(never)]
    pub(crate) fn new(config: &Config) -> Self {
        let mut uses = Self { by_length: Vec::new() };
        let mut set = |name: &str, change: &dyn Fn(&mut Use)| uses.change(name, change);
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
        uses
    }

    /// Changes what is done with a header.
    #[inline(never)]
    fn change(&mut self, name: &str, change: &dyn Fn(&mut Use)) {
        let lengths = self.by_length.len().max(name.len().saturating_add(1));
        self.by_length.resize_with(lengths, Vec::new);
        let Some(same_length) = self.by_length.get_mut(name.len()) else { return };
        let at = match same_length.binary_search_by(|(known, _)| known.as_ref().cmp(name)) {
            Ok(at) => at,
            Err(at) => {
                same_length.insert(at, (name.into(), Use::default()));
                at
            }
        };
        if let Some((_, entry)) = same_length.get_mut(at) {
            change(entry);
        }
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

/// Returns the headers that conditions compare claims with.
fn compared(config: &Config) -> impl Iterator<Item = &HeaderName> {
    let rules = config.policies.iter().flat_map(|policy| &policy.rules);
    rules.flat_map(|rule| &rule.when).filter_map(|condition| match condition.test.comparand() {
        Comparand::Header(name) => Some(name),
        Comparand::Configured | Comparand::PathSegment(_) | Comparand::Claim(_) => None,
    })
}

fn split_query(path: &[u8]) -> (&[u8], Option<&[u8]>) {
    match path.iter().position(|&byte| byte == b'?').and_then(|at| path.split_at_checked(at)) {
        Some((path, query)) => (path, query.get(1..)),
        None => (path, None),
    }
}
