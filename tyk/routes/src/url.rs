//! The parts of a target, as Go's `net/url` takes them.

/// A URL of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Lower case; empty where there is none.
    pub(crate) scheme: String,
    /// Host and port, as written.
    pub(crate) authority: String,
    /// The path, without query.
    pub(crate) path: String,
    /// The query, without `?`.
    pub(crate) query: String,
}

impl Target {
    /// Takes a URL apart, or a path.
    pub(crate) fn parse(url: &str) -> Self {
        let url = url.split('#').next().unwrap_or_default();
        let (url, query) = url.split_once('?').unwrap_or((url, ""));
        let (scheme, rest) =
            url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
        let (authority, path) = if scheme.is_empty() {
            ("", rest)
        } else {
            rest.find('/').map_or((rest, ""), |at| rest.split_at(at))
        };
        let authority = authority.rsplit_once('@').map_or(authority, |(_, authority)| authority);
        Self {
            scheme: scheme.to_ascii_lowercase(),
            authority: authority.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
        }
    }

    /// Returns the host, without the port.
    pub(crate) fn host(&self) -> &str {
        host_of(&self.authority)
    }

    /// Returns the port that requests go to.
    pub(crate) fn port(&self) -> u16 {
        let written =
            self.authority.strip_prefix(self.host()).and_then(|rest| rest.strip_prefix(':'));
        let otherwise = if matches!(self.scheme.as_str(), "https" | "wss") { 443 } else { 80 };
        written.and_then(|port| port.parse().ok()).unwrap_or(otherwise)
    }

    /// Returns whether Tyk speaks TLS to it.
    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self.scheme.as_str(), "https" | "wss" | "tls")
    }
}

/// Returns the host of an authority, without the port.
pub(crate) fn host_of(authority: &str) -> &str {
    if authority.starts_with('[') {
        return authority.find(']').and_then(|end| authority.get(..=end)).unwrap_or(authority);
    }
    authority.split(':').next().unwrap_or_default()
}

/// Joins a target's path and what is left of a request's, as Tyk does.
pub(crate) fn join(target: &str, rest: &str, keeps_slash: bool) -> String {
    if keeps_slash && (rest.is_empty() || rest == "/") {
        return target.to_owned();
    }
    let (target, rest) = (target.trim_end_matches('/'), rest.trim_start_matches('/'));
    if rest.is_empty() { target.to_owned() } else { format!("{target}/{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_come_apart() {
        let target = Target::parse("http://orders.shop:8080/v1/?a=1");
        let parts = (target.host(), target.port(), target.path.as_str(), target.query.as_str());
        assert_eq!(parts, ("orders.shop", 8080, "/v1/", "a=1"));
        assert_eq!(Target::parse("https://u:p@orders").port(), 443);
        assert_eq!(Target::parse("/x/$1").path, "/x/$1");
        assert_eq!(host_of("[::1]:80"), "[::1]");
    }

    #[test]
    fn a_slash_joins_and_no_two() {
        for (target, rest, joined) in [
            ("/v1/", "/x", "/v1/x"),
            ("/v1", "/", "/v1"),
            ("/", "/x", "/x"),
            ("", "/", ""),
            ("/v1/", "//x/", "/v1/x/"),
        ] {
            assert_eq!(join(target, rest, false), joined);
        }
        assert_eq!(join("/v1/", "/", true), "/v1/");
    }
}
