//! Whatever the document and the request: a dry run, and what is in SHADOW on its own, tell of
//! exactly the refusals that the same document in force brings.

use crate::generated::{asks, documents, is_taken};
use crate::support::{Shop, removed, replaced, shop, written};
use attache_engine::{Decided, Outcome};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// The reason with its detail, and the rule by name: numbers differ between documents.
fn verdict(shop: &Shop, decision: &Decided<'_>) -> (String, Option<String>) {
    (format!("{:?}", decision.cause()), shop.rule(decision))
}

fn shadow_verdict(shop: &Shop, decision: &Decided<'_>) -> (String, Option<String>) {
    let shadow = decision.shadow.as_ref().unwrap();
    let rule = shadow.rule.and_then(|rule| shop.engine().rule(rule));
    (format!("{:?}", shadow.cause.as_ref()), rule.map(|names| names.to_string()))
}

fn is_identity(name: &str) -> bool {
    name.to_lowercase().replace('_', "-") == "x-user"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn a_dry_run_tells_of_what_is_refused_in_force(document in documents().prop_filter("good", is_taken), asks in vec(asks(), 1..6)) {
        let mut dry = document.clone();
        dry["mode"] = json!("SHADOW");
        let (mut dry, mut in_force) = (shop(dry), shop(document));
        for ask in &asks {
            let (tried, held) = (ask.of(&mut dry), ask.of(&mut in_force));
            prop_assert!(matches!(tried.outcome, Outcome::Forward), "{ask:?}");
            for (name, _) in ask.headers.iter().filter(|(name, _)| is_identity(name)) {
                prop_assert!(removed(&tried).iter().any(|removed| removed == name), "{name} goes on: {ask:?}");
            }
            if matches!(held.outcome, Outcome::Forward) {
                prop_assert_eq!((removed(&tried), replaced(&tried), written(&tried)), (removed(&held), replaced(&held), written(&held)));
                prop_assert_eq!((tried.rule, tried.unverified), (held.rule, held.unverified));
                prop_assert!(tried.shadow.is_none(), "{ask:?}: {:?}", tried.shadow);
                continue;
            }
            prop_assert!(tried.shadow.is_some(), "{ask:?}: {:?}", held.cause());
            prop_assert_eq!(shadow_verdict(&dry, &tried), verdict(&in_force, &held), "{:?}", ask);
            prop_assert_eq!((tried.rule, tried.unverified), (None, None));
            // Connection names no identity header either, nor does anything but a good token give
            // one.
            let connection = replaced(&tried).into_iter().find(|(name, _)| name == "connection");
            let named = connection.map(|(_, value)| value);
            prop_assert!(named.is_none_or(|named| !named.contains("x-user")));
            prop_assert!(written(&tried).is_empty() || !ask.has_bad_token(), "{ask:?}");
        }
    }

    #[test]
    fn shadow_tells_of_what_differs_once_it_is_in_force(document in documents().prop_filter("good", is_taken), asks in vec(asks(), 1..6)) {
        let (mut without, mut promoted) = (document.clone(), document.clone());
        for policies in [&mut without, &mut promoted].map(|document| document["policies"].as_array_mut().unwrap()) {
            for rule in policies.iter_mut().flat_map(|policy| policy["rules"].as_array_mut().unwrap()) {
                rule["mode"] = if rule["mode"].is_null() { json!("ENFORCE") } else { rule["mode"].take() };
            }
        }
        let is_shadow = |value: &Value| value["mode"] == "SHADOW";
        without["policies"].as_array_mut().unwrap().retain(|policy| !is_shadow(policy));
        for policy in without["policies"].as_array_mut().unwrap() {
            policy["rules"].as_array_mut().unwrap().retain(|rule| !is_shadow(rule));
        }
        for policy in promoted["policies"].as_array_mut().unwrap() {
            policy["mode"] = json!("ENFORCE");
            policy["rules"].as_array_mut().unwrap().iter_mut().for_each(|rule| rule["mode"] = json!("ENFORCE"));
        }
        let [mut mixed, mut without, mut promoted] = [document, without, promoted].map(shop);
        for ask in &asks {
            let (decision, held, would) = (ask.of(&mut mixed), ask.of(&mut without), ask.of(&mut promoted));
            prop_assert_eq!(verdict(&mixed, &decision), verdict(&without, &held), "{:?}", ask);
            prop_assert_eq!(
                (removed(&decision), replaced(&decision), written(&decision)),
                (removed(&held), replaced(&held), written(&held)),
                "{:?}", ask
            );
            let differs = held.cause().is_some() != would.cause().is_some();
            prop_assert_eq!(decision.shadow.is_some(), differs, "{:?}: {:?}, {:?}", ask, held.cause(), would.cause());
            if differs {
                prop_assert_eq!(shadow_verdict(&mixed, &decision), verdict(&promoted, &would), "{:?}", ask);
            }
        }
    }
}

/// What the properties meet: without this they could hold for want of anything to tell.
#[test]
fn the_documents_and_requests_have_every_kind_of_verdict() {
    let seen = RefCell::new(BTreeSet::new());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = (documents().prop_filter("good", is_taken), vec(asks(), 6));
    for _ in 0..400 {
        let (document, asks) = strategy.new_tree(&mut runner).unwrap().current();
        let mut shop = shop(document);
        for ask in &asks {
            let decision = ask.of(&mut shop);
            let reason = decision.reason().map_or("allowed", |reason| reason.as_str());
            let shadow = decision
                .shadow
                .as_ref()
                .map_or("same", |shadow| if shadow.cause.is_some() { "denied" } else { "allowed" });
            seen.borrow_mut().extend([reason.to_owned(), format!("shadow {shadow}")]);
        }
    }
    let seen = seen.into_inner();
    for word in [
        "allowed",
        "token-missing",
        "token-malformed",
        "token-expired",
        "issuer-unknown",
        "keys-unavailable",
        "path-ambiguous",
        "method-ambiguous",
        "tokens-conflict",
        "role-missing",
        "rule-denied",
        "no-rule-matched",
        "claim-unwritable",
        "shadow same",
        "shadow denied",
        "shadow allowed",
    ] {
        assert!(seen.contains(word), "{word} is not met: {seen:?}");
    }
}
