//! What a request is for: everything of an entry of `to` but its paths, by which entries are found.

use super::host::HostTest;
use super::lazy_request::LazyRequest;
use super::loose::Comparison;
use super::methods::{MethodId, Methods};
use super::pattern::PathTest;
use super::source::holds;
use attache_plugin_config::Operation;

/// An entry of `to` without its paths: fields AND-ed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct OperationTest {
    methods: Box<[MethodId]>,
    not_methods: Box<[MethodId]>,
    not_paths: Box<[PathTest]>,
    pub hosts: Box<[HostTest]>,
    not_hosts: Box<[HostTest]>,
    ports: Box<[u16]>,
    not_ports: Box<[u16]>,
}

impl OperationTest {
    #[inline(never)]
    pub(super) fn compile(
        operation: &Operation,
        comparison: Comparison,
        numbers: &mut Methods,
    ) -> Self {
        // Without `..`, here and below: a field that nobody asks of a request would make the rule
        // wider.
        let Operation {
            methods,
            not_methods,
            paths: _,
            not_paths,
            hosts,
            not_hosts,
            ports,
            not_ports,
        } = operation;
        let mut ids = |names: &[String]| names.iter().map(|name| numbers.intern(name)).collect();
        Self {
            methods: ids(methods),
            not_methods: ids(not_methods),
            not_paths: not_paths
                .iter()
                .flat_map(|path| PathTest::compile(path, comparison))
                .collect(),
            hosts: hosts.iter().map(HostTest::compile).collect(),
            not_hosts: not_hosts.iter().map(HostTest::compile).collect(),
            ports: ports.clone().into(),
            not_ports: not_ports.clone().into(),
        }
    }

    pub(super) fn matches(&self, request: &LazyRequest<'_>) -> bool {
        let method =
            |ids: &[MethodId]| request.method().is_some_and(|method| ids.contains(&method));
        let path = |tests: &[PathTest]| tests.iter().any(|test| test.matches(request));
        let host = |tests: &[HostTest]| tests.iter().any(|test| test.matches(request.authority()));
        let port = |ports: &[u16]| request.port().is_some_and(|port| ports.contains(&port));
        let Self { methods, not_methods, not_paths, hosts, not_hosts, ports, not_ports } = self;
        holds(methods, not_methods, method)
            && holds(&[], not_paths, path)
            && holds(hosts, not_hosts, host)
            && holds(ports, not_ports, port)
    }
}
