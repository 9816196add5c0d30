//! An explanation leads to the verdict that holds: whoever reads it is not misled.

use crate::generated::{asks, documents, is_taken};
use crate::support::{shop, with_roles};
use attache_engine::policy::{RuleIndex, Verdict};
use attache_engine::{Decision, Explanation, Outcome, Reason, TokenTrace};
use attache_plugin_config::Authentication;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

type Said = (Option<Reason>, Option<RuleIndex>);

/// The verdict that the steps of an explanation come to; `None` where keys are missing, which steps do not tell the end of.
fn concluded(explanation: &Explanation<'_>) -> Option<Said> {
    if let Some(flaw) = explanation.flaw {
        return Some((Some(flaw), None));
    }
    match &explanation.token {
        TokenTrace::Rejected(cause) => return Some((Some(cause.reason), None)),
        TokenTrace::KeysPending(_) => return None,
        TokenTrace::Missing if explanation.authentication == Authentication::Required => {
            return Some((Some(Reason::TokenMissing), None));
        }
        TokenTrace::NotLookedAt | TokenTrace::Missing | TokenTrace::Good(_) => {}
    }
    let said = agreed(explanation);
    Some(match (&explanation.token, said) {
        // A preflight request asks for nothing yet: only a DENY rule can refuse it.
        (_, (Some(reason), _)) if explanation.is_preflight && reason != Reason::RuleDenied => (None, None),
        (TokenTrace::Good(token), (None, rule)) => {
            (token.headers.as_ref().err().map(|cause| cause.reason), rule)
        }
        (_, said) => said,
    })
}

/// What the readings come to together.
fn agreed(explanation: &Explanation<'_>) -> Said {
    let said: Vec<Said> =
        explanation.readings.iter().map(|reading| verdict(reading.policies.verdict)).collect();
    let is_denied = |said: &&Said| said.0 == Some(Reason::RuleDenied);
    if let Some(denied) = said.iter().find(is_denied) {
        return *denied;
    }
    let first = said[0];
    let differs =
        explanation.readings.iter().zip(&said).find(|(_, said)| said.0.is_some() != first.0.is_some());
    differs.map_or(first, |(reading, _)| (reading.differs, None))
}

fn verdict(verdict: Verdict) -> Said {
    match verdict {
        Verdict::Allow { rule } => (None, rule),
        Verdict::Deny { reason, rule } => (Some(reason), rule),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn an_explanation_leads_to_what_is_decided(document in documents().prop_filter("good", is_taken), asks in vec(asks(), 1..6)) {
        let mut shop = shop(document);
        for ask in &asks {
            let decided = ask.of(&mut shop);
            let headers: Vec<_> = ask.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let explanation = shop.explain(&ask.line, &headers);
            let Some((reason, rule)) = concluded(&explanation) else { continue };
            prop_assert_eq!(reason, decided.reason(), "{:?}: {:#?}", ask, explanation);
            prop_assert_eq!(rule, decided.rule, "{:?}: {:#?}", ask, explanation);
        }
    }
}

#[test]
fn the_test_that_fails_is_named() {
    let shop = shop(json!({
        "issuers": [crate::support::issuer(json!({}))],
        "policies": [{"name": "orders", "rules": [
            {"name": "read", "to": [{"methods": ["GET"], "paths": ["/orders/{id}"]}], "roles": {"anyOf": ["reader"]}},
        ]}],
    }));
    let bearer = format!("Bearer {}", with_roles(&["writer"]));
    let explanation = shop.explain("GET /orders/7", &[("authorization", &bearer)]);
    let Decision::Decided(decided) = &explanation.decision else { panic!("it waits") };
    assert!(matches!(decided.outcome, Outcome::Refuse { .. }));
    let rule = &explanation.readings[0].policies.rules[0];
    let tests = rule.targets[0].tests.iter().chain(&rule.caller);
    let outcomes: Vec<(String, bool)> = tests.map(|test| (test.at.to_string(), test.holds)).collect();
    let at = |place: &str, holds| (format!("policies[0].rules[0].{place}"), holds);
    assert_eq!(
        outcomes,
        [
            at("to[0].paths[0]", true),
            at("to[0].methods", true),
            at("authentication", true),
            at("roles.anyOf", false),
        ]
    );
}
