//! From the rules that fit a request to what happens to it.

use super::condition::AtPath;
use super::rules::{Asks, Caller, SiteRules};
use super::site::{Fit, Offers, Site};
use super::{Identity, Policies, RequestFacts, RuleIndex, Verdict, View};
use crate::Reason;
use attache_plugin_config::{Authentication, OnKeysUnavailable};
use smallvec::SmallVec;

/// The rules whose `to` and `from` match a request. Nothing was asked of a token yet.
#[derive(Clone, Debug)]
pub struct Candidates<'p> {
    pub(super) policies: &'p Policies,
    pub(super) sites: SmallVec<[Fit; 8]>,
}

impl<'p> Candidates<'p> {
    /// What the request needs: `None` where an ALLOW rule is public, `Optional` where a rule says so.
    pub fn authentication(&self, view: View) -> Authentication {
        let mut optional = false;
        for offers in self.allowing_sites().map(|site| site.offers.of(view)) {
            if offers.public {
                return Authentication::None;
            }
            optional |= offers.optional;
        }
        if optional { Authentication::Optional } else { Authentication::Required }
    }

    /// What happens to the request while its issuer's keys are not available, where a rule says so: DENY if any does.
    /// `None`: what the issuer says.
    pub fn on_keys_unavailable(&self, view: View) -> Option<OnKeysUnavailable> {
        let mut offers = Offers::default();
        self.allowing_sites().for_each(|site| offers.note_without_keys(site.offers.of(view).without_keys));
        offers.without_keys
    }

    /// What the policies say, given what a verified token says of the caller. What a token says of the sender of a
    /// public request is left out; a DENY rule may still refuse the request. Where a token is needed and there is none,
    /// no rule can allow the request.
    pub fn verdict(
        &self,
        view: View,
        request: &RequestFacts<'_>,
        identity: Option<&Identity<'_>>,
    ) -> Verdict {
        let authentication = self.authentication(view);
        let identity = identity.filter(|_| authentication != Authentication::None);
        let first_of = |best, site: &Site, asks, rules: &SiteRules, denies| {
            let request = AtPath { request, path: site.path.as_ref(), denies };
            rules.first(&Caller { rules: &self.policies.rules, asks, view, identity, request }, best)
        };
        let first_deny = || {
            let asks = Asks::Everything;
            self.denying_sites().fold(None, |best, site| first_of(best, site, asks, &site.deny, true))
        };
        let first_allow = |asks| {
            self.allowing_sites().fold(None, |best, site| first_of(best, site, asks, &site.allow, false))
        };
        let deny = |reason, rule| Verdict::Deny { reason, rule };
        let summary = self.policies.summary.of(view);
        if let rule @ Some(_) = first_deny() {
            deny(Reason::RuleDenied, rule)
        } else if authentication == Authentication::Required && identity.is_none() {
            deny(Reason::TokenMissing, None)
        } else if !summary.applies {
            Verdict::Allow { rule: None }
        } else if let rule @ Some(_) = first_allow(Asks::Everything) {
            Verdict::Allow { rule }
        } else if !summary.denies {
            Verdict::Allow { rule: None }
        } else if let rule @ Some(_) = first_allow(Asks::AllButRoles) {
            deny(Reason::RoleMissing, rule)
        } else {
            deny(Reason::NoRuleMatched, None)
        }
    }

    /// What the policies say of a request that is to go on though its token could not be verified: a DENY rule can
    /// still refuse it, and so does the lack of any ALLOW rule that is for such requests.
    pub fn verdict_unverified(&self, view: View, request: &RequestFacts<'_>) -> Verdict {
        let summary = self.policies.summary.of(view);
        let rule = self.allowing(view).min();
        match self.verdict(view, request, None) {
            deny @ Verdict::Deny { reason: Reason::RuleDenied, .. } => deny,
            _ if rule.is_some() || !summary.applies || !summary.denies => Verdict::Allow { rule },
            _ => Verdict::Deny { reason: Reason::NoRuleMatched, rule: None },
        }
    }

    /// The ALLOW rules that count, whatever they ask of a caller.
    fn allowing(&self, view: View) -> impl Iterator<Item = RuleIndex> {
        let all = &self.policies.rules;
        let rules = self.allowing_sites().flat_map(|site| site.allow.all()).copied();
        rules.filter(move |rule| all.get(rule.position()).is_some_and(|rule| view.counts(rule.shadow)))
    }

    /// The rules in the document's order, of both views.
    pub fn rules(&self) -> Vec<RuleIndex> {
        let mut rules: Vec<RuleIndex> =
            self.allowing_sites().flat_map(|site| site.allow.all()).copied().collect();
        rules.extend(self.denying_sites().flat_map(|site| site.deny.all()));
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    fn allowing_sites(&self) -> impl Iterator<Item = &'p Site> {
        self.sites_where(|fit| fit.allow)
    }

    fn denying_sites(&self) -> impl Iterator<Item = &'p Site> {
        self.sites_where(|_| true)
    }

    fn sites_where(&self, counts: impl Fn(&Fit) -> bool) -> impl Iterator<Item = &'p Site> {
        let sites = &self.policies.sites;
        self.sites.iter().filter(move |fit| counts(fit)).filter_map(|fit| sites.get(fit.site.position()))
    }
}
