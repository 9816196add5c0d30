//! `null`: what is left of a key whose lines were commented out, or whose template was empty.

use crate::support::{accepts, errors, read, refuses, with_issuer, with_root, with_rule};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The document with a value at a place, whose objects and lists are made where they are not there.
fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, key) = pointer.rsplit_once('/').expect("a key");
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{parent} is there"));
    parent[key] = value;
    document
}

/// Every optional key that a document may have is laid into it and has no value: a list of them
/// follows from the schema, so that a key to come is among them.
#[test]
fn no_key_of_any_object_may_be_null() {
    let schema = attache_plugin_config::schema();
    let definitions = schema["$defs"].as_object().expect("definitions");
    let objects = definitions.iter().map(|(name, object)| (name.as_str(), object));
    let mut tried = 0;
    for (name, object) in objects.chain([("Configuration", &schema)]) {
        for key in object["properties"].as_object().into_iter().flatten().map(|(key, _)| key) {
            if name == "Issuer" && key == "issuer" {
                continue;
            }
            let (document, pointer) = home_of(name);
            let place = format!("{pointer}/{key}");
            let found = errors(&with(document, &place, Value::Null));
            let said = found
                .iter()
                .any(|(at, message)| at.ends_with(key.as_str()) && is_about_null(key, message));
            assert!(said, "{place}: {found:?}");
            tried += 1;
        }
    }
    assert!(tried > 90, "{tried} keys were tried");
}

fn is_about_null(key: &str, message: &str) -> bool {
    let optional = message.starts_with(&format!("`{key}` has no value; write "));
    (optional && message.ends_with(", or remove the line")) || message.ends_with(", got null")
}

/// A document that has an object of a definition, and where it stands there.
fn home_of(definition: &str) -> (Value, &'static str) {
    let issuer =
        |key: &str, value: Value| with(with_issuer(json!({})), &format!("/issuers/0/{key}"), value);
    let rule = |key: &str, value: Value| {
        with(with_rule(json!({})), &format!("/policies/0/rules/0/{key}"), value)
    };
    let root = |key: &str| with(with_root(json!({})), &format!("/{key}"), json!({}));
    match definition {
        "Configuration" => (with_root(json!({})), ""),
        "Issuer" => (with_issuer(json!({})), "/issuers/0"),
        "Policy" => (with_rule(json!({})), "/policies/0"),
        "Rule" => (with_rule(json!({})), "/policies/0/rules/0"),
        "Audit" => (root("audit"), "/audit"),
        "Cache" => (root("cache"), "/cache"),
        "Cors" => (root("cors"), "/cors"),
        "Methods" => (root("methods"), "/methods"),
        "Paths" => (root("paths"), "/paths"),
        "Responses" => (root("responses"), "/responses"),
        "ResponsesCors" => {
            (with_root(json!({"responses": {"cors": {"allowOrigins": ["*"]}}})), "/responses/cors")
        }
        "Condition" => (rule("when", json!([{"claim": "a"}])), "/policies/0/rules/0/when/0"),
        "Operation" => (rule("to", json!([{}])), "/policies/0/rules/0/to/0"),
        "Source" => (rule("from", json!([{}])), "/policies/0/rules/0/from/0"),
        "Roles" => (rule("roles", json!({})), "/policies/0/rules/0/roles"),
        "Selector" => {
            (with(with_rule(json!({})), "/policies/0/selector", json!({})), "/policies/0/selector")
        }
        "PolicyPaths" => {
            (with(with_rule(json!({})), "/policies/0/paths", json!({})), "/policies/0/paths")
        }
        "IssuerSegment" => {
            let pattern = json!("https://login.example.com/{tenant}/v2.0");
            let document = with(issuer("issuerSegment", json!({})), "/issuers/0/issuer", pattern);
            (document, "/issuers/0/issuerSegment")
        }
        "Refresh" => (issuer("refresh", json!({})), "/issuers/0/refresh"),
        "Revoked" => (issuer("revoked", json!({})), "/issuers/0/revoked"),
        "Secret" => {
            let mut document = issuer("secrets", json!([{"env": "A", "algorithm": "HS256"}]));
            document["issuers"][0].as_object_mut().expect("an issuer").remove("jwks");
            (document, "/issuers/0/secrets/0")
        }
        "CookieLocation" => {
            (issuer("fromCookies", json!([{"name": "a"}])), "/issuers/0/fromCookies/0")
        }
        "HeaderLocation" => {
            (issuer("fromHeaders", json!([{"name": "a"}])), "/issuers/0/fromHeaders/0")
        }
        "RoleClaim" => (issuer("roleClaims", json!([{"claim": "a"}])), "/issuers/0/roleClaims/0"),
        "StringMatch" => (issuer("subjects", json!([{}])), "/issuers/0/subjects/0"),
        "ClaimToHeader" => {
            let written = json!([{"header": "x-a", "claim": "a"}]);
            (issuer("outputClaimToHeaders", written), "/issuers/0/outputClaimToHeaders/0")
        }
        other => panic!("where does a {other} stand? say it here"),
    }
}

#[test]
fn a_key_without_a_value_says_what_to_write() {
    for (document, at, message) in [
        (
            with(with_rule(json!({})), "/policies/0/rules/0/roles", Value::Null),
            "policies[0].rules[0].roles",
            "`roles` has no value; write an object, or remove the line",
        ),
        (
            with(with_rule(json!({})), "/policies/0/rules/0/to", Value::Null),
            "policies[0].rules[0].to",
            "`to` has no value; write a list, or remove the line",
        ),
        (
            with_rule(json!({"to": [{"methods": ["GET"], "paths": null}]})),
            "policies[0].rules[0].to[0].paths",
            "`paths` has no value; write a list, or remove the line",
        ),
        (
            with(with_issuer(json!({})), "/issuers/0/audiences", Value::Null),
            "issuers[0].audiences",
            "`audiences` has no value; write a list, or remove the line",
        ),
        (
            with(with_issuer(json!({})), "/issuers/0/maxLifetime", Value::Null),
            "issuers[0].maxLifetime",
            "`maxLifetime` has no value; write a duration such as `30s`, or remove the line",
        ),
        (
            with(with_rule(json!({})), "/policies/0/mode", Value::Null),
            "policies[0].mode",
            "`mode` has no value; write one of ENFORCE, SHADOW, or remove the line",
        ),
        (
            with_rule(json!({"when": [{"claim": "a", "equals": null}]})),
            "policies[0].rules[0].when[0].equals",
            "`equals` has no value; write a string, a number or a Boolean, or remove the line",
        ),
    ] {
        refuses(&document, at, message);
    }
}

#[test]
fn null_is_refused_where_a_value_is_needed() {
    for (document, at, message) in [
        (
            with(with_issuer(json!({})), "/issuers/0/name", Value::Null),
            "issuers[0].name",
            "expected a string, got null",
        ),
        (
            with_issuer(json!({"audiences": [null]})),
            "issuers[0].audiences[0]",
            "expected a string, got null",
        ),
        (
            with_root(json!({"roleHierarchy": {"a": null}})),
            "roleHierarchy.a",
            "expected a list, got null",
        ),
        (
            with_root(json!({"policies": [{"name": "a", "selector": {"labels": {"app": null}}}]})),
            "policies[0].selector.labels.app",
            "expected a string, got null",
        ),
    ] {
        refuses(&document, at, message);
    }
}

/// The exception: it is for tokens that have no `iss`, and widens nothing.
#[test]
fn an_issuer_of_tokens_without_iss_is_null() {
    let config = accepts(&with(with_issuer(json!({})), "/issuers/0/issuer", Value::Null));
    assert_eq!(config.issuers[0].issuer, attache_plugin_config::IssuerId::Absent);
    let mut without = with_issuer(json!({}));
    without["issuers"][0].as_object_mut().expect("an object").remove("issuer");
    refuses(&without, "issuers[0]", "`issuer` is missing");
}

/// As above, with what a template leaves: an empty list, object or text.
#[test]
fn an_empty_value_is_refused_where_it_could_widen_something() {
    let schema = attache_plugin_config::schema();
    let definitions = schema["$defs"].as_object().expect("definitions");
    let objects = definitions.iter().map(|(name, object)| (name.as_str(), object));
    let wrong = |document: &Value| -> BTreeSet<(String, String)> {
        let errors = read(document).err().into_iter();
        errors
            .flat_map(|errors| {
                errors
                    .iter()
                    .map(|one| (one.path.to_string(), one.message.clone()))
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    let mut taken = BTreeSet::new();
    for (name, object) in objects.chain([("Configuration", &schema)]) {
        let Some(keys) = object["properties"].as_object() else { continue };
        let (document, pointer) = home_of(name);
        let before = wrong(&document);
        for key in keys.keys() {
            for empty in [json!([]), json!({}), json!("")] {
                let after =
                    wrong(&with(document.clone(), &format!("{pointer}/{key}"), empty.clone()));
                if after.is_subset(&before) {
                    taken.insert(format!("{name}.{key}: {empty}"));
                }
            }
        }
    }
    let meant: BTreeSet<_> = MEANT.iter().map(|meant| (*meant).to_owned()).collect();
    assert_eq!(taken, meant);
}

/// What may be empty: settings and lists that only ever add to what is refused or told, and texts
/// that are values.
const MEANT: [&str; 22] = [
    "Audit.claims: []",
    "Condition.contains: \"\"",
    "Condition.equals: \"\"",
    "Condition.notEquals: \"\"",
    "Configuration.audit: {}",
    "Configuration.cache: {}",
    "Configuration.cors: {}",
    "Configuration.methods: {}",
    "Configuration.paths: {}",
    "Configuration.policies: []",
    "Configuration.responses: {}",
    "Configuration.roleHierarchy: {}",
    "HeaderLocation.prefix: \"\"",
    "Issuer.outputClaimToHeaders: []",
    "Issuer.revoked: {}",
    "Issuer.roleClaims: []",
    "Policy.paths: {}",
    "Policy.rules: []",
    "Revoked.keyIds: []",
    "Revoked.subjects: []",
    "Revoked.tokenIds: []",
    "RoleClaim.prefix: \"\"",
];
