//! How rules fare where not everything is known of a request.

use super::token::ClaimFact;
use super::{Knows, LoggedToken, Need, TokenState, Tri};
use crate::explain::Knowledge;
use crate::shown::shown;
use attache_config_reader::{Path, Step};
use attache_engine::RequestTrace;
use attache_engine::policy::{RuleIndex, RuleTrace, Subject, TestTrace, View};
use attache_plugin_config::{ClaimPath, Condition, Config, Test};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of rules as a whole: how they fared when a line was written, as its reason tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// DENY rules, none of which matched.
    pub(crate) matched_nothing: BTreeSet<RuleIndex>,
    /// An ALLOW rule of which all but its roles was met.
    pub(crate) lacked_roles_only: Option<RuleIndex>,
    /// Rules that were asked about a caller with a good token, and whether they matched.
    pub(crate) by_identity: BTreeMap<RuleIndex, bool>,
}

/// A request, its rules' tests as the engine ran them on what is known or assumed, and which of it
/// is known.
pub(crate) struct Weighing<'a> {
    pub(super) config: &'a Config,
    pub(super) view: View,
    pub(super) trace: &'a RequestTrace,
    pub(super) knows: Knows,
    pub(super) token: &'a LoggedToken,
    /// The claims that hold the roles of the token's issuer; empty where all are known.
    pub(super) unknown_role_claims: Vec<String>,
    /// The issuer of the token, where the configuration has none of this name.
    pub(super) missing_issuer: Option<String>,
    /// The issuers are others than those that judged the token.
    pub(super) are_issuers_others: bool,
    /// Whether `iss` is what the line, or the issuer's entry, says.
    pub(super) knows_iss: bool,
    pub(super) may_be_preflight: bool,
    /// Whether there is a token, and a good one.
    pub(super) state: TokenState,
    /// What is known of rules as a whole.
    pub(super) recorded: &'a Recorded,
}

impl Weighing<'_> {
    /// Returns the rules that count.
    pub(super) fn counting<'r>(
        &self,
        rules: &'r [RuleTrace],
    ) -> impl Iterator<Item = &'r RuleTrace> + use<'r> {
        let with_shadow = self.view == View::WithShadow;
        rules.iter().filter(move |rule| with_shadow || !rule.is_shadow)
    }

    /// Returns whether a rule matches the request with its caller.
    pub(crate) fn rule_matches(&self, rule: &RuleTrace, is_identified: bool) -> Tri {
        if self.recorded.matched_nothing.contains(&rule.index) {
            return Tri::No;
        }
        if self.recorded.lacked_roles_only == Some(rule.index) {
            let roles = rule.caller.iter().filter(|test| test.subject == Subject::Roles);
            return Tri::all(roles.map(|test| self.test(test, is_identified)));
        }
        let matches = self.matches_but_for(rule, is_identified, |_| true);
        let recorded = self.recorded.by_identity.get(&rule.index);
        match (matches, recorded) {
            // What the line itself has speaks louder: another configuration may have written it.
            (Tri::Unknown, Some(matched)) if is_identified => (*matched).into(),
            _ => matches,
        }
    }

    /// Returns whether a rule would match if the caller had the roles that it asks for.
    pub(super) fn lacks_roles_only(&self, rule: &RuleTrace, is_identified: bool) -> Tri {
        let asks_for_roles = rule.caller.iter().any(|test| test.subject == Subject::Roles);
        if asks_for_roles {
            self.matches_but_for(rule, is_identified, |test| test.subject != Subject::Roles)
        } else {
            Tri::No
        }
    }

    fn matches_but_for(
        &self,
        rule: &RuleTrace,
        is_identified: bool,
        counts: impl Fn(&TestTrace) -> bool,
    ) -> Tri {
        let caller = rule.caller.iter().filter(|test| counts(test));
        let target = rule.targets.iter().map(|target| {
            let tests = target.tests.iter().chain(&target.conditions);
            Tri::all(tests.map(|test| self.test(test, is_identified)))
        });
        Tri::all([
            self.comes_from(rule),
            Tri::any(target),
            Tri::all(caller.map(|test| self.test(test, is_identified))),
        ])
    }

    /// Returns whether a rule is for such a request, whoever sends it.
    pub(super) fn is_for(&self, rule: &RuleTrace) -> Tri {
        let target = rule
            .targets
            .iter()
            .map(|target| Tri::all(target.tests.iter().map(|test| self.test(test, false))));
        Tri::all([self.comes_from(rule), Tri::any(target)])
    }

    fn comes_from(&self, rule: &RuleTrace) -> Tri {
        if rule.sources.is_empty() {
            return Tri::Yes;
        }
        Tri::any(
            rule.sources
                .iter()
                .map(|source| Tri::all(source.iter().map(|test| self.test(test, false)))),
        )
    }

    /// Returns how a test fares.
    pub(crate) fn test(&self, test: &TestTrace, is_identified: bool) -> Tri {
        if self.need(test, is_identified).is_some() { Tri::Unknown } else { test.holds.into() }
    }

    /// Returns the facts that a rule's tests ask for and that are not known, but for tests of a way
    /// that is closed.
    pub(super) fn needs_of(&self, rule: &RuleTrace, is_identified: bool) -> Vec<Need> {
        let targets = rule
            .targets
            .iter()
            .map(|target| target.tests.iter().chain(&target.conditions).collect());
        let sources = rule.sources.iter().map(|source| source.iter().collect());
        let ways = targets.chain(sources).chain([rule.caller.iter().collect()]);
        let is_open = |tests: &Vec<&TestTrace>| {
            tests.iter().all(|test| self.test(test, is_identified) != Tri::No)
        };
        ways.filter(is_open).flatten().filter_map(|test| self.need(test, is_identified)).collect()
    }

    /// Returns the fact that a test's outcome depends on, where it is not known.
    pub(crate) fn need(&self, test: &TestTrace, is_identified: bool) -> Option<Need> {
        let Knows { method, path, host, caller, port, address, client_address, .. } = self.knows;
        let unless = |is_known: bool, need: Need| (!is_known).then_some(need);
        match &test.subject {
            Subject::Method => unless(method, Need::Method),
            Subject::Path => unless(path, Need::Path),
            Subject::Host => unless(host, Need::Host),
            Subject::Port => unless(port, Need::Port),
            Subject::Caller => unless(caller, Need::Caller),
            Subject::Address => unless(address, Need::Address),
            Subject::RemoteAddress => unless(client_address, Need::ClientAddress),
            Subject::Token => None,
            // Without a token there are none.
            Subject::Roles | Subject::Claim(_) if !is_identified => None,
            Subject::Roles => {
                let is_none_of = test.at.steps().last() == Some(&Step::Key("noneOf".into()));
                // A role more takes nothing away from what the token is known to have.
                let is_settled = self.unknown_role_claims.is_empty() || test.holds != is_none_of;
                unless(is_settled, Need::Roles(self.unknown_role_claims.clone()))
            }
            Subject::Claim(claim) => match self.condition(&test.at) {
                Some(condition) => self.need_of_condition(condition),
                None => Some(Need::Claim(claim.clone())),
            },
        }
    }

    fn need_of_condition(&self, condition: &Condition) -> Option<Need> {
        let is_iss = |path: &ClaimPath| path.steps() == ["iss"];
        let is_unknown = |path: &ClaimPath| {
            if is_iss(path) {
                !self.knows_iss
            } else {
                self.token.knows(path) == ClaimFact::Unknown
            }
        };
        if is_unknown(&condition.claim) {
            return Some(Need::Claim(condition.claim.to_string()));
        }
        match &condition.test {
            Test::EqualsHeader(name) if !self.knows.headers => {
                Some(Need::Header(name.as_str().to_owned()))
            }
            Test::EqualsPath(_) if !self.knows.path => Some(Need::Path),
            Test::EqualsClaim(path) if is_unknown(path) => Some(Need::Claim(path.to_string())),
            _ => None,
        }
    }

    fn condition(&self, at: &Path) -> Option<&Condition> {
        condition_at(self.config, at)
    }
}

impl Knowledge for Weighing<'_> {
    fn matches(&self, rule: &RuleTrace, is_identified: bool) -> Option<bool> {
        self.rule_matches(rule, is_identified).known()
    }

    fn holds(&self, test: &TestTrace, is_identified: bool) -> Option<bool> {
        self.test(test, is_identified).known()
    }

    fn missing(&self, test: &TestTrace, is_identified: bool) -> Option<String> {
        let need = self.need(test, is_identified)?;
        let remedy =
            need.remedy().map(|remedy| format!("; give it by {remedy}")).unwrap_or_default();
        Some(format!("{}{remedy}", shown(&need.to_string())))
    }
}

/// Returns the condition at a path such as `policies[0].rules[1].when[2]`.
pub(crate) fn condition_at<'c>(config: &'c Config, at: &Path) -> Option<&'c Condition> {
    match at.steps() {
        [_, Step::Index(policy), _, Step::Index(rule), _, Step::Index(condition)] => {
            config.policies.get(*policy)?.rules.get(*rule)?.when.get(*condition)
        }
        _ => None,
    }
}
