//! What a request is for: everything of an entry of `to` but its paths, by which entries are found.

use super::host::HostTest;
use super::loose::Comparison;
use super::pattern::PathTest;
use super::rule_group::LazyRequest;
use super::source::holds;
use attache_plugin_config::Operation;

/// The number of a method that some rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct MethodId(u32);

/// The methods that rules name, in order: few, so that searching takes less than hashing would.
#[derive(Clone, Debug)]
pub(super) struct Methods(Vec<(Box<str>, MethodId)>);

impl Methods {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    fn intern(&mut self, name: &str) -> MethodId {
        match self.find(name) {
            Ok(at) => self.0.get(at).map_or(MethodId(u32::MAX), |(_, id)| *id),
            Err(at) => {
                let next = MethodId(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
                self.0.insert(at, (name.into(), next));
                next
            }
        }
    }

    /// Returns the number of a method; `None` where no rule names it.
    pub(super) fn get(&self, name: &str) -> Option<MethodId> {
        self.find(name).ok().and_then(|at| self.0.get(at)).map(|(_, id)| *id)
    }

    /// Returns where a name is, or would be.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_ref().cmp(name))
    }
}

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
