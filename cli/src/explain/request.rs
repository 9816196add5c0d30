//! Requests, as they are written on a command line.

use crate::methods::{is_registered, meant_by};
use attache_plugin_config::Config;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// `GET /orders/1?page=2`, or a path alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestLine {
    pub(crate) method: String,
    /// With its query.
    pub(crate) target: String,
}

impl RequestLine {
    /// Returns why the method may be another than is meant: it is not in upper case, as those of
    /// HTTP are, or nearly one of them.
    pub(crate) fn why_another_method(&self) -> Option<String> {
        let method = &self.method;
        let upper = method.to_ascii_uppercase();
        if is_registered(&upper) && upper != *method {
            return Some(format!(
                "the method `{method}` has lower-case letters, so it is another than `{upper}` (RFC 9110 section 9.1); write `{upper}`"
            ));
        }
        let meant = meant_by(method)?;
        Some(format!("`{method}` is no registered method; did you mean `{meant}`?"))
    }
}

impl FromStr for RequestLine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (method, target) = text.trim().split_once(' ').unwrap_or(("GET", text.trim()));
        let target = without_protocol(target.trim());
        if method == "CONNECT" {
            return Err(
                "a CONNECT request has no path, and the tool asks about paths: write 'GET /orders/1'"
                    .to_owned(),
            );
        }
        if target.is_empty() || target.contains(' ') || !(target.starts_with('/') || target == "*")
        {
            return Err(
                "write a method and a path, which begins with `/`: 'GET /orders/1'; the host is told apart"
                    .to_owned(),
            );
        }
        Ok(Self { method: method.to_owned(), target: target.to_owned() })
    }
}

/// Returns what is left of a target without the protocol that a request line ends with.
fn without_protocol(target: &str) -> &str {
    let parts = target.rsplit_once(' ');
    match parts.filter(|(_, protocol)| protocol.starts_with("HTTP/")) {
        Some((target, _)) => target.trim(),
        None => target,
    }
}

/// Returns the header map of a request. Names are in lower case, as Envoy has them.
pub(crate) fn header_map<'h>(
    line: &RequestLine,
    host: &str,
    headers: impl IntoIterator<Item = (&'h str, &'h str)>,
) -> Vec<(String, Vec<u8>)> {
    let first = [
        (":authority", host),
        (":path", &line.target),
        (":method", &line.method),
        (":scheme", "https"),
    ];
    let headers = headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let all = first.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(headers);
    all.map(|(name, value)| (name, value.as_bytes().to_vec())).collect()
}

/// Reads a header that is written `name: value`.
///
/// # Errors
/// It is none.
pub(crate) fn read_header(text: &str) -> Result<(&str, &str), String> {
    let header = text.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
    header
        .filter(|(name, _)| !name.is_empty())
        // It may hold a token, so it is not repeated.
        .ok_or_else(|| {
            "that is no header, for it has no name before a colon; write `name: value`".to_owned()
        })
}

/// Reads a workload that is written `namespace/name`.
///
/// # Errors
/// It is none.
pub(crate) fn read_workload(text: &str) -> Result<(String, String), String> {
    let parts =
        text.split_once('/').map(|(namespace, name)| (namespace.to_owned(), name.to_owned()));
    parts.ok_or_else(|| format!("`{text}` is no workload; write `namespace/name`"))
}

/// Reads a label that is written `name=value`.
///
/// # Errors
/// It is none.
pub(crate) fn read_label(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    parts.ok_or_else(|| format!("`{text}` is no label; write `name=value`"))
}

/// Where a request carries its token: in the first place of the first issuer that takes one in a
/// header.
#[derive(Clone, Debug)]
pub(crate) struct TokenPlace {
    name: String,
    prefix: String,
}

impl TokenPlace {
    /// Returns the place that a configuration names; `Authorization` where it names none.
    pub(crate) fn of(config: &Config) -> Self {
        Self::of_issuer(config, None)
    }

    /// Returns the place that an issuer's entry names, or where none is meant, that of any.
    pub(crate) fn of_issuer(config: &Config, issuer: Option<&str>) -> Self {
        let is_its = |name: &str| issuer.is_none_or(|issuer| issuer == name);
        let issuers = config.issuers.iter().filter(|issuer| is_its(issuer.name.as_str()));
        match issuers.flat_map(|issuer| &issuer.locations.headers).next() {
            Some(place) => {
                Self { name: place.name.as_str().to_owned(), prefix: place.prefix.clone() }
            }
            None => Self { name: "authorization".to_owned(), prefix: "Bearer ".to_owned() },
        }
    }

    /// Returns the header that carries a token there.
    pub(crate) fn header(&self, token: &str) -> (String, Vec<u8>) {
        (self.name.clone(), format!("{}{token}", self.prefix).into_bytes())
    }
}

/// Returns the seconds since 1970.
pub(crate) fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_method_and_a_path() {
        for (text, method, target) in [
            ("GET /orders/1", "GET", "/orders/1"),
            ("/orders?x=1", "GET", "/orders?x=1"),
            ("DELETE  /a HTTP/1.1", "DELETE", "/a"),
            ("GET /a HTTP/2", "GET", "/a"),
            ("GET /a HTTP/3", "GET", "/a"),
            ("OPTIONS *", "OPTIONS", "*"),
        ] {
            let expected = RequestLine { method: method.to_owned(), target: target.to_owned() };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in [
            "",
            "GET",
            "GET orders",
            "GET /a b",
            "GET https://a.example/b",
            "CONNECT a:443",
            "CONNECT",
        ] {
            assert!(text.parse::<RequestLine>().is_err(), "{text}");
        }
    }

    #[test]
    fn headers_have_names() {
        let line: RequestLine = "GET /".parse().unwrap_or_else(|error| panic!("{error}"));
        let map =
            header_map(&line, "a.example", [read_header("X-Tenant:  acme").unwrap_or_default()]);
        assert_eq!(map.last(), Some(&("x-tenant".to_owned(), b"acme".to_vec())));
        assert!(read_header("acme").is_err());
        assert!(read_header(": acme").is_err());
    }
}
