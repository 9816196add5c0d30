//! A request as the engine sees it: everything that it wants of the header map, borrowed.

use crate::policy::Headers;
use crate::{authority, method};
use attache_plugin_config::{HeaderName, fold};
use smallvec::SmallVec;

/// A request as the engine sees it.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    /// The whole header map.
    pub all: &'a [(String, Vec<u8>)],
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
    /// A header `origin`.
    pub origin: bool,
    /// A header `access-control-request-method`.
    pub preflight_method: bool,
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

/// Returns whether a byte of a header's name is the same in every backend.
pub(crate) fn is_plain(byte: u8) -> bool {
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
