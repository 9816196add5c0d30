//! A request, of which nothing is looked up twice or in vain.

use super::RequestFacts;
use super::host::Authority;
use super::loose;
use super::methods::{MethodId, Methods};
use super::source::{Origin, PeerIdentity};
use attache_plugin_config::PathEquality;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::net::IpAddr;

/// A request, and what was found out about it so far.
pub(super) struct LazyRequest<'a> {
    facts: &'a RequestFacts<'a>,
    methods: &'a Methods,
    /// The path without letter case.
    folded: OnceCell<Cow<'a, str>>,
    method: OnceCell<Option<MethodId>>,
    authority: OnceCell<Authority<'a>>,
    port: OnceCell<Option<u16>>,
    caller: OnceCell<Option<PeerIdentity>>,
    address: OnceCell<Option<IpAddr>>,
    remote_address: OnceCell<Option<IpAddr>>,
}

impl<'a> LazyRequest<'a> {
    pub(super) fn new(facts: &'a RequestFacts<'a>, methods: &'a Methods) -> Self {
        Self {
            facts,
            methods,
            folded: OnceCell::new(),
            method: OnceCell::new(),
            authority: OnceCell::new(),
            port: OnceCell::new(),
            caller: OnceCell::new(),
            address: OnceCell::new(),
            remote_address: OnceCell::new(),
        }
    }

    pub(super) fn path(&self) -> &'a str {
        self.facts.path
    }

    /// Returns the path in the form in which all are equal that count as the same.
    pub(super) fn path_as(&self, equality: PathEquality) -> &str {
        let path = if equality.any_case {
            self.folded.get_or_init(|| loose::fold(self.facts.path))
        } else {
            self.facts.path
        };
        if equality.any_trailing_slash { loose::trim(path) } else { path }
    }

    pub(super) fn method(&self) -> Option<MethodId> {
        *self.method.get_or_init(|| self.methods.get(self.facts.method))
    }

    pub(super) fn authority(&self) -> &Authority<'a> {
        self.authority.get_or_init(|| Authority::new(self.facts.host))
    }

    pub(super) fn port(&self) -> Option<u16> {
        *self.port.get_or_init(|| self.facts.peer.destination_port())
    }
}

impl Origin for LazyRequest<'_> {
    fn caller(&self) -> Option<&PeerIdentity> {
        self.caller.get_or_init(|| self.facts.peer.principal().map(PeerIdentity::new)).as_ref()
    }

    fn address(&self) -> Option<IpAddr> {
        *self.address.get_or_init(|| self.facts.peer.source_ip())
    }

    fn remote_address(&self) -> Option<IpAddr> {
        *self.remote_address.get_or_init(|| self.facts.peer.remote_ip())
    }
}
