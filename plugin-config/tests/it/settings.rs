//! What holds for the whole plugin.

use crate::support::{accepts, refuses, with_root};
use attache_plugin_config::{
    AllowedOrigins, AmbiguousPaths, AuditLog, DryRun, Preflight, ProblemBody,
};
use serde_json::json;

#[test]
fn settings_are_read() {
    let config = accepts(&with_root(json!({
        "cors": {"preflight": "ENFORCE"}, "paths": {"ambiguous": "NORMALIZE"},
        "responses": {"realm": "shop floor", "resourceMetadata": "https://a.example/x", "body": "TEXT",
            "cors": {"allowOrigins": ["https://a.example", "http://[::1]:3000"], "allowCredentials": true}},
        "cache": {"tokens": 0, "sharedSlots": 65536, "maxTokenBytes": 1024},
        "audit": {"log": "ALL", "claims": ["sub", ["a.b"]]},
    })));
    assert_eq!(config.preflight, Preflight::Enforce);
    assert_eq!(config.ambiguous_paths, AmbiguousPaths::Normalize);
    assert_eq!(config.responses.realm.as_deref(), Some("shop floor"));
    assert_eq!(config.responses.body, ProblemBody::Text);
    let cors = config.responses.cors.unwrap();
    let origins = ["https://a.example", "http://[::1]:3000"].map(str::to_owned).to_vec();
    assert_eq!(
        (cors.allow_origins, cors.allow_credentials),
        (AllowedOrigins::These(origins), true)
    );
    assert_eq!(
        (config.cache.tokens, config.cache.shared_slots, config.cache.max_token_bytes),
        (0, 65536, 1024)
    );
    assert_eq!(config.audit.log, AuditLog::All);
    assert_eq!(config.audit.claims.len(), 2);
}

#[test]
fn a_dry_run_is_for_all_workloads_or_for_some() {
    assert_eq!(accepts(&with_root(json!({}))).dry_run, DryRun::Nowhere);
    assert_eq!(accepts(&with_root(json!({"mode": "ENFORCE"}))).dry_run, DryRun::Nowhere);
    assert_eq!(accepts(&with_root(json!({"mode": "SHADOW"}))).dry_run, DryRun::Everywhere);
    let selectors = json!([{"namespaces": ["shop"]}, {"labels": {"app": "web"}}]);
    let config = accepts(&with_root(json!({"shadowSelectors": selectors})));
    let DryRun::For(found) = &config.dry_run else { panic!("{:?}", config.dry_run) };
    assert_eq!((found.len(), found[0].namespaces.as_slice()), (2, &["shop".to_owned()][..]));
    assert_eq!(config.selector_labels(), ["app"].into(), "the host is asked for what they name");
    for (document, at, message) in [
        (
            json!({"mode": "SHADOW", "shadowSelectors": selectors}),
            "shadowSelectors",
            "`mode: SHADOW` is for every workload already; leave one of the two out",
        ),
        (
            json!({"shadowSelectors": [{}]}),
            "shadowSelectors[0]",
            "it names no workload; for a dry run everywhere write `mode: SHADOW` instead",
        ),
        (
            json!({"shadowSelectors": []}),
            "shadowSelectors",
            "an empty list can be read as `any` or as `none`; leave the key out or name at least one",
        ),
    ] {
        refuses(&with_root(document), at, message);
    }
}

#[test]
fn each_mistake_is_named() {
    let realm = "use 1 to 256 bytes of visible ASCII without quotes and backslashes";
    let url = "write one such as `https://api.example.com/.well-known/oauth-protected-resource`";
    for (document, at, message) in [
        (json!({"responses": {"realm": "a\"b"}}), "responses.realm", format!("`a\"b` is no realm; {realm}")),
        (json!({"responses": {"realm": "a\nb"}}), "responses.realm", format!("`a\\nb` is no realm; {realm}")),
        (json!({"responses": {"realm": ""}}), "responses.realm", format!("`` is no realm; {realm}")),
        (
            json!({"responses": {"resourceMetadata": "/x"}}),
            "responses.resourceMetadata",
            format!("`/x` is no absolute URL; {url}"),
        ),
        (
            json!({"responses": {"resourceMetadata": "https:///x"}}),
            "responses.resourceMetadata",
            format!("`https:///x` is no absolute URL; {url}"),
        ),
        (json!({"responses": {"cors": {}}}), "responses.cors", "`allowOrigins` is missing".to_owned()),
        (
            json!({"responses": {"cors": {"allowOrigins": []}}}),
            "responses.cors.allowOrigins",
            "an empty list can be read as `any` or as `none`; leave the key out or name at least one"
                .to_owned(),
        ),
        (
            json!({"responses": {"cors": {"allowOrigins": ["*"], "allowCredentials": true}}}),
            "responses.cors.allowCredentials",
            "browsers take no credentials where any origin may read; name the origins, or leave this out"
                .to_owned(),
        ),
        (
            json!({"responses": {"cors": {"allowOrigins": ["https://a.example", "*"]}}}),
            "responses.cors.allowOrigins",
            "`*` stands for every origin; leave it or the others out".to_owned(),
        ),
        (
            json!({"responses": {"cors": {"allowOrigins": ["https://a.example:443"]}}}),
            "responses.cors.allowOrigins[0]",
            "`https://a.example:443` has the port that browsers leave out; leave it out".to_owned(),
        ),
        (
            json!({"cache": {"maxTokenBytes": 100}}),
            "cache.maxTokenBytes",
            "`100` is out of range; use 1024 to 65536".to_owned(),
        ),
        (
            json!({"audit": {"claims": (0..33).map(|n| format!("c{n}")).collect::<Vec<_>>()}}),
            "audit.claims",
            "an audit line names 32 claims at most".to_owned(),
        ),
        (
            json!({"audit": {"claims": ["a.b", ["a", "b"]]}}),
            "audit.claims[1]",
            "`a.b` is listed twice; keep one of them".to_owned(),
        ),
    ] {
        refuses(&with_root(document), at, &message);
    }
}

#[test]
fn an_origin_is_written_as_browsers_send_it() {
    for origin in [
        "null",
        "https://a.example/",
        "https://A.example",
        "https://*.a.example",
        "a.example",
        "://a",
        "https://",
        "",
    ] {
        let message = format!(
            "`{origin}` is no origin; write scheme, host and port as browsers send them: `https://shop.example.com`"
        );
        let document = with_root(json!({"responses": {"cors": {"allowOrigins": [origin]}}}));
        refuses(&document, "responses.cors.allowOrigins[0]", &message);
    }
}
