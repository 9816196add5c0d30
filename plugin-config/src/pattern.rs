//! Patterns of paths, hosts, names and addresses, taken apart once.

mod address;
mod path;

use attache_config_reader::quote;
use std::net::IpAddr;

/// `exact`, `prefix*`, `*suffix` or `*` (any value that is present and not empty), as Istio's
/// AuthorizationPolicy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StringPattern {
    /// The whole value.
    Exact(String),
    /// Its beginning.
    Prefix(String),
    /// Its end.
    Suffix(String),
    /// Any value.
    Any,
}

impl StringPattern {
    /// The longest pattern, in bytes.
    pub const MAX_BYTES: usize = 1024;

    /// Reads a pattern.
    ///
    /// ```
    /// use attache_plugin_config::StringPattern;
    ///
    /// assert_eq!(StringPattern::parse("shop-*").unwrap(), StringPattern::Prefix("shop-".into()));
    /// assert!(StringPattern::parse("a*b").is_err());
    /// ```
    ///
    /// # Errors
    /// A sentence that says what a pattern may be.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("an empty pattern fits nothing; use `*` for any value".to_owned());
        }
        if text.len() > Self::MAX_BYTES {
            return Err(format!("a pattern has {} bytes at most", Self::MAX_BYTES));
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(format!(
                "{} holds white space or a control character, so it fits nothing",
                quote(text)
            ));
        }
        let (kind, rest): (fn(String) -> Self, &str) = if text == "*" {
            return Ok(Self::Any);
        } else if let Some(start) = text.strip_suffix('*') {
            (Self::Prefix, start)
        } else if let Some(end) = text.strip_prefix('*') {
            (Self::Suffix, end)
        } else {
            (Self::Exact, text)
        };
        if rest.contains('*') {
            return Err(format!(
                "`*` may occur once in {}, at the beginning or at the end",
                quote(text)
            ));
        }
        Ok(kind(rest.to_owned()))
    }
}

/// A pattern of hosts, in lower case, compared without letter case. A pattern without a port
/// matches any port of the request's authority, as in Istio.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPattern(pub StringPattern);

impl HostPattern {
    /// Reads a pattern in any letter case.
    ///
    /// ```
    /// use attache_plugin_config::HostPattern;
    ///
    /// assert!(HostPattern::parse("Orders.example.com:8443").is_ok());
    /// assert!(HostPattern::parse("https://orders.example.com").is_err());
    /// ```
    ///
    /// # Errors
    /// A sentence that says what a pattern may be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let part = |c: char| c.is_ascii_alphanumeric() || "-._:[]*".contains(c);
        if !text.chars().all(part) {
            return Err(format!(
                "{} is no host; write it as in `:authority`: a name or an address, and a port if it must fit too",
                quote(text)
            ));
        }
        StringPattern::parse(&text.to_ascii_lowercase()).map(Self)
    }
}

/// A pattern of paths, compared with the request's path without its query, percent-decoded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathPattern {
    /// The whole path; begins with `/`.
    Exact(String),
    /// `prefix*`; begins with `/`.
    Prefix(String),
    /// `*suffix`.
    Suffix(String),
    /// `*`.
    Any,
    /// A template of at least one segment that is not literal; `{**}` stands at most once.
    Template(Vec<PathSegment>),
}

/// What stands between two slashes of a template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathSegment {
    /// This text. Empty only as the last segment: the template ends with a slash.
    Literal(String),
    /// `{*}`: one segment that is not empty.
    One,
    /// `{**}`: any number of segments, none included.
    Many,
    /// `{name}`: one segment that is not empty, to compare a claim with. Unique in its template.
    Named(String),
}

/// An address or a block of addresses (CIDR); host bits are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpBlock {
    /// The first address.
    pub address: IpAddr,
    /// The length of the prefix: 0 to 32, or 128 for IPv6.
    pub prefix: u8,
}
