//! Which token counts, for which issuer, and what is remembered of it.

use crate::support::{NOW, issuer, shop, shop_with_policies, sign, token};
use attache_engine::Reason;
use serde_json::json;

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
    assert_eq!(shop.engine().issuer(in_cookie.session.unwrap().issuer).unwrap().as_str(), "other");
}

#[test]
fn every_token_found_must_be_good() {
    let places =
        json!({"fromHeaders": [{"name": "authorization", "prefix": "Bearer "}], "fromCookies": ["session"]});
    let shop = shop(json!({"issuers": [issuer(places)]}));
    let bearer = format!("Bearer {}", token(json!({})));
    let expired = format!("session={}", token(json!({"exp": 1})));
    let decision = shop.request("GET /", &[("authorization", &bearer), ("cookie", &expired)]);
    assert_eq!(decision.reason(), Some(Reason::TokenExpired));
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
    let payload = r#"{"iss":"https://tyk.example.com","exp":1900000000,"a":{"role":"x","role":"admin"}}"#;
    assert_eq!(shop.reason("GET /", Some(&sign(header, payload))), Some(Reason::TokenMalformed));
}
