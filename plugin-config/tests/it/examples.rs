//! The examples are valid, and say what their readers think they say.

use crate::support::{accepts, examples, manifests, read};
use attache_plugin_config::{
    Action, Algorithm, Authentication, Config, IssuerId, KeyLocation, KeySource, PathPattern, Test,
};
use std::collections::BTreeMap;

#[test]
fn every_example_is_accepted() {
    let names: Vec<String> = examples().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "aws-alb",
            "entra-multi-tenant",
            "istio-twin",
            "keycloak-discovery",
            "keycloak-roles",
            "minimal",
            "multi-tenant",
            "outages",
            "scopes",
            "service-to-service",
            "tyk"
        ]
    );
    for (_, document) in examples() {
        accepts(&document);
    }
}

fn example(name: &str) -> Config {
    let mut examples: BTreeMap<_, _> = examples().into_iter().collect();
    accepts(&examples.remove(name).expect("an example of this name"))
}

#[test]
fn the_minimal_example_has_every_default() {
    let config = example("minimal");
    let issuer = &config.issuers[0];
    assert_eq!(issuer.algorithms.iter().collect::<Vec<_>>(), [Algorithm::ES256]);
    assert_eq!(issuer.locations.headers.len(), 1);
    assert_eq!(issuer.locations.headers[0].name.as_str(), "authorization");
    assert_eq!(issuer.locations.headers[0].prefix, "Bearer ");
    assert_eq!(issuer.clock_skew.as_secs(), 60);
    assert!(issuer.require_expiration && !issuer.forward_original_token);
    assert!(
        issuer.max_lifetime.is_none()
            && issuer.audiences.is_empty()
            && issuer.presenters.is_empty()
    );
    assert!(config.policies.is_empty());
    assert_eq!(config.cache.tokens, 2048);
    assert_eq!(config.cache.shared_slots, 2048);
    assert_eq!(config.cache.max_token_bytes, 8192);
}

#[test]
fn the_twin_of_istio_has_the_same_rules() {
    let config = example("istio-twin");
    let issuer = &config.issuers[0];
    assert!(issuer.forward_original_token);
    let KeySource::Inline(set) = &issuer.keys else { panic!("inline keys") };
    assert_eq!(set.keys.len(), 2);
    let headers: Vec<_> =
        config.identity_headers().into_iter().map(|header| header.as_str()).collect();
    assert_eq!(headers, ["x-email", "x-org-id", "x-scope", "x-sub"]);
    let rules = &config.policies[0].rules;
    assert_eq!(rules.len(), 5);
    assert!(rules.iter().all(|rule| rule.action == Action::Allow));
    assert_eq!(rules[3].to[0].paths, [PathPattern::Prefix("/orders/".to_owned())]);
    assert_eq!(rules[3].roles.any_of, ["ops"]);
}

#[test]
fn the_tyk_example_opens_only_its_probes() {
    let config = example("tyk");
    let rules = &config.policies[0].rules;
    let open = rules.iter().filter(|rule| rule.authentication == Authentication::None);
    assert_eq!(open.map(|rule| rule.name.as_str()).collect::<Vec<_>>(), ["health"]);
    assert_eq!(config.selector_labels().into_iter().collect::<Vec<_>>(), ["app"]);
}

#[test]
fn a_claim_is_compared_with_a_segment_of_the_path() {
    let config = example("multi-tenant");
    let rule = &config.policies[1].rules[0];
    assert_eq!(rule.when[0].test, Test::EqualsPath("tenant".to_owned()));
    assert!(rule.to[0].paths.iter().all(|path| path.names().eq(["tenant"])));
    assert_eq!(config.issuers[1].role_claims[0].claim.steps(), ["https://globex.example/roles"]);
}

#[test]
fn the_entra_example_takes_the_tenants_of_its_list() {
    let config = example("entra-multi-tenant");
    let IssuerId::Pattern(pattern) = &config.issuers[0].issuer else { panic!("a pattern") };
    assert_eq!(pattern.values().len(), 2);
    assert_eq!(pattern.equals_claim().map(ToString::to_string).as_deref(), Some("tid"));
    let KeySource::Remote(keys) = &config.issuers[0].keys else { panic!("remote keys") };
    assert!(
        matches!(&keys.location, KeyLocation::Discovery(url) if url.cluster() == "outbound|443||login.microsoftonline.com")
    );
}

#[test]
fn every_configuration_in_the_manifests_is_accepted() {
    let mut found = Vec::new();
    for (name, document) in manifests() {
        let spec = &document["spec"];
        let places =
            [&spec["pluginConfig"], &spec["wasm"]["pluginConfig"], &spec["wasm"][0]["config"]];
        for configuration in places.into_iter().filter(|configuration| configuration.is_object()) {
            if let Err(errors) = read(configuration) {
                panic!("{name}: {errors}");
            }
            found.push(name.clone());
        }
    }
    found.sort();
    assert_eq!(
        found,
        [
            "e2e/kind/manifests/attache.yaml",
            "examples/debugging/orders-next.yaml",
            "examples/debugging/orders.yaml",
            "examples/keycloak-istio/wasmplugin.yaml",
            "examples/tyk-istio/wasmplugin.yaml",
            "examples/tyk-routes/routes.yaml",
            "istio/base/wasmplugin.yaml",
            "istio/overlays/envoy-gateway/envoyextensionpolicy.yaml",
            "istio/overlays/gateway/wasmplugin.yaml",
            "istio/overlays/traffic-extension/trafficextension.yaml",
            "istio/overlays/waypoint/wasmplugin.yaml",
        ]
    );
}
