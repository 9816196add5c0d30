//! Cookies of one name that hold different tokens.

use crate::support::{NOW, Shop, issuer, replaced, shop, token, written};
use attache_engine::{Decided, Detail, Reason};
use serde_json::{Value, json};

/// A shop whose only issuer takes tokens in cookies, cut into parts or not, for the audience
/// `mesh`.
fn cookie_shop(more: Value) -> Shop {
    let mut entry = issuer(json!({
        "fromCookies": [{"name": "session", "chunked": true}, "other"], "audiences": ["mesh"],
    }));
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    shop(json!({"issuers": [entry]}))
}

fn good(sub: &str) -> String {
    token(json!({"aud": "mesh", "sub": sub}))
}

fn ask(shop: &Shop, cookies: &[&str]) -> Decided<'static> {
    let lines: Vec<String> =
        cookies
            .iter()
            .map(|cookie| {
                if cookie.contains('=') {
                    (*cookie).to_owned()
                } else {
                    format!("session={cookie}")
                }
            })
            .collect();
    shop.request("GET /", &[("cookie", &lines.join("; "))])
}

fn user(decision: &Decided<'_>) -> Option<String> {
    written(decision).into_iter().find(|(name, _)| name == "x-user").map(|(_, value)| value)
}

/// The cookies that go on.
fn forwarded(decision: &Decided<'_>) -> Option<String> {
    replaced(decision).into_iter().find(|(name, _)| name == "cookie").map(|(_, value)| value)
}

fn stale() -> [(&'static str, String, Reason); 5] {
    [
        (
            "expired",
            token(json!({"aud": "mesh", "exp": 1, "sub": "mallory"})),
            Reason::TokenExpired,
        ),
        (
            "of another issuer",
            token(json!({"iss": "https://else.example.com"})),
            Reason::IssuerUnknown,
        ),
        ("for another audience", token(json!({"aud": "else"})), Reason::AudienceMismatch),
        ("by a key that is gone", with_key_id("gone"), Reason::KeyNotFound),
        ("no token", "5e9d9544a1dcd60001d0ed20".to_owned(), Reason::TokenOpaque),
    ]
}

fn with_key_id(key_id: &str) -> String {
    let claims = json!({"iss": "https://tyk.example.com", "sub": "mallory", "aud": "mesh", "exp": NOW + 300});
    crate::support::sign(&json!({"alg": "ES256", "kid": key_id}).to_string(), &claims.to_string())
}

/// A token as two cookies.
fn in_parts(token: &str) -> String {
    let (first, second) = token.split_at(token.len() / 2);
    format!("session_0={first}; session_1={second}")
}

#[test]
fn a_good_token_counts_beside_stale_ones_and_these_never_go_on() {
    for forward in [false, true] {
        let shop = cookie_shop(json!({"forwardOriginalToken": forward}));
        let alice = good("alice");
        for (what, old, _) in stale() {
            for cookies in [[old.as_str(), &alice, "a=1"], [alice.as_str(), "a=1", &old]] {
                let decision = ask(&shop, &cookies);
                assert_eq!(
                    (decision.reason(), user(&decision).as_deref()),
                    (None, Some("alice")),
                    "{what}"
                );
                let rest = forwarded(&decision).unwrap();
                assert!(!rest.contains(&old), "{what}: {rest}");
                assert_eq!(rest.contains(&alice), forward, "{what}: {rest}");
                assert!(rest.contains("a=1"), "{what}: {rest}");
            }
        }
        let all: Vec<String> = stale().iter().take(3).map(|(_, token, _)| token.clone()).collect();
        let decision = ask(&shop, &[&all[0], &all[1], &alice, &all[2]]);
        assert_eq!(user(&decision).as_deref(), Some("alice"));
    }
}

#[test]
fn without_a_good_one_a_stale_token_is_refused_as_if_it_were_alone() {
    let shop = cookie_shop(json!({}));
    for (what, old, reason) in stale() {
        assert_eq!(
            ask(&shop, &[&old, &token(json!({"aud": "mesh", "exp": 2}))]).reason(),
            Some(reason),
            "{what}"
        );
        // A good one elsewhere is no excuse.
        let elsewhere = format!("other={}", good("alice"));
        assert_eq!(ask(&shop, &[&old, &elsewhere]).reason(), Some(reason), "{what}");
    }
}

#[test]
fn two_good_tokens_of_one_name_conflict() {
    let shop = cookie_shop(json!({}));
    let expired = token(json!({"aud": "mesh", "exp": 1}));
    for cookies in [vec![good("alice"), good("bob")], vec![good("alice"), expired, good("bob")]] {
        let cookies: Vec<&str> = cookies.iter().map(String::as_str).collect();
        let decision = ask(&shop, &cookies);
        assert_eq!(decision.cause().unwrap().detail, Some(Detail::CookieTokensDiffer));
    }
    let whole = good("alice");
    let parts = in_parts(&good("bob"));
    assert_eq!(ask(&shop, &[&whole, &parts]).reason(), Some(Reason::TokensConflict));
}

#[test]
fn a_token_that_no_browser_keeps_is_refused_beside_a_good_one() {
    let revoked = json!({"revoked": {"subjects": ["mallory"]}});
    let shop = cookie_shop(revoked);
    let mut forged = good("admin");
    forged.replace_range(forged.len() - 4..forged.len() - 2, "AA");
    for (bad, reason) in [
        (forged, Reason::SignatureInvalid),
        ("a.b".to_owned(), Reason::TokenMalformed),
        (token(json!({"aud": "mesh", "nbf": NOW + 3600})), Reason::TokenNotYetValid),
        (good("mallory"), Reason::TokenRevoked),
        (format!("{}.e30.AA", "eyJhbGciOiJub25lIn0"), Reason::IssuerUnknown),
    ] {
        let decision = ask(&shop, &[&good("alice"), &bad]);
        // What names no issuer is foreign, whatever its `alg`: it counts for nothing and goes.
        let expected = Some(reason).filter(|reason| *reason != Reason::IssuerUnknown);
        assert_eq!(decision.reason(), expected, "{bad}");
    }
}

#[test]
fn a_token_in_parts_is_one_token() {
    let shop = cookie_shop(json!({}));
    let alice = good("alice");
    let (a, rest) = alice.split_at(40);
    let (b, c) = rest.split_at(50);
    let decision =
        ask(&shop, &[&format!("session_2={c}"), "a=1", &format!("session_0={a}; session_1={b}")]);
    assert_eq!(user(&decision).as_deref(), Some("alice"));
    assert_eq!(forwarded(&decision).as_deref(), Some("a=1"));
    // A part of one token never mends another.
    let bob = good("bob");
    let (start, _) = alice.split_at(alice.len() - 40);
    let (_, end) = bob.split_at(bob.len() - 40);
    let mixed = ask(&shop, &[&format!("session_0={start}; session_1={end}")]);
    assert_eq!(mixed.reason(), Some(Reason::SignatureInvalid));
    let gap = ask(&shop, &[&format!("session_0={a}; session_2={c}")]);
    assert_eq!(gap.cause().unwrap().detail, Some(Detail::CookiePartMissing));
}

#[test]
fn the_whole_token_counts_beside_the_parts_of_an_old_one() {
    let shop = cookie_shop(json!({}));
    let old = token(json!({"aud": "mesh", "exp": 1}));
    let parts = in_parts(&old);
    let decision = ask(&shop, &[&good("alice"), &parts, "a=1"]);
    assert_eq!(user(&decision).as_deref(), Some("alice"));
    assert_eq!(forwarded(&decision).as_deref(), Some("a=1"));
}

#[test]
fn more_rivals_than_browsers_keep_are_not_looked_at() {
    let shop = cookie_shop(json!({}));
    let many: Vec<String> =
        (0..6).map(|n| token(json!({"aud": "mesh", "exp": 1, "n": n}))).collect();
    let cookies: Vec<&str> = many.iter().map(String::as_str).collect();
    let decision = ask(&shop, &cookies);
    assert_eq!(decision.reason(), Some(Reason::TokensConflict));
    assert_eq!(decision.verification.misses, 0);
}
