//! `null`, which a protobuf Struct can hold and templates leave behind.

use crate::support::{accepts, refuses, with_issuer, with_root, with_rule};
use serde_json::json;

#[test]
fn null_counts_as_absent_where_a_key_is_optional() {
    accepts(&with_root(json!({
        "policies": null, "roleHierarchy": null, "cors": null, "paths": {"ambiguous": null},
        "responses": {"realm": null, "resourceMetadata": null, "body": null},
        "cache": {"tokens": null}, "audit": {"log": null, "claims": null},
    })));
    accepts(&with_issuer(
        json!({"audiences": null, "secrets": null, "clockSkew": null, "fromHeaders": null}),
    ));
    for paths in [json!(null), json!({}), json!({"caseSensitive": null, "trailingSlash": null})] {
        accepts(&with_root(json!({"policies": [{"name": "a", "paths": paths}]})));
    }
    accepts(&with_rule(json!({"to": null, "from": null, "roles": null, "when": null, "mode": null})));
}

#[test]
fn null_is_refused_where_a_value_is_needed() {
    for (document, at, message) in [
        (with_issuer(json!({"name": null})), "issuers[0].name", "expected a string, got null"),
        (with_issuer(json!({"audiences": [null]})), "issuers[0].audiences[0]", "expected a string, got null"),
        (with_root(json!({"roleHierarchy": {"a": null}})), "roleHierarchy.a", "expected a list, got null"),
        (
            with_rule(json!({"when": [{"claim": "a", "equals": null}]})),
            "policies[0].rules[0].when[0]",
            "there is no operator; give one of equals, notEquals, in, notIn, prefix, suffix, contains, matches, exists, \
             lessThan, greaterThan, equalsPath, equalsHeader, equalsClaim",
        ),
    ] {
        refuses(&document, at, message);
    }
}
