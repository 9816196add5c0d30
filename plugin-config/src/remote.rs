//! Keys that a provider serves: where they lie, how to get there, and how often to ask.

use attache_config_reader::Words;
use std::fmt;
use std::time::Duration;

/// Keys that a provider serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteKeys {
    /// Where they are found.
    pub location: KeyLocation,
    /// The Envoy cluster that leads to the provider; absent: the one that Istio names after a URL's
    /// host and port, see [`HttpUrl::cluster`].
    pub cluster: Option<String>,
    /// The hosts besides the issuer's own that a discovery document may name for the keys, as
    /// [`HttpUrl::authority`] writes them. Only without `cluster`, which leads to one host.
    pub jwks_hosts: Vec<String>,
    /// How often the provider is asked, and for how long its last answer is good.
    pub refresh: Refresh,
    /// What happens to requests while there are none. A rule may say otherwise.
    pub on_keys_unavailable: OnKeysUnavailable,
}

/// Where a key set is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyLocation {
    /// At this URL.
    JwksUri(HttpUrl),
    /// Where the `jwks_uri` of the document at this URL says (OpenID Connect Discovery 1.0 section
    /// 4). That document's `issuer` must equal the issuer's.
    Discovery(HttpUrl),
}

/// How often a provider is asked for its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// From one good answer to the next question; 1 second to 24 hours, default 5 minutes. What the
    /// provider's `Cache-Control: max-age` says can shorten it.
    pub interval: Duration,
    /// For how long an answer is awaited, and the longest that a request waits for keys; 100
    /// milliseconds to 1 minute, default 5 seconds.
    pub timeout: Duration,
    /// From a failure to the next try; doubled with each further failure, up to `interval`. 100
    /// milliseconds to `interval`, default 1 second.
    pub retry_after: Duration,
    /// The least time between two questions that requests cause; 1 second to `interval`, default 10
    /// seconds or `interval`, whichever is less.
    pub min_interval: Duration,
    /// For how long the last good answer serves while the provider gives none; `interval` to 30
    /// days, default 24 hours.
    pub keep_for: Duration,
}

impl Default for Refresh {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(5 * 60),
            timeout: Duration::from_secs(5),
            retry_after: Duration::from_secs(1),
            min_interval: Duration::from_secs(10),
            keep_for: Duration::from_secs(24 * 60 * 60),
        }
    }
}

/// What happens to a request that needs keys while none are to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Words)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::schema_transform::words_alone))]
#[cfg_attr(feature = "schema", schemars(rename_all = "SCREAMING_SNAKE_CASE"))]
pub enum OnKeysUnavailable {
    /// It is refused with 503.
    #[default]
    Deny,
    /// It goes on without identity.
    Allow,
}

/// An absolute `http` or `https` URL without user, password and fragment, taken apart.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HttpUrl {
    text: String,
    tls: bool,
    /// In lower case; an IPv6 address in brackets.
    host: String,
    port: u16,
    /// Where the path begins in `text`; its end where there is none.
    path_at: usize,
}

impl HttpUrl {
    /// Reads a URL of at most 2048 bytes.
    ///
    /// ```
    /// use attache_plugin_config::HttpUrl;
    ///
    /// let url = HttpUrl::parse("https://login.example.com/keys?v=2").unwrap();
    /// assert_eq!((url.host(), url.port(), url.path()), ("login.example.com", 443, "/keys?v=2"));
    /// ```
    ///
    /// # Errors
    /// A sentence that says what a URL has to look like.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > 2048 {
            return Err("a URL has 2048 bytes at most");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte)) {
            return Err("has characters that no URL may have; percent-encode them");
        }
        let (tls, rest) = if let Some(rest) = strip_scheme(text, "https://") {
            (true, rest)
        } else if let Some(rest) = strip_scheme(text, "http://") {
            (false, rest)
        } else {
            return Err("begin it with `https://` or `http://`");
        };
        if rest.contains('#') {
            return Err("a fragment (`#…`) is never sent; leave it out");
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if path.starts_with('?') {
            return Err("put a `/` before the `?`");
        }
        if authority.contains('@') {
            return Err("a user or password has no place here; leave it out");
        }
        let (host, port) = split_port(authority);
        let port = match port {
            None => Some(if tls { 443 } else { 80 }),
            Some(digits) => digits
                .parse()
                .ok()
                .filter(|&port| port > 0 && digits.bytes().all(|c| c.is_ascii_digit())),
        };
        let Some(port) = port else { return Err("the port is a number from 1 to 65535") };
        if !is_host(host) {
            return Err("the host is a name of letters, digits, `-`, `_` and `.`, or an address");
        }
        let path_at = text.len().saturating_sub(path.len());
        Ok(Self { text: text.to_owned(), tls, host: host.to_ascii_lowercase(), port, path_at })
    }

    /// Returns the URL as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether it is an `https` URL.
    pub const fn is_tls(&self) -> bool {
        self.tls
    }

    /// Returns the host in lower case; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port: where the URL names none, 443 or 80.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns what goes into `:authority`: the host, with the port where it is not the scheme's
    /// own.
    pub fn authority(&self) -> String {
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }

    /// Returns whether both have one origin (RFC 6454 section 4): scheme, host and port.
    pub fn is_same_origin(&self, other: &Self) -> bool {
        (self.tls, self.port, self.host()) == (other.tls, other.port, other.host())
    }

    /// Returns what goes into `:path`: path and query.
    pub fn path(&self) -> &str {
        match self.text.get(self.path_at..) {
            None | Some("") => "/",
            Some(path) => path,
        }
    }

    /// Returns the Envoy cluster that Istio makes for a service or a ServiceEntry of this host and
    /// port: `outbound|<port>||<host>`.
    pub fn cluster(&self) -> String {
        format!("outbound|{}||{}", self.port, self.host.trim_matches(['[', ']']))
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HttpUrl").field(&self.text).finish()
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn strip_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// Parts `host:port` and `[address]:port`.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=253).contains(&host.len())
        && !host.starts_with('.')
        && !host.contains("..")
        && host.bytes().all(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let url = HttpUrl::parse("HTTPS://Id.Example.com/realms/a/certs?x=1").unwrap();
        assert!(url.is_tls());
        assert_eq!(
            (url.host(), url.port(), url.path()),
            ("id.example.com", 443, "/realms/a/certs?x=1")
        );
        assert_eq!(url.authority(), "id.example.com");
        assert_eq!(url.cluster(), "outbound|443||id.example.com");

        let url = HttpUrl::parse("http://keycloak.auth.svc.cluster.local:8080").unwrap();
        assert!(!url.is_tls());
        assert_eq!(
            (url.authority().as_str(), url.path()),
            ("keycloak.auth.svc.cluster.local:8080", "/")
        );
        assert_eq!(url.cluster(), "outbound|8080||keycloak.auth.svc.cluster.local");

        let url = HttpUrl::parse("http://[2001:db8::1]:81/").unwrap();
        assert_eq!((url.host(), url.port()), ("[2001:db8::1]", 81));
        assert_eq!(HttpUrl::parse("https://[::1]").unwrap().port(), 443);
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for wrong in [
            "",
            "id.example.com",
            "ftp://id.example.com",
            "https://",
            "https:///jwks",
            "https://a b/",
            "https://a/#b",
            "https://a?b",
            "https://user@a/",
            "https://a:0/",
            "https://a:65536/",
            "https://a:+1/",
            "https://a:/",
            "https://a..b/",
            "https://[::1/",
            "https://[x]/",
            "https://a/\u{e9}",
            "https://a/{b}",
        ] {
            assert!(HttpUrl::parse(wrong).is_err(), "{wrong}");
        }
        assert!(HttpUrl::parse(&format!("https://a/{}", "b".repeat(2048))).is_err());
    }
}
