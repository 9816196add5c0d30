//! Every test of every rule, with its outcome. Not in the module.

use super::rule_trace::RuleTrace;
use super::tracer::Tracer;
use super::{ClaimTable, Identity, Policies, RequestFacts, RuleIndex, Verdict, View, selector};
use crate::Reason;
use crate::host::Workload;
use attache_plugin_config::{Action, Authentication, Config, Path};

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
    /// `identity` is what a good token says, with claims by the slots of `claims`, and roles as
    /// `policies` numbers them.
    pub fn run(
        config: &Config,
        workload: &Workload,
        policies: &Policies,
        claims: &ClaimTable,
        view: View,
        facts: &RequestFacts<'_>,
        identity: Option<&Identity<'_>>,
    ) -> Self {
        let rules = rule_traces(config, workload, policies, claims, facts, identity);
        let counting: Vec<&RuleTrace> =
            rules.iter().filter(|rule| view.counts(rule.is_shadow)).collect();
        let authentication = needed(&counting);
        if authentication == Authentication::None && identity.is_some() {
            // What a token says of the sender of a public request is left out.
            return Self::run(config, workload, policies, claims, view, facts, None);
        }
        let verdict = verdict(policies, view, &counting, authentication, identity.is_some());
        Self { authentication, verdict, rules }
    }
}

/// Runs every test of every rule of the policies that apply to a workload, whatever the request
/// needs.
pub(crate) fn rule_traces(
    config: &Config,
    workload: &Workload,
    policies: &Policies,
    claims: &ClaimTable,
    facts: &RequestFacts<'_>,
    identity: Option<&Identity<'_>>,
) -> Vec<RuleTrace> {
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
    rules
}

fn needed(rules: &[&RuleTrace]) -> Authentication {
    let is_for = |rule: &&&RuleTrace| rule.is_for() && rule.comes_for_certain;
    let is_public = |rule: &&RuleTrace| {
        rule.action == Action::Allow && rule.authentication == Authentication::None
    };
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
