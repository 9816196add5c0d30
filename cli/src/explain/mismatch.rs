//! What a rule asks for that a request has not.

use super::Client;
use crate::input::Configuration;
use attache_config_reader::Node;
use attache_engine::policy::{RuleTrace, Subject, TestTrace};
use attache_engine::{Engine, Explanation, ReadingTrace, TokenTrace};

/// What tests are told by.
pub(super) struct Mismatches<'a, 'r> {
    pub(super) explanation: &'a Explanation<'r>,
    pub(super) engine: &'a Engine,
    pub(super) configuration: &'a Configuration,
    pub(super) client: &'a Client,
}

/// Returns the tests for which a rule does not match: of the entry of `to` that comes closest, where none is met.
pub(super) fn failed(rule: &RuleTrace) -> Vec<&TestTrace> {
    if rule.matches() {
        return Vec::new();
    }
    let fails = |test: &&TestTrace| !test.holds;
    let target = rule.targets.iter().map(|target| target.tests.iter().chain(&target.conditions));
    let target = target.min_by_key(|tests| tests.clone().filter(fails).count());
    let source = rule.sources.iter().min_by_key(|tests| tests.iter().filter(fails).count());
    let target = target.into_iter().flatten();
    target.chain(source.into_iter().flatten()).chain(&rule.caller).filter(fails).collect()
}

impl Mismatches<'_, '_> {
    /// Returns what the configuration says at a test; `None` where it says nothing, and what holds by default is meant.
    pub(super) fn wanted(&self, test: &TestTrace) -> Option<&Node> {
        self.configuration.node.at(&test.at)
    }

    /// Returns what a request has instead, in words.
    pub(super) fn found(&self, test: &TestTrace, reading: &ReadingTrace) -> String {
        match &test.subject {
            Subject::Method => format!("the method is {}", reading.method),
            Subject::Path => format!("the path is {}", reading.path),
            Subject::Host => "the host is another".to_owned(),
            Subject::Port => self.client.port.map_or_else(
                || "the port is not known; give it by --port".to_owned(),
                |port| format!("the port is {port}"),
            ),
            Subject::Caller => self.client.principal.as_ref().map_or_else(
                || "there is no mTLS caller; give one by --caller".to_owned(),
                |principal| format!("the caller is {principal}"),
            ),
            Subject::Address => self.client.address.map_or_else(
                || "the direct peer's address is not known; give it by --address".to_owned(),
                |address| format!("the address is {address}"),
            ),
            Subject::RemoteAddress => self.client.address.or(self.client.client_address).map_or_else(
                || "the client's address is not known; give it by --address or --client-address".to_owned(),
                |address| format!("the address is {address}"),
            ),
            Subject::Token => "there is no good token".to_owned(),
            Subject::Roles => match &self.explanation.token {
                TokenTrace::Good(token) => format!("the token has {}", list(&self.engine.role_names(token))),
                _ => "there is no token that has roles".to_owned(),
            },
            Subject::Claim(claim) => match &self.explanation.token {
                TokenTrace::Good(token) => format!("{claim} is {}", self.engine.claim_text(token, claim)),
                _ => "there is no token that has claims".to_owned(),
            },
        }
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none of the roles that policies know".to_owned() } else { names.join(", ") }
}
