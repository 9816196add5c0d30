//! Reading a provider's answer.

use super::FetchOutcome;
use attache_plugin_config::{HttpUrl, Node, Path, read_json};
use std::time::Duration;

/// The longest body that is looked at, in bytes.
pub const MAX_BODY: usize = 256 * 1024;

/// The longest `etag` that is sent back, in bytes.
const MAX_ETAG: usize = 256;

/// An answer, complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// Its headers, `:status` among them; names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Its body: of one longer than [`MAX_BODY`], at least one byte more than that.
    pub body: Vec<u8>,
}

/// Why an answer is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FetchError {
    pub(super) outcome: FetchOutcome,
    /// What was wrong, in words; of what the provider sent only what can stand in a log.
    pub(super) detail: String,
}

/// An answer that can be read further.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content<'r> {
    /// 200 with a body.
    New(&'r [u8]),
    /// 304.
    NotModified,
}

impl FetchError {
    pub(super) fn new(outcome: FetchOutcome, detail: impl Into<String>) -> Self {
        Self { outcome, detail: detail.into() }
    }
}

impl Response {
    /// Checks everything about an answer but what its body says. What `content-type` says does not
    /// count: key sets are served as all sorts of things.
    pub(super) fn content(&self) -> Result<Content<'_>, FetchError> {
        use FetchOutcome::{BadStatus, Encoded, NoAnswer, Redirect, TooLarge};
        match self.header(":status") {
            None => {
                return Err(FetchError::new(NoAnswer, "no answer came in time, or it broke off"));
            }
            Some("200") => {}
            Some("304") => return Ok(Content::NotModified),
            Some("301" | "302" | "303" | "307" | "308") => {
                return Err(FetchError::new(
                    Redirect,
                    "a redirect; none is followed: configure the URL that it leads to",
                ));
            }
            Some(status) => {
                let status: String = status.chars().filter(char::is_ascii_digit).take(3).collect();
                return Err(FetchError::new(BadStatus, format!("status {status}")));
            }
        }
        if self
            .header("content-encoding")
            .is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"))
        {
            return Err(FetchError::new(
                Encoded,
                "the body is compressed, though `accept-encoding: identity` was sent",
            ));
        }
        if self.body.len() > MAX_BODY {
            return Err(FetchError::new(
                TooLarge,
                format!("the body has more than {MAX_BODY} bytes"),
            ));
        }
        Ok(Content::New(&self.body))
    }

    /// Returns for how long the answer stays fresh (RFC 9111 section 4.2): `max-age` less `age`.
    /// `None` where it doesn't say, or says it in a way that can't be read.
    pub(super) fn max_age(&self) -> Option<Duration> {
        let directives = self.all("cache-control").flat_map(|value| value.split(','));
        let seconds = directives.filter_map(|directive| {
            let (name, value) = directive.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("max-age")
                .then(|| whole_seconds(value.trim().trim_matches('"')))?
        });
        let age = self.header("age").and_then(whole_seconds).unwrap_or(0);
        // Of several, the shortest.
        seconds.min().map(|max_age| Duration::from_secs(max_age.saturating_sub(age)))
    }

    /// Returns what the provider calls this version.
    pub(super) fn etag(&self) -> Option<&str> {
        let fits = |etag: &&str| {
            (1..=MAX_ETAG).contains(&etag.len()) && etag.bytes().all(|byte| byte.is_ascii_graphic())
        };
        self.header("etag").filter(fits)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.headers.iter().filter(move |(key, _)| key == name);
        values.filter_map(|(_, value)| str::from_utf8(value).ok()).map(str::trim)
    }
}

/// Digits alone; more than fit are as good as forever.
fn whole_seconds(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Returns `issuer` and `jwks_uri` of a discovery document (OpenID Connect Discovery 1.0 section 3).
/// Others of its members are ignored; none of these two may be repeated.
fn discovery_members(body: &[u8]) -> Result<(String, String), FetchError> {
    let mut repeated = Vec::new();
    // What is wrong with JSON is told with its place, and never repeats the text.
    let document = read_json(body, &mut repeated).map_err(|error| {
        let message = format!("no discovery document with `issuer` and `jwks_uri`: {error}");
        FetchError::new(FetchOutcome::NotJson, message)
    })?;
    let member = |name: &str| {
        let path = Path::default().key(name);
        match document.get(name) {
            Some(Node::String(text)) if repeated.iter().all(|error| error.path != path) => {
                Some(text.clone())
            }
            _ => None,
        }
    };
    member("issuer").zip(member("jwks_uri")).ok_or_else(|| {
        let message = "no discovery document with `issuer` and `jwks_uri`, each once and a string";
        FetchError::new(FetchOutcome::BadDiscovery, message)
    })
}

/// Returns where a discovery document says that the keys are. It must be the issuer's own, must not
/// lead from `https` to `http`, and must stay at the origin where it was found or lead to one of
/// `hosts`: a provider does not choose whom of the mesh it has asked.
#[inline(never)]
pub(super) fn read_discovery(
    body: &[u8],
    issuer: &str,
    found_at: &HttpUrl,
    hosts: &[String],
) -> Result<HttpUrl, FetchError> {
    use FetchOutcome::{BadDiscovery, NotJson};
    // RFC 8259 section 8.1 lets a reader ignore a byte order mark.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.trim_ascii_start().starts_with(b"<") {
        let message = "the body is HTML or XML; check the URL, and what stands before the provider";
        return Err(FetchError::new(NotJson, message));
    }
    let (named, jwks_uri) = discovery_members(body)?;
    if named != issuer {
        let message = "the document's `issuer` is another's; `issuer` must equal it byte for byte, a final `/` included";
        return Err(FetchError::new(BadDiscovery, message));
    }
    let url = HttpUrl::parse(&jwks_uri).map_err(|message| {
        FetchError::new(BadDiscovery, format!("`jwks_uri` is no URL: {message}"))
    })?;
    if found_at.is_tls() && !url.is_tls() {
        return Err(FetchError::new(BadDiscovery, "`jwks_uri` leads from `https` to `http`"));
    }
    let authority = url.authority();
    if !url.is_same_origin(found_at) && !hosts.contains(&authority) {
        let message = format!(
            "`jwks_uri` is at `{authority}`, which is not the issuer's origin; if that is meant, name it in \
             `jwksHosts`, or set `jwksUri` instead of `discovery`"
        );
        return Err(FetchError::new(BadDiscovery, message));
    }
    Ok(url)
}

#[cfg(test)]
mod tests;
