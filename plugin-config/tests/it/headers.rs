//! Headers: those that carry tokens and those that receive claims.

use crate::support::{accepts, key, refuses, with_issuer, with_rule};
use serde_json::{Value, json};

fn mapping(header: &str) -> Value {
    with_issuer(json!({"outputClaimToHeaders": [{"header": header, "claim": "sub"}]}))
}

#[test]
fn a_claim_is_never_written_where_others_act_on_it() {
    for header in [
        "connection",
        "Keep-Alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "proxy-authorization",
        "proxy-connection",
        "http2-settings",
        "Host",
        "content-length",
        "content-type",
        "authorization",
        "cookie",
        "x-forwarded-for",
        "x-forwarded-client-cert",
        "x-envoy-original-path",
        "X-Envoy-Anything",
        "x_envoy_retry_on",
        "x-request-id",
        "traceparent",
        "x-b3-traceid",
        "grpc-timeout",
        "origin",
        "access-control-request-method",
    ] {
        let (found, message) = &crate::support::errors(&mapping(header))[0];
        assert_eq!(found, "issuers[0].outputClaimToHeaders[0].header", "{header}");
        assert!(
            message.starts_with(&format!("`{}` must not be written: ", header.to_lowercase())),
            "{message}"
        );
        assert!(message.ends_with("; use a name of your own, such as `x-user`"), "{message}");
    }
    for header in ["x-user", "X-Forwarded-User", "x-envoyish", "remote-user", "x-forwarded-email"] {
        accepts(&mapping(header));
    }
    refuses(
        &mapping(":path"),
        "issuers[0].outputClaimToHeaders[0].header",
        "`:path` is a pseudo header of HTTP/2; name an ordinary one",
    );
    refuses(
        &mapping("x user"),
        "issuers[0].outputClaimToHeaders[0].header",
        "`x user` is no header name: use 1 to 256 characters that a header name may have: letters, digits and \
         !#$%&'*+-.^_`|~",
    );
}

#[test]
fn no_header_is_written_twice_in_any_spelling() {
    let two = |one: &str, other: &str| {
        with_issuer(json!({"outputClaimToHeaders": [
            {"header": one, "claim": "sub"}, {"header": other, "claim": "email"},
        ]}))
    };
    let at = "issuers[0].outputClaimToHeaders[1].header";
    refuses(
        &two("x-user", "X-User"),
        at,
        "`x-user` is written twice; give each claim its own header",
    );
    let message = "many servers take `x_user` and `x-user` for one header; give each claim its own";
    refuses(&two("x-user", "x_user"), at, message);
    let payload = with_issuer(json!({
        "outputPayloadToHeader": "x-jwt", "outputClaimToHeaders": [{"header": "x-jwt", "claim": "sub"}],
    }));
    let at = "issuers[0].outputClaimToHeaders[0].header";
    refuses(&payload, at, "`x-jwt` is written twice; give each claim its own header");
}

fn two_issuers(one: Value, other: Value) -> Value {
    let mut document = json!({"issuers": [
        {"name": "a", "issuer": "a", "jwks": {"keys": [key()]}},
        {"name": "b", "issuer": "b", "jwks": {"keys": [key()]}},
    ]});
    for (index, keys) in [one, other].into_iter().enumerate() {
        let issuer = document["issuers"][index].as_object_mut().expect("an issuer");
        issuer.extend(keys.as_object().expect("keys").clone());
    }
    document
}

#[test]
fn issuers_agree_on_the_spelling_of_a_header() {
    let writes =
        |header: &str| json!({"outputClaimToHeaders": [{"header": header, "claim": "sub"}]});
    accepts(&two_issuers(writes("x-user"), writes("X-User")));
    refuses(
        &two_issuers(writes("x-user"), writes("x_user")),
        "issuers[1].outputClaimToHeaders[0].header",
        "issuer `a` writes `x-user`, which many servers take for the same; use one spelling",
    );
}

#[test]
fn a_token_is_not_looked_for_where_claims_are_written() {
    let own = with_issuer(json!({
        "fromHeaders": [{"name": "x-token"}], "outputClaimToHeaders": [{"header": "x_token", "claim": "sub"}],
    }));
    refuses(
        &own,
        "issuers[0].outputClaimToHeaders[0].header",
        "a token is looked for in `x-token`, and what a client sends in an identity header is removed; use another",
    );
    let other = two_issuers(
        json!({"outputClaimToHeaders": [{"header": "x-token", "claim": "sub"}]}),
        json!({"fromHeaders": [{"name": "x-token"}]}),
    );
    refuses(
        &other,
        "issuers[1].fromHeaders[0].name",
        "issuer `a` writes `x-token`, and what a client sends in an identity header is removed; look for the token \
         elsewhere",
    );
}

#[test]
fn a_header_that_carries_a_token_is_an_ordinary_one() {
    for (location, at, message) in [
        (
            json!({"name": "cookie"}),
            "[0].name",
            "`cookie` cannot carry a token: name the cookie in `fromCookies`",
        ),
        (
            json!({"name": ":authority"}),
            "[0].name",
            "`:authority` is a pseudo header of HTTP/2; name an ordinary one",
        ),
        (
            json!({"name": "te"}),
            "[0].name",
            "`te` cannot carry a token: it belongs to the connection (RFC 9110 section 7.6.1)",
        ),
        (
            json!({"name": "x-a", "prefix": "Bearer\n"}),
            "[0].prefix",
            "a prefix has 64 bytes of visible ASCII and spaces at most",
        ),
    ] {
        let document = with_issuer(json!({"fromHeaders": [location]}));
        refuses(&document, &format!("issuers[0].fromHeaders{at}"), message);
    }
    refuses(
        &with_issuer(json!({"fromHeaders": [
            {"name": "X-A", "prefix": "Bearer "}, {"name": "x-a", "prefix": "bearer "},
        ]})),
        "issuers[0].fromHeaders[1]",
        "this header with this prefix is listed twice; keep one of them",
    );
}

#[test]
fn a_claim_is_not_compared_with_a_header_that_is_removed() {
    let mut document = with_rule(json!({"when": [{"claim": "sub", "equalsHeader": "X_User"}]}));
    accepts(&document);
    document["issuers"][0]["outputClaimToHeaders"] = json!([{"header": "x-user", "claim": "sub"}]);
    refuses(
        &document,
        "policies[0].rules[0].when[0].equalsHeader",
        "`x_user` is an identity header: what a client sends in it is removed; compare with `equalsClaim`",
    );
}

#[test]
fn a_header_for_one_element_has_no_format() {
    let entry = |rest: Value| {
        let mut entry = json!({"header": "x-auditor", "claim": "roles"});
        entry.as_object_mut().unwrap().append(&mut rest.as_object().unwrap().clone());
        with_issuer(json!({ "outputClaimToHeaders": [entry] }))
    };
    let config = accepts(&entry(json!({"contains": "auditor"})));
    assert_eq!(config.issuers[0].output_claim_to_headers[0].contains.as_deref(), Some("auditor"));
    let at = "issuers[0].outputClaimToHeaders[0].contains";
    refuses(
        &entry(json!({"contains": "auditor", "format": "CSV"})),
        at,
        "the header says `true`, which has no `format`; leave one of the two out",
    );
    for element in [String::new(), "a".repeat(1025)] {
        let message = "must have 1 to 1024 bytes: the role or group to look for";
        refuses(&entry(json!({ "contains": element })), at, message);
    }
}
