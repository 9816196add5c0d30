//! Every test of every rule, with its outcome: the compiled tests again, one field at a time. Not in the module.

use super::condition::{AtPath, ConditionTest};
use super::loose::Comparison;
use super::operation::OperationTest;
use super::pattern::PathTest;
use super::roles::{Requirement, RoleSet};
use super::rule_group::LazyRequest;
use super::source::SourceTest;
use super::{ClaimTable, Identity, Policies, RequestFacts, RuleIndex, Verdict, View, selector};
use crate::Reason;
use crate::host::Workload;
use attache_plugin_config::{
    Action, Authentication, Config, Mode, Operation, Path, PathEquality, Policy, RoleRequirement, Rule,
    Source,
};

/// One test of a rule and how a request fares in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestTrace {
    /// Where in the configuration it stands: `policies[0].rules[2].to[0].methods`.
    pub at: Path,
    /// What of a request or of its caller it is about.
    pub subject: Subject,
    /// Whether it holds.
    pub holds: bool,
}

/// What a test is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The request's method.
    Method,
    /// The request's path.
    Path,
    /// The request's host.
    Host,
    /// The port that it came in on.
    Port,
    /// The caller's mTLS principal, or a part of it.
    Caller,
    /// The address of the direct peer.
    Address,
    /// The address of what the host takes for the client.
    RemoteAddress,
    /// Whether there is a good token.
    Token,
    /// The token's roles.
    Roles,
    /// One of the token's claims, by its path.
    Claim(String),
}

/// One way to be what a rule is for: an entry of `to` with one of its paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetTrace {
    /// What the entry asks of the request; its path first, where it names paths.
    pub tests: Vec<TestTrace>,
    /// What the rule asks of claims, which may depend on the path.
    pub conditions: Vec<TestTrace>,
}

/// One rule and how a request fares in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTrace {
    /// Its number among all rules that apply.
    pub index: RuleIndex,
    /// Where it stands in the configuration.
    pub at: Path,
    /// What it says.
    pub action: Action,
    /// It only counts with SHADOW.
    pub is_shadow: bool,
    /// What it asks of a token.
    pub authentication: Authentication,
    /// The ways to be what it is for: one at least.
    pub targets: Vec<TargetTrace>,
    /// The entries of its `from`, each with its tests; none: from anywhere.
    pub sources: Vec<Vec<TestTrace>>,
    /// Whether it comes from there even if an address that the host can't tell lies in no block. A DENY rule matches
    /// without that, but lets nobody come without a token.
    comes_for_certain: bool,
    /// What it asks of the caller's token: that it be there, and its roles.
    pub caller: Vec<TestTrace>,
}

impl TargetTrace {
    fn is_met(&self) -> bool {
        all_hold(&self.tests)
    }
}

impl RuleTrace {
    /// Returns whether the rule is for such a request, whoever sends it.
    pub fn is_for(&self) -> bool {
        self.comes_from() && self.targets.iter().any(TargetTrace::is_met)
    }

    /// Returns whether the rule matches the request with its caller.
    pub fn matches(&self) -> bool {
        all_hold(&self.caller) && self.matches_but_for(|_| true)
    }

    fn comes_from(&self) -> bool {
        self.sources.is_empty() || self.sources.iter().any(|source| all_hold(source))
    }

    fn matches_but_for(&self, counts: impl Fn(&TestTrace) -> bool) -> bool {
        let met = |target: &TargetTrace| target.is_met() && all_hold(&target.conditions);
        self.comes_from()
            && self.targets.iter().any(met)
            && self.caller.iter().filter(|test| counts(test)).all(|test| test.holds)
    }

    /// Returns whether the rule would match if the caller had the roles it asks for.
    fn lacks_roles_only(&self) -> bool {
        let asks_for_roles = self.caller.iter().any(|test| test.subject == Subject::Roles);
        asks_for_roles && self.matches_but_for(|test| test.subject != Subject::Roles)
    }
}

fn all_hold(tests: &[TestTrace]) -> bool {
    tests.iter().all(|test| test.holds)
}

/// What the policies say of one reading of a request, and the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyTrace {
    /// Every rule that applies to the workload, in the document's order.
    pub rules: Vec<RuleTrace>,
    /// What the request needs.
    pub authentication: Authentication,
    /// What the policies say.
    pub verdict: Verdict,
}

impl PolicyTrace {
    /// Runs every test of every rule of the policies that apply to a workload.
    ///
    /// `identity` is what a good token says, with claims by the slots of `claims`, and roles as `policies` numbers them.
    pub fn run(
        config: &Config,
        workload: &Workload,
        policies: &Policies,
        claims: &ClaimTable,
        view: View,
        facts: &RequestFacts<'_>,
        identity: Option<&Identity<'_>>,
    ) -> Self {
        let everything = Tracer { policies, claims, facts, identity };
        let mut rules = Vec::new();
        let applying = config
            .policies
            .iter()
            .enumerate()
            .filter(|(_, policy)| selector::fits(&policy.selector, workload));
        for (number, policy) in applying {
            let at = Path::default().key("policies").index(number);
            for (number, rule) in policy.rules.iter().enumerate() {
                let index = RuleIndex(u32::try_from(rules.len()).unwrap_or(u32::MAX));
                rules.push(everything.rule(index, at.clone().key("rules").index(number), policy, rule));
            }
        }
        let counting: Vec<&RuleTrace> = rules.iter().filter(|rule| view.counts(rule.is_shadow)).collect();
        let authentication = needed(&counting);
        // What a token says of the sender of a public request is left out.
        let verdict = match identity.filter(|_| authentication == Authentication::None) {
            Some(_) => {
                let without = Self::run(config, workload, policies, claims, view, facts, None);
                return Self { rules: without.rules, ..without };
            }
            None => verdict(policies, view, &counting, authentication, identity.is_some()),
        };
        Self { authentication, verdict, rules }
    }
}

fn needed(rules: &[&RuleTrace]) -> Authentication {
    let is_for = |rule: &&&RuleTrace| rule.is_for() && rule.comes_for_certain;
    let is_public =
        |rule: &&RuleTrace| rule.action == Action::Allow && rule.authentication == Authentication::None;
    let is_optional = |rule: &&RuleTrace| rule.authentication == Authentication::Optional;
    if rules.iter().filter(is_for).any(is_public) {
        Authentication::None
    } else if rules.iter().filter(is_for).any(is_optional) {
        Authentication::Optional
    } else {
        Authentication::Required
    }
}

fn verdict(
    policies: &Policies,
    view: View,
    rules: &[&RuleTrace],
    authentication: Authentication,
    has_identity: bool,
) -> Verdict {
    let first = |action, wanted: fn(&RuleTrace) -> bool| {
        let found = rules.iter().find(|rule| rule.action == action && wanted(rule));
        found.map(|rule| rule.index)
    };
    let summary = policies.summary.of(view);
    let deny = |reason, rule| Verdict::Deny { reason, rule };
    if let rule @ Some(_) = first(Action::Deny, RuleTrace::matches) {
        return deny(Reason::RuleDenied, rule);
    }
    if authentication == Authentication::Required && !has_identity {
        return deny(Reason::TokenMissing, None);
    }
    match first(Action::Allow, RuleTrace::matches) {
        rule if !summary.applies || (rule.is_none() && !summary.denies) => {
            Verdict::Allow { rule: rule.filter(|_| summary.applies) }
        }
        rule @ Some(_) => Verdict::Allow { rule },
        None => match first(Action::Allow, RuleTrace::lacks_roles_only) {
            rule @ Some(_) => deny(Reason::RoleMissing, rule),
            None => deny(Reason::NoRuleMatched, None),
        },
    }
}

/// A request before the tests.
struct Tracer<'a> {
    policies: &'a Policies,
    claims: &'a ClaimTable,
    facts: &'a RequestFacts<'a>,
    identity: Option<&'a Identity<'a>>,
}

impl Tracer<'_> {
    fn rule(&self, index: RuleIndex, at: Path, policy: &Policy, rule: &Rule) -> RuleTrace {
        let anything = [Operation::default()];
        let operations = if rule.to.is_empty() { &anything[..] } else { &rule.to };
        let mut targets = Vec::new();
        for (number, operation) in operations.iter().enumerate() {
            let at = (at.clone().key("to").index(number), at.clone());
            self.targets(&at, operation, policy.paths, rule, &mut targets);
        }
        // Nobody gets in, or escapes a refusal, by an address that can't be told.
        let unknown_address = rule.action == Action::Deny;
        let at_source = |number| at.clone().key("from").index(number);
        let from = rule.from.iter().enumerate();
        let comes_for_certain = rule.from.is_empty()
            || from.clone().any(|(number, source)| all_hold(&self.source(&at_source(number), source, false)));
        RuleTrace {
            comes_for_certain,
            index,
            action: rule.action,
            is_shadow: policy.mode == Mode::Shadow || rule.mode == Mode::Shadow,
            authentication: rule.authentication,
            targets,
            sources: from
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
            let conditions = self.conditions(rule_at, rule, path.as_ref());
            targets.push(TargetTrace { tests: test.into_iter().chain(others.clone()).collect(), conditions });
        };
        if operation.paths.is_empty() {
            add(None);
        }
        for (number, pattern) in operation.paths.iter().enumerate() {
            for test in PathTest::compile(pattern, comparison) {
                let holds = self.with_request(|request| test.matches(request));
                let trace =
                    TestTrace { at: at.clone().key("paths").index(number), subject: Subject::Path, holds };
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
        let Operation { methods, not_methods, paths: _, not_paths, hosts, not_hosts, ports, not_ports } =
            whole.clone();
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
        for (name, subject, field) in fields.into_iter().filter(|(_, _, field)| *field != nothing()) {
            let mut numbers = self.policies.methods.clone();
            let test = OperationTest::compile(&field, not_paths, &mut numbers);
            let holds = test.matches(&LazyRequest::new(self.facts, &numbers));
            traces.push(TestTrace { at: at.clone().key(name), subject, holds });
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
            ("notRemoteIpBlocks", Subject::RemoteAddress, Source { not_remote_ip_blocks, ..nothing() }),
        ];
        let set = fields.into_iter().filter(|(_, _, field)| *field != nothing());
        set.map(|(name, subject, field)| {
            let test = SourceTest::compile(&field);
            let holds = self.with_request(|request| test.matches(request, unknown_address));
            TestTrace { at: at.clone().key(name), subject, holds }
        })
        .collect()
    }

    /// Traces what a rule asks of the caller's token, but for claims.
    fn caller(&self, at: &Path, rule: &Rule) -> Vec<TestTrace> {
        let mut traces = Vec::new();
        if rule.action == Action::Allow && rule.authentication == Authentication::Required {
            let (at, holds) = (at.clone().key("authentication"), self.identity.is_some());
            traces.push(TestTrace { at, subject: Subject::Token, holds });
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
            traces.push(TestTrace { at: at.clone().key("roles").key(name), subject: Subject::Roles, holds });
        }
        traces
    }

    fn conditions(&self, at: &Path, rule: &Rule, path: Option<&PathTest>) -> Vec<TestTrace> {
        let request = AtPath { request: self.facts, path, denies: rule.action == Action::Deny };
        let mut claims = self.claims.clone();
        let when = rule.when.iter().enumerate();
        when.map(|(number, condition)| TestTrace {
            at: at.clone().key("when").index(number),
            subject: Subject::Claim(condition.claim.to_string()),
            holds: ConditionTest::compile(condition, rule.action, &mut claims).holds(self.identity, &request),
        })
        .collect()
    }
}
