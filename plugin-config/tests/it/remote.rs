//! Keys that a provider serves.

use crate::support::{accepts, errors, lay_over, refuses, with_issuer, with_root};
use attache_plugin_config::{
    Algorithm, Config, KeyLocation, KeySource, OnKeysUnavailable, RemoteKeys,
};
use serde_json::{Value, json};
use std::time::Duration;

/// The least document whose keys come from a provider, with the given keys laid over its issuer.
fn remote(keys: Value) -> Value {
    let mut document = with_issuer(json!({"jwks": null, "jwksUri": "https://tyk.example/jwks"}));
    lay_over(&mut document["issuers"][0], keys);
    document
}

fn keys(config: &Config) -> &RemoteKeys {
    let KeySource::Remote(keys) = &config.issuers[0].keys else { panic!("remote keys") };
    keys
}

#[test]
fn a_url_is_all_it_takes() {
    let config = accepts(&remote(json!({})));
    let keys = keys(&config);
    assert!(
        matches!(&keys.location, KeyLocation::JwksUri(url) if url.cluster() == "outbound|443||tyk.example")
    );
    assert_eq!(keys.cluster, None);
    assert_eq!(keys.refresh.interval, Duration::from_secs(300));
    assert_eq!(keys.on_keys_unavailable, OnKeysUnavailable::Deny);
    let algorithms = config.issuers[0].algorithms;
    assert!(algorithms.contains(Algorithm::RS256) && algorithms.contains(Algorithm::EdDSA));
    assert!(!algorithms.iter().any(Algorithm::is_hmac));
}

#[test]
fn discovery_begins_at_the_issuer() {
    for issuer in ["https://id.example/realms/a", "https://id.example/realms/a/"] {
        let config =
            accepts(&remote(json!({"jwksUri": null, "discovery": true, "issuer": issuer})));
        let KeyLocation::Discovery(url) = &keys(&config).location else { panic!("discovery") };
        assert_eq!(url.as_str(), "https://id.example/realms/a/.well-known/openid-configuration");
    }
    refuses(
        &remote(json!({"jwksUri": null, "discovery": true, "issuer": "tyk"})),
        "issuers[0].discovery",
        "`tyk` is no URL to look for a discovery document at; give `jwksUri` instead",
    );
    refuses(
        &remote(
            json!({"jwksUri": null, "discovery": true, "issuer": "https://id.example?tenant=a"}),
        ),
        "issuers[0].discovery",
        "an issuer with a query or a fragment has no discovery document; give `jwksUri` instead",
    );
    accepts(&remote(json!({"discovery": false})));
}

#[test]
fn discovery_may_lead_to_hosts_that_are_named() {
    let discovery = |more: Value| {
        let mut document = remote(json!({"jwksUri": null, "discovery": true}));
        lay_over(&mut document["issuers"][0], more);
        document
    };
    let hosts = json!({"jwksHosts": ["Keys.example", "keys.example:8443", "www.googleapis.com:443", "[::1]:81"]});
    let config = accepts(&discovery(hosts));
    let expected = ["keys.example", "keys.example:8443", "www.googleapis.com", "[::1]:81"];
    assert_eq!(keys(&config).jwks_hosts, expected);
    assert!(keys(&accepts(&discovery(json!({})))).jwks_hosts.is_empty());
    for wrong in
        ["https://keys.example", "keys.example/jwks", "*", "*.example", "keys.example:0", "", "a b"]
    {
        let message =
            format!("`{wrong}` is no host; write `keys.example.com` or `keys.example.com:8443`");
        refuses(&discovery(json!({"jwksHosts": [wrong]})), "issuers[0].jwksHosts[0]", &message);
    }
    refuses(
        &discovery(json!({"jwksHosts": ["keys.example"], "cluster": "a"})),
        "issuers[0].jwksHosts",
        "`cluster` leads to the issuer's host alone; leave it out, so that each host has its own cluster, or give \
         `jwksUri` instead of `discovery`",
    );
    refuses(
        &remote(json!({"jwksHosts": ["keys.example"]})),
        "issuers[0].jwksHosts",
        "is only for `discovery`; `jwksUri` names its host itself",
    );
    let many: Vec<String> = (0..17).map(|number| format!("keys-{number}.example")).collect();
    let message = "an issuer's keys are on 16 hosts at most";
    refuses(&discovery(json!({"jwksHosts": many})), "issuers[0].jwksHosts", message);
}

#[test]
fn an_issuer_with_a_segment_is_found_elsewhere() {
    let keys_of = |more: Value| {
        let mut all = json!({
            "jwksUri": null, "discovery": true, "issuer": "https://id.example/{tenantid}/v2.0",
            "issuerSegment": {"in": ["acme"]},
        });
        for (key, value) in more.as_object().expect("an object") {
            all[key] = value.clone();
        }
        remote(all)
    };
    let config = accepts(&keys_of(
        json!({"discoveryUri": "https://id.example/common/.well-known/openid-configuration"}),
    ));
    let KeyLocation::Discovery(url) = &keys(&config).location else { panic!("discovery") };
    assert_eq!(url.as_str(), "https://id.example/common/.well-known/openid-configuration");
    assert_eq!(config.issuers[0].issuer.text(), Some("https://id.example/{tenantid}/v2.0"));
    for (more, at, message) in [
        (
            json!({}),
            "issuers[0].discovery",
            "an issuer with a segment in braces has its discovery document elsewhere; give `discoveryUri`",
        ),
        (
            json!({"issuer": null, "issuerSegment": null}),
            "issuers[0].discovery",
            "a provider whose tokens have no `iss` has no name to be found by; give `jwksUri` instead",
        ),
        (
            json!({"discovery": null, "jwksUri": "https://id.example/keys", "discoveryUri": "https://id.example/x"}),
            "issuers[0].discoveryUri",
            "is only for `discovery: true`; leave it out",
        ),
        (
            json!({"discoveryUri": "id.example"}),
            "issuers[0].discoveryUri",
            "`id.example` is no URL: begin it with `https://` or `http://`",
        ),
    ] {
        refuses(&keys_of(more), at, message);
    }
}

#[test]
fn a_url_must_be_one_that_can_be_fetched() {
    refuses(
        &remote(json!({"jwksUri": "tyk.example/jwks"})),
        "issuers[0].jwksUri",
        "`tyk.example/jwks` is no URL of a key set: begin it with `https://` or `http://`",
    );
}

#[test]
fn keys_come_from_one_place_only() {
    for (more, names) in [
        (json!({"discovery": true}), "`jwksUri` and `discovery`"),
        (json!({"secrets": [{"env": "A", "algorithm": "HS256"}]}), "`jwksUri` and `secrets`"),
        (json!({"jwks": {"keys": []}}), "`jwks` and `jwksUri`"),
    ] {
        let message =
            format!("{names} stand side by side; split them into two issuers or keep one");
        refuses(&remote(more), "issuers[0]", &message);
    }
}

#[test]
fn hmac_and_public_keys_never_mix() {
    refuses(
        &remote(json!({"algorithms": ["RS256", "HS256"]})),
        "issuers[0].algorithms[1]",
        "`HS256` with public keys would let anyone who knows a key sign; give HMAC secrets to an issuer of their own",
    );
    let config = accepts(&remote(json!({"algorithms": ["RS256"]})));
    assert!(config.issuers[0].algorithms.iter().eq([Algorithm::RS256]));
}

#[test]
fn what_is_for_providers_stands_with_a_provider_only() {
    let message =
        "is only for keys from a provider; leave it out, or give `jwksUri` or `discovery`";
    for (key, value) in
        [("cluster", json!("a")), ("refresh", json!({})), ("onKeysUnavailable", json!("ALLOW"))]
    {
        refuses(&with_issuer(json!({key: value})), &format!("issuers[0].{key}"), message);
    }
    let rule = |rule: Value| with_root(json!({"policies": [{"name": "a", "rules": [rule]}]}));
    let at = "policies[0].rules[0].onKeysUnavailable";
    refuses(
        &rule(json!({"name": "a", "onKeysUnavailable": "ALLOW"})),
        at,
        "no issuer has keys that could be unavailable; leave it out, or give an issuer `jwksUri` or `discovery`",
    );
    let with_provider = |rule: Value| {
        let mut document = remote(json!({}));
        document["policies"] = json!([{"name": "a", "rules": [rule]}]);
        document
    };
    let config = accepts(&with_provider(json!({"name": "a", "onKeysUnavailable": "ALLOW"})));
    assert_eq!(config.policies[0].rules[0].on_keys_unavailable, Some(OnKeysUnavailable::Allow));
    refuses(
        &with_provider(json!({"name": "a", "action": "DENY", "onKeysUnavailable": "ALLOW"})),
        at,
        "a DENY rule opens nothing: leave it out, and put it on the ALLOW rule that is for the same requests",
    );
    refuses(
        &with_provider(
            json!({"name": "a", "authentication": "NONE", "onKeysUnavailable": "ALLOW"}),
        ),
        at,
        "with `authentication: NONE` no keys are needed; leave it out",
    );
}

#[test]
fn every_time_has_its_range() {
    let refresh = |refresh: Value| remote(json!({"refresh": refresh}));
    for (times, key, range) in [
        (json!({"interval": "999ms"}), "interval", "`1s` to `24h`"),
        (json!({"interval": "25h"}), "interval", "`1s` to `24h`"),
        (json!({"timeout": "0s"}), "timeout", "`100ms` to `1m`"),
        (json!({"timeout": "61s"}), "timeout", "`100ms` to `1m`"),
        (json!({"retryAfter": "99ms"}), "retryAfter", "`100ms` to `5m`"),
        (json!({"interval": "1m", "retryAfter": "61s"}), "retryAfter", "`100ms` to `1m`"),
        (json!({"minInterval": "500ms"}), "minInterval", "`1s` to `5m`"),
        (json!({"keepFor": "1m"}), "keepFor", "`5m` to `720h`"),
        (json!({"keepFor": "721h"}), "keepFor", "`5m` to `720h`"),
    ] {
        refuses(&refresh(times), &format!("issuers[0].refresh.{key}"), &format!("use {range}"));
    }
    // Defaults give way to a short interval.
    let config = accepts(&refresh(json!({"interval": "2s"})));
    let times = keys(&config).refresh;
    assert_eq!(
        [times.min_interval, times.retry_after],
        [Duration::from_secs(2), Duration::from_secs(1)]
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let found =
        errors(&remote(json!({"cluster": "a b", "refresh": {"timeout": "2m", "keepFor": "1s"}})));
    let places: Vec<&str> = found.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(
        places,
        ["issuers[0].cluster", "issuers[0].refresh.keepFor", "issuers[0].refresh.timeout"]
    );
}
