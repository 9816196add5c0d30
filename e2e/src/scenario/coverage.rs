//! Tests whether the scenarios, together, cover what the design promises and every reason that the
//! engine has.

use super::reason::{Class, REASONS};
use super::{Scenario, all, parse};
use crate::{page, repository};
use attache_engine::Reason;
use serde_json::json;
use std::collections::BTreeSet;

/// What the design says of requests; a scenario that shows one says `covers: [semantics:<id>]`.
const SEMANTICS: &[&str] = &[
    "ambiguous-paths",
    "ambiguous-paths-normalized",
    "authentication-none",
    "authentication-optional",
    "claim-absent",
    "claim-operators",
    "claim-to-header-formats",
    "cors-preflight",
    "default-action-all-allow",
    "deny-before-allow",
    "dry-run",
    "forward-original-token",
    "identity-headers-removed",
    "identity-headers-shadow",
    "issuer-places",
    "issuer-requirements",
    "key-sets",
    "no-policy-applies",
    "operations",
    "padding",
    "path-patterns",
    "path-spellings",
    "path-without-query",
    "policies-one-pool",
    "presenters",
    "reconfiguration",
    "responses",
    "revocation",
    "role-hierarchy",
    "roles",
    "rules-after-token",
    "selectors",
    "shadow",
    "sources",
    "token-places",
    "tokens-all-good",
    "tokens-conflict",
    "unwritable-claims",
    "algorithms",
    "audit",
    "cache",
    "header-bytes",
    "http2",
    "hosts",
    "method-override",
    "methods",
    "grpc",
];

/// Reasons that no scenario expects: the test under `e2e/tests` that does, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[(
    "configuration-invalid",
    "plugins.rs",
    "scenarios run one after the other in one Envoy, which begins with a good configuration",
)];

/// Returns everything promised that no scenario covers, and everything claimed that was never
/// promised.
fn semantics_gaps(scenarios: &[Scenario]) -> Vec<String> {
    let claimed: BTreeSet<&str> =
        scenarios.iter().flat_map(|scenario| scenario.covers.iter().map(String::as_str)).collect();
    let promised: Vec<String> = SEMANTICS.iter().map(|id| format!("semantics:{id}")).collect();
    let uncovered = promised.iter().filter(|id| !claimed.contains(id.as_str()));
    let invented = claimed.iter().filter(|id| !promised.iter().any(|promise| promise == *id));
    uncovered
        .map(|id| format!("`{id}` has no scenario"))
        .chain(invented.map(|id| format!("`{id}` is not promised")))
        .collect()
}

/// Returns each of the engine's reasons that neither a scenario expects nor an exception names,
/// each that a scenario expects and the engine does not have, and each exception without need.
fn reason_gaps(reasons: &[&str], scenarios: &[Scenario], exceptions: &[&str]) -> Vec<String> {
    let steps = scenarios.iter().flat_map(|scenario| &scenario.steps);
    let expected: BTreeSet<&str> = steps.filter_map(|step| step.expect.reason.as_deref()).collect();
    let mut gaps = Vec::new();
    for reason in reasons {
        if !expected.contains(reason) && !exceptions.contains(reason) {
            gaps.push(format!("reason `{reason}` has no scenario"));
        }
    }
    for reason in &expected {
        if !reasons.contains(reason) {
            gaps.push(format!("a scenario expects `{reason}`, which is no reason of the engine's"));
        }
    }
    for reason in exceptions {
        if expected.contains(reason) || !reasons.contains(reason) {
            gaps.push(format!("`{reason}` need not be an exception"));
        }
    }
    gaps
}

/// Returns the words of all of the engine's reasons, in its order.
fn engines_reasons() -> Vec<&'static str> {
    Reason::ALL.map(Reason::as_str).to_vec()
}

#[test]
fn a_missing_and_an_invented_promise_are_gaps() {
    let document = json!({"title": "t", "covers": ["semantics:shadow", "semantics:tea"], "configuration": {},
        "steps": [{"name": "s", "request": {}}]});
    let gaps = semantics_gaps(&[parse("x", document).unwrap()]);
    assert!(gaps.contains(&"`semantics:roles` has no scenario".to_owned()));
    assert!(gaps.contains(&"`semantics:tea` is not promised".to_owned()));
    assert!(!gaps.contains(&"`semantics:shadow` has no scenario".to_owned()));
}

#[test]
fn a_reason_without_a_scenario_is_a_gap_that_is_named() {
    let document = json!({"title": "t", "configuration": {}, "steps": [
        {"name": "a", "request": {}, "expect": {"reason": "token-missing"}},
        {"name": "b", "request": {}, "expect": {"reason": "tea-cold"}}]});
    let scenarios = [parse("x", document).unwrap()];
    let reasons = ["token-missing", "role-missing", "rule-denied"];
    assert_eq!(
        reason_gaps(&reasons, &scenarios, &["rule-denied", "token-missing", "tea-hot"]),
        [
            "reason `role-missing` has no scenario",
            "a scenario expects `tea-cold`, which is no reason of the engine's",
            "`token-missing` need not be an exception",
            "`tea-hot` need not be an exception",
        ]
    );
}

#[test]
fn the_scenarios_cover_the_design() {
    assert_eq!(semantics_gaps(&all().unwrap()), [""; 0]);
}

#[test]
fn the_scenarios_cover_every_reason_that_the_engine_has() {
    let exceptions: Vec<&str> = EXCEPTIONS.iter().map(|(reason, ..)| *reason).collect();
    assert_eq!(reason_gaps(&engines_reasons(), &all().unwrap(), &exceptions), [""; 0]);
    for (reason, test, why) in EXCEPTIONS {
        let text = std::fs::read_to_string(repository().join("e2e/tests").join(test)).unwrap();
        assert!(
            text.contains(&format!("\"{reason}\"")),
            "{test} does not expect `{reason}`, though {why}"
        );
    }
}

#[test]
fn the_answers_that_scenarios_expect_are_those_of_every_reason() {
    for reason in engines_reasons() {
        assert!(
            Class::of(reason).is_some(),
            "no scenario knows the answer of `{reason}`: add it to reason.rs"
        );
    }
    assert_eq!(REASONS.map(|(reason, _)| reason).to_vec(), engines_reasons());
}

#[test]
fn the_page_on_metrics_has_every_reason_and_its_answer() {
    let rows = page::rows(&page::read("docs/metrics.md").unwrap(), "Reasons");
    let told: Vec<&str> = rows.iter().skip(1).map(|row| row[0].trim_matches('`')).collect();
    for reason in engines_reasons() {
        assert!(told.contains(&reason), "docs/metrics.md has no row of `{reason}`");
    }
    assert_eq!(told, engines_reasons(), "one row each, in the engine's order");
    for (reason, class) in REASONS {
        let answer = [class.status().to_string(), i32::from(class.grpc()).to_string()];
        let row = rows.iter().find(|row| row[0] == format!("`{reason}`"));
        assert_eq!(row.map(|row| &row[1..3]), Some(answer.as_slice()), "the row of `{reason}`");
    }
}
