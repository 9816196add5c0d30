//! Keys, types and words.

use crate::support::{accepts, errors, refuses, with_issuer, with_root, with_rule};
use attache_plugin_config::parse;
use serde_json::json;

#[test]
fn an_unknown_key_names_the_one_that_was_meant() {
    for (document, at, message) in [
        (
            with_root(json!({"polices": []})),
            "polices",
            "unknown key `polices`; did you mean `policies`?",
        ),
        (
            with_issuer(json!({"from_headers": []})),
            "issuers[0].from_headers",
            "unknown key `from_headers`; did you mean `fromHeaders`?",
        ),
        (
            with_issuer(json!({"audience": ["mesh"]})),
            "issuers[0].audience",
            "unknown key `audience`; did you mean `audiences`?",
        ),
        (
            with_rule(json!({"roles": {"anyof": ["a"]}})),
            "policies[0].rules[0].roles.anyof",
            "unknown key `anyof`; did you mean `anyOf`?",
        ),
        (
            with_rule(json!({"roles": {"zzzzz": ["a"]}})),
            "policies[0].rules[0].roles.zzzzz",
            "unknown key `zzzzz`; use one of anyOf, allOf, noneOf",
        ),
        (
            with_rule(json!({"roles": {"": ["a"]}})),
            "policies[0].rules[0].roles[\"\"]",
            "unknown key ``; use one of anyOf, allOf, noneOf",
        ),
    ] {
        refuses(&document, at, message);
    }
}

#[test]
fn a_wrong_type_says_what_is_expected() {
    for (document, at, message) in [
        (json!([]), "", "expected an object, got a list"),
        (json!("x"), "", "expected an object, got a string"),
        (json!(null), "", "expected an object, got null"),
        (json!({}), "", "`issuers` is missing"),
        (
            json!({"issuers": {}}),
            "issuers",
            "expected a list, got an object; a list of one has brackets around it: `[…]`",
        ),
        (json!({"issuers": null}), "issuers", "expected a list, got null"),
        (json!({"issuers": [7]}), "issuers[0]", "expected an object, got a number"),
        (json!({"issuers": [["tyk", "x"]]}), "issuers[0]", "expected an object, got a list"),
        (with_issuer(json!({"name": 7})), "issuers[0].name", "expected a string, got a number"),
        (
            with_issuer(json!({"audiences": ["a", true]})),
            "issuers[0].audiences[1]",
            "expected a string, got a Boolean, as YAML reads a bare yes, no, on, off, y or n; put it in quotes",
        ),
        (
            with_issuer(json!({"forwardOriginalToken": "false"})),
            "issuers[0].forwardOriginalToken",
            "expected true or false, got a string",
        ),
        (
            with_issuer(json!({"jwks": []})),
            "issuers[0].jwks",
            "expected a JWK set, as an object or as text, got a list",
        ),
        (
            with_rule(json!({"when": [{"claim": 7, "exists": true}]})),
            "policies[0].rules[0].when[0].claim",
            "expected a string or a list of strings, got a number",
        ),
        (
            with_rule(json!({"when": [{"claim": ["a", 7], "exists": true}]})),
            "policies[0].rules[0].when[0].claim[1]",
            "expected a string, got a number",
        ),
        (
            with_rule(json!({"when": [{"claim": "a", "equals": {"b": 1}}]})),
            "policies[0].rules[0].when[0].equals",
            "expected a string, a number or a Boolean, got an object",
        ),
        (
            with_rule(json!({"mode": ["SHADOW"]})),
            "policies[0].rules[0].mode",
            "expected one of ENFORCE, SHADOW, got a list",
        ),
        (
            with_root(json!({"roleHierarchy": {"a.b": "c"}})),
            "roleHierarchy[\"a.b\"]",
            "expected a list, got a string; a list of one has brackets around it: `[…]`",
        ),
    ] {
        refuses(&document, at, message);
    }
}

#[test]
fn a_string_at_a_wrong_place_is_never_repeated() {
    let found = errors(&with_issuer(json!({"secrets": ["s3cr3t-s3cr3t"], "jwks": null})));
    assert_eq!(
        found,
        [("issuers[0].secrets[0]".to_owned(), "expected an object, got a string".to_owned())]
    );
}

#[test]
fn a_wrong_word_lists_the_right_ones() {
    for (document, at, message) in [
        (
            with_rule(json!({"action": "allow"})),
            "policies[0].rules[0].action",
            "`allow` is none of `ALLOW`, `DENY`; did you mean `ALLOW`?",
        ),
        (
            with_rule(json!({"authentication": "ANY"})),
            "policies[0].rules[0].authentication",
            "`ANY` is none of `REQUIRED`, `OPTIONAL`, `NONE`",
        ),
        (
            with_root(json!({"audit": {"log": "DENY"}})),
            "audit.log",
            "`DENY` is none of `NONE`, `DENIED`, `ALL`",
        ),
        (
            with_issuer(
                json!({"outputClaimToHeaders": [{"header": "x-a", "claim": "a", "format": "BASE64JSON"}]}),
            ),
            "issuers[0].outputClaimToHeaders[0].format",
            "`BASE64JSON` is none of `CSV`, `PERCENT_ENCODED`, `JSON`, `BASE64_JSON`; did you mean `BASE64_JSON`?",
        ),
        (
            with_issuer(json!({"algorithms": ["none"]})),
            "issuers[0].algorithms[0]",
            "`none` is none of `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384`, `ES512`, \
             `Ed25519`, `EdDSA`, `HS256`, `HS384`, `HS512`",
        ),
    ] {
        refuses(&document, at, message);
    }
}

#[test]
fn whole_numbers_may_be_written_as_a_wasm_plugin_does() {
    let text = |value: &str| {
        let document = with_root(json!({"cache": {"tokens": 1}})).to_string();
        parse(document.replace("\"tokens\":1", &format!("\"tokens\":{value}")).as_bytes())
    };
    for value in ["2000", "2000.0", "2e3", "2000e0", "20.0E2"] {
        assert_eq!(text(value).expect(value).cache.tokens, 2000, "{value}");
    }
    for (value, message) in [
        ("0.5", "`0.5` is no whole number of 0 or more"),
        ("-1", "`-1` is no whole number of 0 or more"),
        ("65537", "`65537` is out of range; use 0 to 65536"),
        ("9007199254740993", "`9007199254740992` is too large; no value here exceeds 4294967295"),
        ("\"5\"", "expected a whole number, got a string"),
    ] {
        let errors = text(value).expect_err(value);
        assert_eq!(errors.to_string(), format!("cache.tokens: {message}"));
    }
}

#[test]
fn a_number_to_compare_with_needs_no_more_than_53_bits() {
    accepts(&with_rule(json!({"when": [{"claim": "n", "equals": 9_007_199_254_740_991_u64}]})));
    accepts(&with_rule(json!({"when": [{"claim": "n", "lessThan": -0.5}]})));
    for value in [
        json!(9_007_199_254_740_992_u64),
        json!(9_007_199_254_740_993_u64),
        json!(1e300),
        json!(-1e16),
    ] {
        refuses(
            &with_rule(json!({"when": [{"claim": "n", "greaterThan": value}]})),
            "policies[0].rules[0].when[0].greaterThan",
            "a WasmPlugin holds integers to 53 bits only; compare larger values as strings",
        );
    }
}

#[test]
fn a_missing_key_is_asked_for_and_nothing_else_follows() {
    for (document, at, message) in [
        (
            json!({"issuers": [{"name": "a", "issuer": "b"}]}),
            "issuers[0]",
            "there are no keys; give `jwks`, `jwksUri`, `discovery` or `secrets`",
        ),
        (with_root(json!({"policies": [{"rules": []}]})), "policies[0]", "`name` is missing"),
        (
            with_rule(json!({"when": [{"equals": 1}]})),
            "policies[0].rules[0].when[0]",
            "`claim` is missing",
        ),
        (
            with_issuer(json!({"outputClaimToHeaders": [{"claim": "sub"}]})),
            "issuers[0].outputClaimToHeaders[0]",
            "`header` is missing",
        ),
    ] {
        refuses(&document, at, message);
    }
}

#[test]
fn what_follows_from_another_error_is_left_out() {
    // No key source is left, but it is only misspelt; no path is left, but it is only mistyped.
    refuses(
        &json!({"issuers": [{"name": "a", "issuer": "b", "jwks": 7}]}),
        "issuers[0].jwks",
        "expected a JWK set, as an object or as text, got a number",
    );
    refuses(
        &with_rule(json!({"to": [{"paths": [7]}], "when": [{"claim": "sub", "equalsPath": "id"}]})),
        "policies[0].rules[0].to[0].paths[0]",
        "expected a string, got a number",
    );
    refuses(
        &with_rule(json!({"when": [{"claim": "sub", "equal": "x"}]})),
        "policies[0].rules[0].when[0].equal",
        "unknown key `equal`; did you mean `equals`?",
    );
}
