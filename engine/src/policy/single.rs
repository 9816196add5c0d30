//! Single tests of rules, asked by themselves: for tools that reason about all requests at once.
//! Not in the module.

use super::host::{Authority, HostTest};
use super::loose::{self, Comparison};
use super::pattern::{self, PathTest};
use super::source::{Origin, PeerIdentity, SourceTest};
use crate::host::Peer;
use attache_plugin_config::{Action, HostPattern, PathEquality, PathPattern, Source};
use std::borrow::Cow;
use std::net::IpAddr;

/// One pattern of paths, in the form in which a rule compares it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PathProbe(PathTest);

impl PathProbe {
    /// Returns the tests of which one matches where a pattern of a rule's `paths` does. `service`
    /// is what the rule's policy says of its service.
    pub fn of_paths(pattern: &PathPattern, action: Action, service: PathEquality) -> Vec<Self> {
        PathTest::compile(pattern, Comparison::of_paths(action, service)).map(Self).collect()
    }

    /// Returns the same of a pattern of a rule's `notPaths`.
    pub fn of_not_paths(pattern: &PathPattern, action: Action, service: PathEquality) -> Vec<Self> {
        PathTest::compile(pattern, Comparison::of_not_paths(action, service)).map(Self).collect()
    }

    /// Returns the pattern that is compared: folded, and without slashes at its end, as
    /// [`PathProbe::equality`] says.
    pub fn pattern(&self) -> &PathPattern {
        &self.0.pattern
    }

    /// Returns what is done to a path before it is compared.
    pub fn equality(&self) -> PathEquality {
        self.0.equality
    }

    /// Returns whether a decoded path matches.
    pub fn matches(&self, path: &str) -> bool {
        let folded = if self.0.equality.any_case { loose::fold(path) } else { Cow::Borrowed(path) };
        let compared =
            if self.0.equality.any_trailing_slash { loose::trim(&folded) } else { &folded };
        pattern::matches_path(&self.0.pattern, compared)
    }

    /// Returns the segment that `{name}` stands for in a decoded path that matches.
    pub fn capture<'a>(&self, name: &str, path: &'a str) -> Option<&'a str> {
        let path = if self.0.equality.any_trailing_slash { loose::trim(path) } else { path };
        pattern::capture(&self.0.pattern, name, path)
    }
}

/// Returns a text in which letters are the same that a DENY rule takes for the same in a path.
pub fn fold_path(text: &str) -> Cow<'_, str> {
    loose::fold(text)
}

/// One pattern of hosts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostProbe(HostTest);

impl HostProbe {
    /// Makes a pattern ready.
    pub fn new(pattern: &HostPattern) -> Self {
        Self(HostTest::compile(pattern))
    }

    /// Returns whether an `:authority` matches.
    pub fn matches(&self, authority: &str) -> bool {
        self.0.matches(&Authority::new(authority))
    }
}

/// Returns whether every backend reads an `:authority` alike. Rules that name hosts judge no other.
pub fn is_plain_host(authority: &str) -> bool {
    crate::authority::is_plain(authority)
}

/// One entry of a rule's `from`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourceProbe(SourceTest);

impl SourceProbe {
    /// Makes an entry ready.
    pub fn new(source: &Source) -> Self {
        Self(SourceTest::compile(source))
    }

    /// Returns whether a request comes from there. `unknown_address` answers where an address that
    /// is asked for is not known: false for ALLOW rules, true for DENY rules.
    pub fn matches(&self, peer: &dyn Peer, unknown_address: bool) -> bool {
        let end = OtherEnd { caller: peer.principal().map(PeerIdentity::new), peer };
        self.0.matches(&end, unknown_address)
    }
}

struct OtherEnd<'p> {
    caller: Option<PeerIdentity>,
    peer: &'p dyn Peer,
}

impl Origin for OtherEnd<'_> {
    fn caller(&self) -> Option<&PeerIdentity> {
        self.caller.as_ref()
    }

    fn address(&self) -> Option<IpAddr> {
        self.peer.source_ip()
    }

    fn remote_address(&self) -> Option<IpAddr> {
        self.peer.remote_ip()
    }
}
