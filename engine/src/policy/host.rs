//! Hosts: what a request's `:authority` says, and patterns of it.

use super::string_pattern;
use attache_plugin_config::{HostPattern, StringPattern};
use std::borrow::Cow;

/// A request's `:authority` in lower case, without a dot at the host's end, so that one host has
/// one spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Authority<'a> {
    text: Cow<'a, str>,
    host_len: usize,
}

impl<'a> Authority<'a> {
    pub(super) fn new(authority: &'a str) -> Self {
        let (host, port) = split_port(authority);
        let host = host.strip_suffix('.').unwrap_or(host);
        let spelled_so = host.len() == authority.len().saturating_sub(port.len());
        let text = if spelled_so && !authority.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Borrowed(authority)
        } else {
            Cow::Owned([host, port].concat().to_ascii_lowercase())
        };
        Self { text, host_len: host.len() }
    }

    /// Returns the host with its port, where one was sent.
    pub(super) fn with_port(&self) -> &str {
        &self.text
    }

    /// Returns the host without its port.
    pub(super) fn host(&self) -> &str {
        self.text.get(..self.host_len).unwrap_or_default()
    }
}

/// Returns the host, and the port with its colon or nothing. The colons of an IPv6 literal stand in
/// brackets.
fn split_port(authority: &str) -> (&str, &str) {
    let bracket = authority.rfind(']').unwrap_or(0);
    match authority.rfind(':').filter(|&colon| colon >= bracket) {
        Some(colon) => authority.split_at_checked(colon).unwrap_or((authority, "")),
        None => (authority, ""),
    }
}

/// A pattern that knows whether it is compared with the host alone or with host and port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct HostTest {
    pub names_port: bool,
    pub pattern: StringPattern,
}

impl HostTest {
    pub(super) fn compile(HostPattern(pattern): &HostPattern) -> Self {
        let undotted = |text: &str| {
            let (host, port) = split_port(text);
            [host.strip_suffix('.').unwrap_or(host), port].concat().to_ascii_lowercase()
        };
        let (names_port, pattern) = match pattern {
            StringPattern::Exact(text) => (has_port(text), StringPattern::Exact(undotted(text))),
            StringPattern::Prefix(text) => {
                (has_port(text), StringPattern::Prefix(text.to_ascii_lowercase()))
            }
            StringPattern::Suffix(text) => (has_port(text), StringPattern::Suffix(undotted(text))),
            StringPattern::Any => (false, StringPattern::Any),
        };
        Self { names_port, pattern }
    }

    pub(super) fn matches(&self, authority: &Authority<'_>) -> bool {
        let value = if self.names_port { authority.with_port() } else { authority.host() };
        string_pattern::matches(&self.pattern, value)
    }
}

/// Returns whether a pattern names a port. The colons of an IPv6 literal are none, also where its
/// bracket is not closed yet.
fn has_port(pattern: &str) -> bool {
    let open = pattern.starts_with('[') && !pattern.contains(']');
    !open && !split_port(pattern).1.is_empty()
}
