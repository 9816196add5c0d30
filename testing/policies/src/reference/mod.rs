//! Policies read straight from the configuration, rule by rule: slow, and obvious.

mod identity;
mod paths;
mod scope;

pub use paths::{Captures, path};

use crate::{Ask, Said};
use attache_engine::Reason;
use attache_engine::policy::{RuleIndex, Verdict, View};
use attache_plugin_config::*;
use identity::{has_roles, has_unread_roles, holds, may_have_roles, roles};
use scope::{is_from_one, places};

/// Returns what a configuration says of a request.
pub fn say(config: &Config, view: View, ask: &Ask) -> Said {
    let counts = |mode: Mode| view == View::WithShadow || mode == Mode::Enforce;
    let all: Vec<(&Policy, &Rule)> = config
        .policies
        .iter()
        .flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)))
        .collect();
    let matching: Vec<(u32, bool, &Rule, Vec<Captures>)> = (0..)
        .zip(&all)
        .map(|(index, (policy, rule))| {
            (index, counts(policy.mode) && counts(rule.mode), *rule, places(policy, rule, ask))
        })
        .filter(|(_, _, _, places)| !places.is_empty())
        .collect();
    let candidates = matching.iter().map(|(index, ..)| *index).collect();

    let counting: Vec<(u32, &Rule, &Vec<Captures>)> = matching
        .iter()
        .filter(|(_, counts, ..)| *counts)
        .map(|(i, _, rule, places)| (*i, *rule, places))
        .collect();
    let public =
        |rule: &Rule| rule.action == Action::Allow && rule.authentication == Authentication::None;
    // What a DENY rule says of tokens counts only where its sender is known.
    let sure = |rule: &Rule| is_from_one(rule, ask, false);
    let authentication = if counting.iter().any(|(_, rule, _)| public(rule)) {
        Authentication::None
    } else if counting
        .iter()
        .any(|(_, rule, _)| sure(rule) && rule.authentication == Authentication::Optional)
    {
        Authentication::Optional
    } else {
        Authentication::Required
    };

    let claims = ask.claims.as_ref().filter(|_| authentication != Authentication::None);
    let has_token = claims.is_some();
    let roles = claims.map(|claims| roles(config, claims)).unwrap_or_default();
    let unread = claims.is_some_and(|claims| has_unread_roles(&claims["roles"]));
    let when = |rule: &Rule, places: &[Captures]| {
        places.iter().any(|captures| {
            rule.when.iter().all(|condition| holds(condition, rule, claims, captures, ask))
        })
    };
    let first = |wanted: &dyn Fn(&Rule, &[Captures]) -> bool| {
        let found = counting.iter().find(|(_, rule, places)| wanted(rule, places));
        found.map(|(index, ..)| RuleIndex(*index))
    };
    let open = |rule: &Rule| {
        rule.action == Action::Allow
            && (has_token || rule.authentication != Authentication::Required)
    };
    let denied = first(&|rule, places| {
        rule.action == Action::Deny
            && may_have_roles(&rule.roles, &roles, unread)
            && when(rule, places)
    });
    let surely =
        |rule: &Rule| has_roles(&rule.roles, &roles) && (rule.roles.none_of.is_empty() || !unread);
    let allowed = first(&|rule, places| open(rule) && surely(rule) && when(rule, places));
    let but_for_roles = first(&|rule, places| open(rule) && when(rule, places));
    let applying: Vec<&Policy> =
        config.policies.iter().filter(|policy| counts(policy.mode)).collect();
    let default_allows = applying.iter().all(|policy| policy.default_action == Action::Allow);

    let verdict = if denied.is_some() {
        Verdict::Deny { reason: Reason::RuleDenied, rule: denied }
    } else if authentication == Authentication::Required && !has_token {
        Verdict::Deny { reason: Reason::TokenMissing, rule: None }
    } else if allowed.is_some() {
        Verdict::Allow { rule: allowed }
    } else if default_allows {
        Verdict::Allow { rule: None }
    } else if but_for_roles.is_some() {
        Verdict::Deny { reason: Reason::RoleMissing, rule: but_for_roles }
    } else {
        Verdict::Deny { reason: Reason::NoRuleMatched, rule: None }
    };
    let mut without_keys: Vec<OnKeysUnavailable> = counting
        .iter()
        .filter(|(_, rule, _)| sure(rule))
        .filter_map(|(_, rule, _)| rule.on_keys_unavailable)
        .collect();
    without_keys.sort_by_key(|says| *says != OnKeysUnavailable::Deny);
    Said { authentication, verdict, candidates, without_keys: without_keys.first().copied() }
}
