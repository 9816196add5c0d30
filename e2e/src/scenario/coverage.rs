//! Whether the scenarios, together, cover what the design promises.

use super::Scenario;
use super::reason::REASONS;
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

/// Everything promised that no scenario covers, and everything claimed that was never promised.
pub fn gaps(scenarios: &[Scenario]) -> Vec<String> {
    let claimed: BTreeSet<&str> =
        scenarios.iter().flat_map(|s| s.covers.iter().map(String::as_str)).collect();
    let expected: BTreeSet<&str> = scenarios
        .iter()
        .flat_map(|scenario| scenario.steps.iter().filter_map(|step| step.expect.reason.as_deref()))
        .collect();
    let semantics = SEMANTICS.iter().map(|id| format!("semantics:{id}"));
    let (promised, mut gaps): (BTreeSet<String>, Vec<String>) = (semantics.collect(), Vec::new());
    gaps.extend(
        promised
            .iter()
            .filter(|id| !claimed.contains(id.as_str()))
            .map(|id| format!("`{id}` has no scenario")),
    );
    gaps.extend(
        claimed.iter().filter(|id| !promised.contains(**id)).map(|id| format!("`{id}` is not promised")),
    );
    for (reason, _) in REASONS {
        // Scenarios run one after the other in one Envoy, which begins with a good configuration: `tests/plugins.rs` starts
        // one that has none.
        if !expected.contains(reason) && reason != "configuration-invalid" {
            gaps.push(format!("reason `{reason}` has no scenario"));
        }
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_missing_and_an_invented_promise_are_gaps() {
        let document = json!({"title": "t", "covers": ["semantics:shadow", "semantics:tea"], "configuration": {},
            "steps": [{"name": "s", "request": {}, "expect": {"reason": "token-missing"}}]});
        let gaps = gaps(&[super::super::parse("x", document).unwrap()]);
        assert!(gaps.contains(&"`semantics:roles` has no scenario".to_owned()));
        assert!(gaps.contains(&"`semantics:tea` is not promised".to_owned()));
        assert!(gaps.contains(&"reason `role-missing` has no scenario".to_owned()));
        assert!(!gaps.contains(&"reason `token-missing` has no scenario".to_owned()));
        assert!(!gaps.contains(&"`semantics:shadow` has no scenario".to_owned()));
    }

    #[test]
    fn the_scenarios_cover_the_design() {
        assert_eq!(gaps(&super::super::all().unwrap()), Vec::<String>::new());
    }
}
