//! What the service sees: identity headers and no forged ones, and the token only where it is to be
//! forwarded.

use crate::support::{issuer, removed, replaced, shop, shop_with_policies, token, written};
use attache_engine::Reason;
use serde_json::json;

#[test]
fn claims_become_headers() {
    let shop = shop(json!({"issuers": [issuer(json!({"outputClaimToHeaders": [
        {"header": "X-User", "claim": "sub"},
        {"header": "x-roles", "claim": "roles", "format": "CSV"},
        {"header": "x-tenant", "claim": ["https://example.com/tenant"]},
        {"header": "x-absent", "claim": "nope"},
    ]}))]}));
    let claims = json!({"roles": ["a", "b,c"], "https://example.com/tenant": 7});
    let decision =
        shop.request("GET /", &[("authorization", &format!("Bearer {}", token(claims)))]);
    let expected = [("x-user", "alice"), ("x-roles", "a,b%2Cc"), ("x-tenant", "7")];
    assert_eq!(
        written(&decision),
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[test]
fn forged_identity_headers_go_in_every_spelling_and_on_every_way() {
    let shop = shop_with_policies(json!([{"name": "p", "rules": [
        {"name": "public", "authentication": "NONE", "to": [{"paths": ["/public"]}]},
        {"name": "rest", "roles": {"anyOf": ["reader"]}},
    ]}]));
    let forged = [("x-user", "root"), ("x_user", "root"), ("x-user", "admin"), ("x-other", "kept")];
    let good = format!("Bearer {}", token(json!({"roles": ["reader"]})));
    let bad = format!("Bearer {}", token(json!({})));
    for (line, authorization) in [
        ("GET /public", None),
        ("GET /", None),
        ("GET /", Some(&good)),
        ("GET /", Some(&bad)),
        ("GET /a//b", Some(&good)),
    ] {
        let mut headers = forged.to_vec();
        headers.extend(authorization.map(|value| ("authorization", value.as_str())));
        let removed = removed(&shop.request(line, &headers));
        let of_client: Vec<&str> =
            removed.iter().map(String::as_str).filter(|name| *name != "authorization").collect();
        assert_eq!(of_client, ["x-user", "x_user", "x-user"], "{line} {authorization:?}");
    }
}

#[test]
fn the_token_is_forwarded_only_where_the_issuer_says_so() {
    let bearer = format!("Bearer {}", token(json!({})));
    let hidden = shop(json!({"issuers": [issuer(json!({}))]}));
    assert_eq!(removed(&hidden.request("GET /", &[("authorization", &bearer)])), ["authorization"]);
    let forwarded = shop(json!({"issuers": [issuer(json!({"forwardOriginalToken": true}))]}));
    assert!(removed(&forwarded.request("GET /", &[("authorization", &bearer)])).is_empty());
}

#[test]
fn a_token_in_a_cookie_and_one_in_the_query_are_taken_out() {
    let places = json!({"fromCookies": ["session"], "fromParams": ["access_token"]});
    let shop = shop(json!({"issuers": [issuer(places)]}));
    let token = token(json!({}));
    let cookie = format!("a=1; session={token}");
    let decision =
        shop.request(&format!("GET /p?access_token={token}&q=1"), &[("cookie", &cookie)]);
    assert_eq!(decision.reason(), None);
    assert_eq!(
        replaced(&decision),
        [("cookie".to_owned(), "a=1".to_owned()), (":path".to_owned(), "/p?q=1".to_owned())]
    );
}

#[test]
fn a_claim_that_cannot_be_written_refuses_the_request() {
    let shop = shop_with_policies(json!([]));
    for subject in ["two\r\nlines", "caf\u{e9}", "nul\u{0}"] {
        let token = token(json!({"sub": subject}));
        assert_eq!(
            shop.reason("GET /", Some(&token)),
            Some(Reason::ClaimUnwritable),
            "{subject:?}"
        );
    }
}

#[test]
fn a_rule_refuses_before_an_unwritable_claim_does() {
    let shop = shop_with_policies(
        json!([{"name": "p", "rules": [{"name": "r", "roles": {"anyOf": ["reader"]}}]}]),
    );
    let unwritable = token(json!({"sub": "a\nb"}));
    assert_eq!(shop.reason("GET /", Some(&unwritable)), Some(Reason::RoleMissing));
}

#[test]
fn a_public_path_takes_out_what_stands_in_the_places_of_tokens_and_looks_at_none() {
    let public = json!([{"name": "p", "rules": [{"name": "public", "authentication": "NONE"}]}]);
    let places = |more: serde_json::Value| {
        let mut places = json!({
            "fromHeaders": [{"name": "Authorization", "prefix": "Bearer "}],
            "fromCookies": ["session"],
            "fromParams": ["access_token"],
        });
        places.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"issuers": [issuer(places)], "policies": public})
    };
    let sent = [("authorization", "Bearer junk"), ("cookie", "a=1; session=junk")];
    let hidden = shop(places(json!({}))).request("GET /p?access_token=junk&q=1", &sent);
    assert_eq!((hidden.reason(), hidden.verification.misses), (None, 0));
    assert_eq!(removed(&hidden), ["authorization"]);
    assert_eq!(
        replaced(&hidden),
        [("cookie".to_owned(), "a=1".to_owned()), (":path".to_owned(), "/p?q=1".to_owned())]
    );
    let elsewhere = [("authorization", "Basic YTpi"), ("cookie", "a=1")];
    let others = shop(places(json!({}))).request("GET /p?q=1", &elsewhere);
    assert_eq!((removed(&others).len(), replaced(&others).len()), (0, 0));
    let two = [
        ("authorization", "Bearer a"),
        ("authorization", "Bearer b"),
        ("authorization", "Basic c"),
    ];
    let basic = shop(places(json!({}))).request("GET /p", &two);
    assert_eq!(replaced(&basic), [("authorization".to_owned(), "Basic c".to_owned())]);
    let headers =
        [&two[1..], &[("origin", "https://a.example"), ("access-control-request-method", "PUT")]]
            .concat();
    let preflight = shop(places(json!({}))).request("OPTIONS /p", &headers);
    assert!(
        removed(&preflight).contains(&"authorization".to_owned())
            && replaced(&preflight).is_empty()
    );
    let forwarded = shop(places(json!({"forwardOriginalToken": true})));
    let forwarded = forwarded.request("GET /p?access_token=junk", &sent);
    assert_eq!((removed(&forwarded).len(), replaced(&forwarded).len()), (0, 0));
}

#[test]
fn forged_identity_headers_go_whatever_stands_for_their_dashes() {
    let shop = shop_with_policies(json!([{"name": "p", "rules": [
        {"name": "public", "authentication": "NONE"},
    ]}]));
    for byte in "-_.~!#$%&'*+^`|".chars() {
        let name = format!("x{byte}user");
        assert_eq!(removed(&shop.request("GET /", &[(&name, "evil")])), [name]);
    }
    assert!(removed(&shop.request("GET /", &[("x-users", "kept"), ("xuser", "kept")])).is_empty());
}

#[test]
fn connection_names_no_header_that_is_written_or_looked_at() {
    let shop = shop_with_policies(json!([{"name": "p", "rules": [
        {"name": "public", "authentication": "NONE"},
        {"name": "own", "to": [{"paths": ["/own"]}], "when": [{"claim": "tenant", "equalsHeader": "x-tenant"}]},
    ]}]));
    let cleaned = |value: &str| replaced(&shop.request("GET /", &[("connection", value)]));
    let rest = |text: &str| [("connection".to_owned(), text.to_owned())];
    assert_eq!(cleaned("upgrade, x-user"), rest("upgrade"));
    assert_eq!(cleaned("X_User,Upgrade , x.user"), rest("Upgrade"));
    assert_eq!(cleaned("upgrade, X-Tenant"), rest("upgrade"));
    assert_eq!(cleaned("upgrade, authorization, x_http_method_override"), rest("upgrade"));
    assert!(cleaned("upgrade, x-other").is_empty());
    assert!(cleaned("upgrade, , x-other,").is_empty());
    // What is no name may be one to whoever reads it less strictly.
    for option in ["x-user;q=1", "\"x-user\"", "\u{a0}x-user", "x user", "x-\u{ff}user"] {
        assert_eq!(
            cleaned(&format!("upgrade, {option}, x-other")),
            rest("upgrade, x-other"),
            "{option}"
        );
    }
    assert_eq!(removed(&shop.request("GET /", &[("connection", "x-user")])), ["connection"]);
}

#[test]
fn no_trailer_passes_for_what_is_written_or_looked_at_in_headers() {
    let shop = shop(json!({"issuers": [issuer(json!({}))], "policies": [{"name": "p", "rules": [
        {"name": "own", "when": [{"claim": "tenant", "equalsHeader": "x-tenant"}]},
    ]}]}));
    let sent = [
        "x-user",
        "X_User",
        "x_tenant",
        "authorization",
        "cookie",
        "x-http-method-override",
        "x-sum",
    ];
    let trailers = sent.map(|name| (name.to_owned(), b"evil".to_vec()));
    let forged: Vec<&str> = shop.engine().forged_trailers(&trailers).collect();
    assert_eq!(forged, &sent[..6]);
}

#[test]
fn a_subject_is_told_from_that_of_another_issuer() {
    let more = json!({
        "subjectPrefix": "partner:",
        "subjects": [{"prefix": "a"}],
        "revoked": {"subjects": ["anna"]},
        "outputPayloadToHeader": "x-payload",
    });
    let rules = json!([
        {"name": "own", "to": [{"paths": ["/users/{id}"]}], "when": [{"claim": "sub", "equalsPath": "id"}]},
        {"name": "bare", "to": [{"paths": ["/bare"]}], "when": [{"claim": "sub", "equals": "alice"}]},
    ]);
    let shop =
        shop(json!({"issuers": [issuer(more)], "policies": [{"name": "users", "rules": rules}]}));
    let alice = token(json!({}));
    let value = format!("Bearer {alice}");
    // The second time it is from the cache.
    for _ in 0..2 {
        let decision = shop.request("GET /users/partner:alice", &[("authorization", &value)]);
        let written = written(&decision);
        assert!(
            written.contains(&("x-user".to_owned(), "partner:alice".to_owned())),
            "{written:?}"
        );
        let payload = alice.split('.').nth(1).unwrap().to_owned();
        assert!(written.contains(&("x-payload".to_owned(), payload)), "as the issuer wrote it");
        assert_eq!(decision.authenticated.unwrap().subject.as_deref(), Some("partner:alice"));
        assert_eq!(shop.reason("GET /users/alice", Some(&alice)), Some(Reason::NoRuleMatched));
        assert_eq!(shop.reason("GET /bare", Some(&alice)), Some(Reason::NoRuleMatched));
        // What the issuer's entry demands is about `sub` as the issuer writes it.
        assert_eq!(
            shop.reason("GET /bare", Some(&token(json!({"sub": "anna"})))),
            Some(Reason::TokenRevoked)
        );
        assert_eq!(
            shop.reason("GET /bare", Some(&token(json!({"sub": "bob"})))),
            Some(Reason::ClaimMismatch)
        );
    }
}
