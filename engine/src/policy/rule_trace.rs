//! How a request fares in the tests of a rule. Not in the module.

use super::RuleIndex;
use attache_plugin_config::{Action, Authentication, Path};

/// One test of a rule and how a request fares in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestTrace {
    /// Where in the configuration it stands: `policies[0].rules[2].to[0].methods`.
    pub at: Path,
    /// What of a request or of its caller it is about.
    pub subject: Subject,
    /// Whether it holds.
    pub holds: bool,
    /// What a claim is compared with, of a test that compares it with a part of the request or with
    /// another claim: the header's value, the segment of the path, or the claim as JSON. `None`
    /// where there is none, and of other tests.
    pub compared: Option<String>,
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
    /// Whether it comes from there even if an address that the host can't tell lies in no block. A
    /// DENY rule matches without that, but lets nobody come without a token.
    pub(super) comes_for_certain: bool,
    /// What it asks of the caller's token: that it be there, and its roles.
    pub caller: Vec<TestTrace>,
}

impl TestTrace {
    /// Creates the trace of a test that compares no claim with anything else.
    pub(super) fn plain(at: Path, subject: Subject, holds: bool) -> Self {
        Self { at, subject, holds, compared: None }
    }
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

    /// Returns whether it comes from where the rule says; always where the rule does not say.
    pub fn comes_from(&self) -> bool {
        self.sources.is_empty() || self.sources.iter().any(|source| all_hold(source))
    }

    fn matches_but_for(&self, counts: impl Fn(&TestTrace) -> bool) -> bool {
        let met = |target: &TargetTrace| target.is_met() && all_hold(&target.conditions);
        self.comes_from()
            && self.targets.iter().any(met)
            && self.caller.iter().filter(|test| counts(test)).all(|test| test.holds)
    }

    /// Returns whether the rule would match if the caller had the roles it asks for.
    pub(super) fn lacks_roles_only(&self) -> bool {
        let asks_for_roles = self.caller.iter().any(|test| test.subject == Subject::Roles);
        asks_for_roles && self.matches_but_for(|test| test.subject != Subject::Roles)
    }
}

pub(super) fn all_hold(tests: &[TestTrace]) -> bool {
    tests.iter().all(|test| test.holds)
}
