//! An explanation leads to the verdict that holds: whoever reads it is not misled.

use crate::generated::{asks, documents, is_taken};
use crate::support::{shop, with_roles};
use attache_engine::{Decision, Outcome};
use attache_test_policies::concluded;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

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
    let outcomes: Vec<(String, bool)> =
        tests.map(|test| (test.at.to_string(), test.holds)).collect();
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
