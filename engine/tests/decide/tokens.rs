//! Which token counts, for which issuer, and what is remembered of it.

use crate::support::{NOW, issuer, removed, shop, shop_with_policies, sign, token, written};
use attache_engine::{Detail, Reason};
use serde_json::{Value, json};

#[test]
fn a_token_that_was_seen_is_not_verified_again() {
    let shop = shop_with_policies(json!([]));
    let bearer = format!("Bearer {}", token(json!({})));
    let first = shop.request("GET /", &[("authorization", &bearer)]).verification;
    assert_eq!((first.hits, first.misses, first.software), (0, 1, 1));
    let second = shop.request("GET /", &[("authorization", &bearer)]).verification;
    assert_eq!((second.hits, second.misses, second.software), (1, 0, 0));
}

#[test]
fn the_host_is_asked_first_and_the_engine_verifies_where_it_can_not() {
    let shop = shop_with_policies(json!([]));
    assert_eq!(shop.reason("GET /", Some(&token(json!({})))), None);
    assert_eq!(shop.crypto.asked.get(), 1);
}

#[test]
fn a_token_that_was_seen_still_expires() {
    let mut shop = shop_with_policies(json!([]));
    let token = token(json!({"exp": NOW + 10}));
    assert_eq!(shop.reason("GET /", Some(&token)), None);
    shop.now = NOW + 10 + 59;
    assert_eq!(shop.reason("GET /", Some(&token)), None, "the last second of the skew");
    shop.now += 1;
    assert_eq!(shop.reason("GET /", Some(&token)), Some(Reason::TokenExpired));
}

#[test]
fn a_bad_token_is_never_remembered() {
    let shop = shop_with_policies(json!([]));
    let mut forged = token(json!({}));
    forged.replace_range(forged.len() - 4..forged.len() - 2, "AA");
    for _ in 0..2 {
        let decision = shop.request("GET /", &[("authorization", &format!("Bearer {forged}"))]);
        assert_eq!(decision.reason(), Some(Reason::SignatureInvalid));
        assert_eq!((decision.verification.hits, decision.verification.misses), (0, 1));
    }
}

#[test]
fn a_token_is_judged_by_the_issuer_it_names_and_only_in_that_issuers_places() {
    let other = json!({"name": "other", "issuer": "https://other.example.com", "fromCookies": ["session"],
        "outputClaimToHeaders": []});
    let shop = shop(json!({"issuers": [issuer(json!({})), issuer(other)]}));
    let of_other = token(json!({"iss": "https://other.example.com"}));
    let in_header = shop.request("GET /", &[("authorization", &format!("Bearer {of_other}"))]);
    assert_eq!(in_header.reason(), Some(Reason::IssuerUnknown));
    let in_cookie = shop.request("GET /", &[("cookie", &format!("session={of_other}"))]);
    assert_eq!(in_cookie.reason(), None);
    assert_eq!(
        shop.engine().issuer(in_cookie.authenticated.unwrap().issuer).unwrap().as_str(),
        "other"
    );
}

#[test]
fn every_token_found_must_be_good() {
    let places = json!({"fromHeaders": [{"name": "authorization", "prefix": "Bearer "}], "fromCookies": ["session"]});
    let shop = shop(json!({"issuers": [issuer(places)]}));
    let bearer = format!("Bearer {}", token(json!({})));
    let expired = format!("session={}", token(json!({"exp": 1})));
    let decision = shop.request("GET /", &[("authorization", &bearer), ("cookie", &expired)]);
    assert_eq!(decision.reason(), Some(Reason::TokenExpired));
}

#[test]
fn a_token_behind_any_other_byte_than_a_space_is_looked_at_too() {
    let shop = shop_with_policies(json!([{"name": "p", "rules": [
        {"name": "maybe", "authentication": "OPTIONAL", "to": [{"paths": ["/maybe"]}]},
        {"name": "public", "authentication": "NONE", "to": [{"paths": ["/public"]}]},
    ]}]));
    let good = token(json!({}));
    let mut forged = good.clone();
    forged.replace_range(forged.len() - 4..forged.len() - 2, "AA");
    let part: [&[u8]; 6] = [b"\t", b"\xa0", b"\xc2\xa0", b":", b"=", b"\""];
    for part in part {
        let value = [b"bearer", part, forged.as_bytes()].concat();
        let headers = |path: &str| shop.request_bytes(path, "authorization", &value);
        assert!(headers("GET /maybe").reason().is_some(), "{part:?}");
        assert_eq!(removed(&headers("GET /public")), ["authorization"], "{part:?}");
    }
    let before = [b"\xa0Bearer ", forged.as_bytes()].concat();
    assert!(shop.request_bytes("GET /maybe", "authorization", &before).reason().is_some());
    let tab = format!("Bearer\t{good}");
    assert_eq!(removed(&shop.request("GET /maybe", &[("authorization", &tab)])), ["authorization"]);
    for other in ["Bearer", "Bearers abc", "Basic YTpi", "DPoP Bearer", "xBearer abc"] {
        let decision = shop.request("GET /maybe", &[("authorization", other)]);
        assert_eq!((decision.reason(), removed(&decision)), (None, vec![]), "{other}");
    }
}

#[test]
fn two_tokens_in_one_place_are_refused() {
    let shop = shop_with_policies(json!([]));
    let [a, b] = ["a", "b"].map(|sub| format!("Bearer {}", token(json!({"sub": sub}))));
    let decision = shop.request("GET /", &[("authorization", &a), ("authorization", &b)]);
    assert_eq!(decision.reason(), Some(Reason::TokensConflict));
}

#[test]
fn only_named_callers_may_present_a_token() {
    let presenters = json!({"presenters": ["cluster.local/ns/tyk/sa/*"]});
    let mut shop = shop(json!({"issuers": [issuer(presenters)]}));
    let token = token(json!({}));
    assert_eq!(shop.reason("GET /", Some(&token)), Some(Reason::PresenterNotAllowed));
    shop.peer.principal = Some("cluster.local/ns/tyk/sa/gateway".to_owned());
    assert_eq!(shop.reason("GET /", Some(&token)), None);
    shop.peer.principal = Some("cluster.local/ns/shop/sa/cart".to_owned());
    assert_eq!(
        shop.reason("GET /", Some(&token)),
        Some(Reason::PresenterNotAllowed),
        "though it was seen before"
    );
}

#[test]
fn a_token_that_is_too_large_is_not_looked_at() {
    let shop = shop(json!({"issuers": [issuer(json!({}))], "cache": {"maxTokenBytes": 1024}}));
    let large = token(json!({"pad": "x".repeat(1024)}));
    assert_eq!(shop.reason("GET /", Some(&large)), Some(Reason::TokenTooLarge));
}

#[test]
fn a_gateway_key_is_told_from_a_broken_jwt() {
    let shop = shop_with_policies(json!([]));
    assert_eq!(shop.reason("GET /", Some("5e9d9544a1dcd60001d0ed20")), Some(Reason::TokenOpaque));
    assert_eq!(shop.reason("GET /", Some("a.b")), Some(Reason::TokenMalformed));
}

#[test]
fn duplicate_members_are_refused_at_any_depth() {
    let shop = shop_with_policies(json!([]));
    let header = r#"{"alg":"ES256","kid":"test"}"#;
    let payload =
        r#"{"iss":"https://tyk.example.com","exp":1900000000,"a":{"role":"x","role":"admin"}}"#;
    assert_eq!(shop.reason("GET /", Some(&sign(header, payload))), Some(Reason::TokenMalformed));
}

/// A good token as an AWS load balancer spells it: every part padded, and signed so.
fn padded(claims: Value) -> String {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE as PADDED;
    let mut payload = json!({"iss": "https://tyk.example.com", "sub": "alice", "exp": NOW + 300});
    payload.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    let header = json!({"alg": "ES256", "kid": "test", "typ": "JWT"});
    let input = [header, payload].map(|part| PADDED.encode(part.to_string())).join(".");
    format!("{input}.{}", PADDED.encode(crate::support::signature(&input)))
}

fn padding_allowed() -> Value {
    json!({"issuers": [issuer(json!({"padding": "ALLOWED", "outputPayloadToHeader": "x-payload"}))]})
}

#[test]
fn padding_is_for_issuers_that_allow_it() {
    let allowed = shop(padding_allowed());
    let refused = shop_with_policies(json!([]));
    for pad in ["", "x", "xx", "xxx"] {
        let padded = padded(json!({"pad": pad}));
        assert_eq!(allowed.reason("GET /", Some(&padded)), None, "{padded}");
        assert_eq!(
            refused.reason("GET /", Some(&padded)),
            Some(Reason::TokenMalformed),
            "{padded}"
        );
        let bearer = format!("Bearer {padded}");
        let payload = &written(&allowed.request("GET /", &[("authorization", &bearer)]))[0];
        assert!(payload.0 == "x-payload" && !payload.1.contains('='), "{payload:?}");
    }
    assert_eq!(allowed.reason("GET /", Some(&token(json!({})))), None, "without is as good");
    // An issuer that refuses it beside one that allows it.
    let other = json!({"name": "alb", "issuer": "https://alb.example.com", "padding": "ALLOWED", "outputClaimToHeaders": []});
    let both = shop(json!({"issuers": [issuer(json!({})), issuer(other)]}));
    let of = |iss: &str| json!({"iss": iss});
    assert_eq!(both.reason("GET /", Some(&padded(of("https://alb.example.com")))), None);
    let strict = format!("Bearer {}", padded(of("https://tyk.example.com")));
    let decision = both.request("GET /", &[("authorization", &strict)]);
    assert_eq!(decision.cause().and_then(|cause| cause.detail), Some(Detail::PaddingNotAllowed));
}

#[test]
fn a_token_and_its_padded_twin_are_one_token() {
    let shop = shop(padding_allowed());
    let one = token(json!({"jti": "t-1"}));
    let twin = format!("{one}==");
    let ask = |token: &str| shop.request("GET /", &[("authorization", &format!("Bearer {token}"))]);
    for (spelled, hits) in [(&one, 0), (&twin, 1), (&one, 1)] {
        let decision = ask(spelled);
        assert_eq!((decision.reason(), decision.verification.hits), (None, hits), "{spelled}");
    }
    for wrong in [format!("{one}="), format!("{one}==="), format!("{one}===="), format!("{twin} =")]
    {
        assert_eq!(ask(&wrong).reason(), Some(Reason::TokenMalformed), "{wrong}");
    }
    // What the signature covers is another token once it is spelled otherwise.
    let (input, signature) = one.rsplit_once('.').unwrap();
    let (header, payload) = input.split_once('.').unwrap();
    let pad =
        |part: &str| format!("{part}{}", "=".repeat(part.len().next_multiple_of(4) - part.len()));
    for respelled in [
        format!("{}.{payload}.{signature}", pad(header)),
        format!("{header}.{}.{signature}", pad(payload)),
        format!("{}.{}.{}", pad(header), pad(payload), pad(signature)),
    ] {
        if respelled != one && respelled != twin {
            let decision = ask(&respelled);
            assert_eq!(
                (decision.reason(), decision.verification.hits),
                (Some(Reason::SignatureInvalid), 0)
            );
        }
    }
    assert_eq!(ask(&one).verification.hits, 1, "no twin took its place");
}

#[test]
fn a_padded_twin_opens_no_issuer_that_refuses_padding_and_pushes_nothing_out() {
    let other = json!({"name": "alb", "issuer": "https://alb.example.com", "padding": "ALLOWED", "outputClaimToHeaders": []});
    let shop = shop(json!({"issuers": [issuer(json!({})), issuer(other)]}));
    let good = token(json!({}));
    let ask = |token: &str| shop.request("GET /", &[("authorization", &format!("Bearer {token}"))]);
    let twin = format!("{good}==");
    assert_eq!(ask(&twin).reason(), Some(Reason::TokenMalformed), "not seen before");
    assert_eq!(ask(&good).reason(), None);
    assert_eq!(ask(&twin).reason(), Some(Reason::TokenMalformed), "nor from the cache");
    assert_eq!(ask(&good).verification.hits, 1);
}
