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
    pub(super) fn compile(operation: &Operation, not_paths: Comparison, methods: &mut Methods) -> Self {
        let mut methods = |names: &[String]| names.iter().map(|name| methods.intern(name)).collect();
        Self {
            methods: methods(&operation.methods),
            not_methods: methods(&operation.not_methods),
            not_paths: operation
                .not_paths
                .iter()
                .flat_map(|path| PathTest::compile(path, not_paths))
                .collect(),
            hosts: operation.hosts.iter().map(HostTest::compile).collect(),
            not_hosts: operation.not_hosts.iter().map(HostTest::compile).collect(),
            ports: operation.ports.clone().into(),
            not_ports: operation.not_ports.clone().into(),
        }
    }

    pub(super) fn matches(&self, request: &LazyRequest<'_>) -> bool {
        let method = |ids: &[MethodId]| request.method().is_some_and(|method| ids.contains(&method));
        let path = |tests: &[PathTest]| tests.iter().any(|test| test.matches(request));
        let host = |tests: &[HostTest]| tests.iter().any(|test| test.matches(request.authority()));
        let port = |ports: &[u16]| request.port().is_some_and(|port| ports.contains(&port));
        holds(&self.methods, &self.not_methods, method)
            && holds(&[], &self.not_paths, path)
            && holds(&self.hosts, &self.not_hosts, host)
            && holds(&self.ports, &self.not_ports, port)
    }
}
