//! The compiled tests again, one field at a time. Not in the module.

use super::condition::{AtPath, ConditionTest};
use super::lazy_request::LazyRequest;
use super::loose::Comparison;
use super::operation::OperationTest;
use super::pattern::PathTest;
use super::roles::{Requirement, RoleSet};
use super::rule_trace::{RuleTrace, Subject, TargetTrace, TestTrace, all_hold};
use super::source::SourceTest;
use super::{ClaimTable, Identity, Policies, RequestFacts, RuleIndex};
use crate::claims::RequestValues;
use attache_plugin_config::{
    Action, Authentication, Mode, Operation, Path, PathEquality, Policy, RoleRequirement, Rule,
    Source, Test,
};
use std::borrow::Cow;

/// A request before the tests.
pub(super) struct Tracer<'a> {
    pub(super) policies: &'a Policies,
    pub(super) claims: &'a ClaimTable,
    pub(super) facts: &'a RequestFacts<'a>,
    pub(super) identity: Option<&'a Identity<'a>>,
}

impl Tracer<'_> {
    pub(super) fn rule(
        &self,
        index: RuleIndex,
        at: Path,
        policy: &Policy,
        rule: &Rule,
    ) -> RuleTrace {
        // Without `..`: whatever a rule asks is traced, here or in what this calls.
        let Rule {
            name: _,
            action,
            mode,
            authentication,
            on_keys_unavailable: _,
            to,
            from,
            roles: _,
            when: _,
        } = rule;
        let anything = [Operation::default()];
        let operations = if to.is_empty() { &anything[..] } else { to };
        let mut targets = Vec::new();
        for (number, operation) in operations.iter().enumerate() {
            let at = (at.clone().key("to").index(number), at.clone());
            self.targets(&at, operation, policy.paths, rule, &mut targets);
        }
        // Nobody gets in, or escapes a refusal, by an address that can't be told.
        let unknown_address = *action == Action::Deny;
        let at_source = |number| at.clone().key("from").index(number);
        let comes_for_certain = from.is_empty()
            || from
                .iter()
                .enumerate()
                .any(|(number, source)| all_hold(&self.source(&at_source(number), source, false)));
        RuleTrace {
            comes_for_certain,
            index,
            action: *action,
            is_shadow: policy.mode == Mode::Shadow || *mode == Mode::Shadow,
            authentication: *authentication,
            targets,
            sources: from
                .iter()
                .enumerate()
                .map(|(number, source)| self.source(&at_source(number), source, unknown_address))
                .collect(),
            caller: self.caller(&at, rule),
            at,
        }
    }

    /// Traces an entry of `to` with each of its paths.
    fn targets(
        &self,
        (at, rule_at): &(Path, Path),
        operation: &Operation,
        service: PathEquality,
        rule: &Rule,
        targets: &mut Vec<TargetTrace>,
    ) {
        let others = self.operation(at, operation, rule.action, service);
        let comparison = Comparison::of_paths(rule.action, service);
        let mut add = |path: Option<(TestTrace, PathTest)>| {
            let (test, path) = path.unzip();
            let is_on_path = test.as_ref().is_none_or(|test| test.holds);
            let conditions = self.conditions(rule_at, rule, path.as_ref(), is_on_path);
            targets.push(TargetTrace {
                tests: test.into_iter().chain(others.clone()).collect(),
                conditions,
            });
        };
        if operation.paths.is_empty() {
            add(None);
        }
        for (number, pattern) in operation.paths.iter().enumerate() {
            for test in PathTest::compile(pattern, comparison) {
                let holds = self.with_request(|request| test.matches(request));
                let trace =
                    TestTrace::plain(at.clone().key("paths").index(number), Subject::Path, holds);
                add(Some((trace, test)));
            }
        }
    }

    /// Runs a test on the request, whose methods are numbered as the policies do.
    fn with_request(&self, test: impl FnOnce(&LazyRequest<'_>) -> bool) -> bool {
        test(&LazyRequest::new(self.facts, &self.policies.methods))
    }

    fn operation(
        &self,
        at: &Path,
        whole: &Operation,
        action: Action,
        service: PathEquality,
    ) -> Vec<TestTrace> {
        let Operation {
            methods,
            not_methods,
            paths: _,
            not_paths,
            hosts,
            not_hosts,
            ports,
            not_ports,
        } = whole.clone();
        let nothing = Operation::default;
        let fields = [
            ("methods", Subject::Method, Operation { methods, ..nothing() }),
            ("notMethods", Subject::Method, Operation { not_methods, ..nothing() }),
            ("notPaths", Subject::Path, Operation { not_paths, ..nothing() }),
            ("hosts", Subject::Host, Operation { hosts, ..nothing() }),
            ("notHosts", Subject::Host, Operation { not_hosts, ..nothing() }),
            ("ports", Subject::Port, Operation { ports, ..nothing() }),
            ("notPorts", Subject::Port, Operation { not_ports, ..nothing() }),
        ];
        let not_paths = Comparison::of_not_paths(action, service);
        let mut traces = Vec::new();
        for (name, subject, field) in fields.into_iter().filter(|(_, _, field)| *field != nothing())
        {
            let mut numbers = self.policies.methods.clone();
            let test = OperationTest::compile(&field, not_paths, &mut numbers);
            let holds = test.matches(&LazyRequest::new(self.facts, &numbers));
            traces.push(TestTrace::plain(at.clone().key(name), subject, holds));
        }
        traces
    }

    fn source(&self, at: &Path, whole: &Source, unknown_address: bool) -> Vec<TestTrace> {
        let Source {
            principals,
            not_principals,
            namespaces,
            not_namespaces,
            service_accounts,
            not_service_accounts,
            ip_blocks,
            not_ip_blocks,
            remote_ip_blocks,
            not_remote_ip_blocks,
        } = whole.clone();
        let nothing = Source::default;
        let fields = [
            ("principals", Subject::Caller, Source { principals, ..nothing() }),
            ("notPrincipals", Subject::Caller, Source { not_principals, ..nothing() }),
            ("namespaces", Subject::Caller, Source { namespaces, ..nothing() }),
            ("notNamespaces", Subject::Caller, Source { not_namespaces, ..nothing() }),
            ("serviceAccounts", Subject::Caller, Source { service_accounts, ..nothing() }),
            ("notServiceAccounts", Subject::Caller, Source { not_service_accounts, ..nothing() }),
            ("ipBlocks", Subject::Address, Source { ip_blocks, ..nothing() }),
            ("notIpBlocks", Subject::Address, Source { not_ip_blocks, ..nothing() }),
            ("remoteIpBlocks", Subject::RemoteAddress, Source { remote_ip_blocks, ..nothing() }),
            (
                "notRemoteIpBlocks",
                Subject::RemoteAddress,
                Source { not_remote_ip_blocks, ..nothing() },
            ),
        ];
        let set = fields.into_iter().filter(|(_, _, field)| *field != nothing());
        set.map(|(name, subject, field)| {
            let test = SourceTest::compile(&field);
            let holds = self.with_request(|request| test.matches(request, unknown_address));
            TestTrace::plain(at.clone().key(name), subject, holds)
        })
        .collect()
    }

    /// Traces what a rule asks of the caller's token, but for claims.
    fn caller(&self, at: &Path, rule: &Rule) -> Vec<TestTrace> {
        let mut traces = Vec::new();
        if rule.action == Action::Allow && rule.authentication == Authentication::Required {
            let (at, holds) = (at.clone().key("authentication"), self.identity.is_some());
            traces.push(TestTrace::plain(at, Subject::Token, holds));
        }
        let RoleRequirement { any_of, all_of, none_of } = rule.roles.clone();
        let nothing = RoleRequirement::default;
        let fields = [
            ("anyOf", RoleRequirement { any_of, ..nothing() }),
            ("allOf", RoleRequirement { all_of, ..nothing() }),
            ("noneOf", RoleRequirement { none_of, ..nothing() }),
        ];
        let none = RoleSet::default();
        let roles = self.identity.map_or(&none, |identity| identity.roles);
        for (name, field) in fields.into_iter().filter(|(_, field)| *field != nothing()) {
            let mut table = self.policies.roles.clone();
            let holds = Requirement::compile(&field, &mut table).holds(roles, rule.action);
            traces.push(TestTrace::plain(at.clone().key("roles").key(name), Subject::Roles, holds));
        }
        traces
    }

    /// Traces what a rule asks of claims, given the path pattern that is met, or was to be met.
    fn conditions(
        &self,
        at: &Path,
        rule: &Rule,
        path: Option<&PathTest>,
        is_on_path: bool,
    ) -> Vec<TestTrace> {
        let request = AtPath { request: self.facts, path, denies: rule.action == Action::Deny };
        let mut claims = self.claims.clone();
        let when = rule.when.iter().enumerate();
        when.map(|(number, condition)| TestTrace {
            at: at.clone().key("when").index(number),
            subject: Subject::Claim(condition.claim.to_string()),
            holds: ConditionTest::compile(condition, rule.action, &mut claims)
                .holds(self.identity, &request),
            compared: self.compared(&condition.test, &request, is_on_path),
        })
        .collect()
    }

    /// Returns what a claim is compared with.
    fn compared(&self, test: &Test, request: &AtPath<'_>, is_on_path: bool) -> Option<String> {
        match test {
            Test::EqualsHeader(name) => {
                request.header(name).map(|value| String::from_utf8_lossy(value).into_owned())
            }
            Test::EqualsPath(name) if is_on_path => request.path_segment(name).map(Cow::into_owned),
            Test::EqualsClaim(path) => {
                let slot = self.claims.paths().iter().position(|known| known == path)?;
                let value =
                    self.identity?.claims.get(slot)?.as_ref().filter(|value| !value.is_null())?;
                Some(value.to_string())
            }
            _ => None,
        }
    }
}
