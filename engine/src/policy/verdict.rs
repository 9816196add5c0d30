//! From the rules that fit a request to what happens to it.

use super::condition::AtPath;
use super::rule::{RoleScope, RuleContext};
use super::rule_group::{AuthRequirement, GroupMatch, RuleGroup};
use super::rules::GroupRules;
use super::{Identity, Policies, RequestFacts, RuleIndex, Verdict, View};
use crate::Reason;
use attache_plugin_config::{Authentication, OnKeysUnavailable};
use smallvec::SmallVec;

/// The rules whose `to` and `from` match a request. Nothing was asked of a token yet.
#[derive(Clone, Debug)]
pub struct Candidates<'p> {
    pub(super) policies: &'p Policies,
    pub(super) groups: SmallVec<[GroupMatch; 8]>,
}

impl<'p> Candidates<'p> {
    /// Returns what the request needs: `None` where an ALLOW rule is public, `Optional` where a
    /// rule says so.
    pub fn authentication(&self, view: View) -> Authentication {
        let mut optional = false;
        for auth in self.allowing_groups().map(|rule_group| rule_group.auth.of(view)) {
            if auth.public {
                return Authentication::None;
            }
            optional |= auth.optional;
        }
        if optional { Authentication::Optional } else { Authentication::Required }
    }

    /// Returns what happens to the request while its issuer's keys are not available, where a rule
    /// says so: DENY if any does. `None`: what the issuer says.
    pub fn on_keys_unavailable(&self, view: View) -> Option<OnKeysUnavailable> {
        let mut auth = AuthRequirement::default();
        self.allowing_groups()
            .for_each(|rule_group| auth.note_without_keys(rule_group.auth.of(view).without_keys));
        auth.without_keys
    }

    /// Returns what the policies say, given what a verified token says of the caller. What a token
    /// says of the sender of a public request is left out; a DENY rule may still refuse the
    /// request. Where a token is needed and there is none, no rule can allow the request.
    /// `authentication` is what [`Candidates::authentication`] says.
    pub fn verdict(
        &self,
        view: View,
        authentication: Authentication,
        request: &RequestFacts<'_>,
        identity: Option<&Identity<'_>>,
    ) -> Verdict {
        let identity = identity.filter(|_| authentication != Authentication::None);
        let first_of = |best, rule_group: &RuleGroup, scope, rules: &GroupRules, denies| {
            let request = AtPath { request, path: rule_group.path.as_ref(), denies };
            rules.first(
                &RuleContext { rules: &self.policies.rules, scope, view, identity, request },
                best,
            )
        };
        let first_deny = || {
            let scope = RoleScope::Everything;
            self.denying_groups().fold(None, |best, rule_group| {
                first_of(best, rule_group, scope, &rule_group.deny, true)
            })
        };
        let first_allow = |scope| {
            self.allowing_groups().fold(None, |best, rule_group| {
                first_of(best, rule_group, scope, &rule_group.allow, false)
            })
        };
        let deny = |reason, rule| Verdict::Deny { reason, rule };
        let summary = self.policies.summary.of(view);
        if let rule @ Some(_) = first_deny() {
            deny(Reason::RuleDenied, rule)
        } else if authentication == Authentication::Required && identity.is_none() {
            deny(Reason::TokenMissing, None)
        } else if !summary.applies {
            Verdict::Allow { rule: None }
        } else if let rule @ Some(_) = first_allow(RoleScope::Everything) {
            Verdict::Allow { rule }
        } else if !summary.denies {
            Verdict::Allow { rule: None }
        } else if let rule @ Some(_) = first_allow(RoleScope::AllButRoles) {
            deny(Reason::RoleMissing, rule)
        } else {
            deny(Reason::NoRuleMatched, None)
        }
    }

    /// Returns what the policies say of a request that is to go on though its token could not be
    /// verified: a DENY rule can still refuse it, and so does the lack of any ALLOW rule that is
    /// for such requests.
    pub fn verdict_unverified(&self, view: View, request: &RequestFacts<'_>) -> Verdict {
        let summary = self.policies.summary.of(view);
        let rule = self.allowing(view).min();
        match self.verdict(view, self.authentication(view), request, None) {
            deny @ Verdict::Deny { reason: Reason::RuleDenied, .. } => deny,
            _ if rule.is_some() || !summary.applies || !summary.denies => Verdict::Allow { rule },
            _ => Verdict::Deny { reason: Reason::NoRuleMatched, rule: None },
        }
    }

    /// Returns the ALLOW rules that count, whatever they ask of a caller.
    fn allowing(&self, view: View) -> impl Iterator<Item = RuleIndex> {
        let all = &self.policies.rules;
        let rules = self.allowing_groups().flat_map(|rule_group| rule_group.allow.all()).copied();
        rules.filter(move |rule| {
            all.get(rule.position()).is_some_and(|rule| view.counts(rule.shadow))
        })
    }

    /// Returns the rules in the document's order, of both views.
    pub fn rules(&self) -> Vec<RuleIndex> {
        let mut rules: Vec<RuleIndex> =
            self.allowing_groups().flat_map(|rule_group| rule_group.allow.all()).copied().collect();
        rules.extend(self.denying_groups().flat_map(|rule_group| rule_group.deny.all()));
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    fn allowing_groups(&self) -> impl Iterator<Item = &'p RuleGroup> {
        self.groups_where(|fit| fit.allow)
    }

    fn denying_groups(&self) -> impl Iterator<Item = &'p RuleGroup> {
        self.groups_where(|_| true)
    }

    fn groups_where(
        &self,
        counts: impl Fn(&GroupMatch) -> bool,
    ) -> impl Iterator<Item = &'p RuleGroup> {
        let groups = &self.policies.groups;
        self.groups
            .iter()
            .filter(move |fit| counts(fit))
            .filter_map(|fit| groups.get(fit.rule_group.position()))
    }
}
