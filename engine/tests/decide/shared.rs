//! Two workers with one configuration, and what one tells the other.

use crate::support::{Shop, issuer, shop, token};
use attache_engine::Reason;
use serde_json::{Value, json};
use std::rc::Rc;

/// Another worker, which shares data with the first and has a configuration of its own.
fn beside(first: &Shop, document: Value) -> Shop {
    Shop { shared: Rc::clone(&first.shared), ..shop(document) }
}

fn usual() -> Value {
    json!({"issuers": [issuer(json!({}))]})
}

#[test]
fn a_token_that_one_worker_verified_costs_the_other_no_signature_check() {
    let first = shop(usual());
    let second = beside(&first, usual());
    let bearer = format!("Bearer {}", token(json!({})));
    let told = first.request("GET /", &[("authorization", &bearer)]).verification;
    assert_eq!((told.misses, told.software, told.shared), (1, 1, 0));
    let heard = second.request("GET /", &[("authorization", &bearer)]);
    assert_eq!(heard.reason(), None);
    let heard = heard.verification;
    assert_eq!((heard.misses, heard.host, heard.software, heard.shared), (1, 0, 0, 1));
}

#[test]
fn another_token_with_the_same_signature_is_verified() {
    let first = shop(usual());
    let second = beside(&first, usual());
    let good = token(json!({}));
    assert_eq!(first.reason("GET /", Some(&good)), None);
    let (signed, _) = good.rsplit_once('.').unwrap();
    let other = token(json!({"sub": "root"}));
    let (_, signature) = other.rsplit_once('.').unwrap();
    assert_eq!(
        second.reason("GET /", Some(&format!("{signed}.{signature}"))),
        Some(Reason::SignatureInvalid)
    );
}

#[test]
fn every_check_but_the_signature_is_made_anew() {
    let token = token(json!({"jti": "7", "aud": "shop"}));
    let cases = [
        (json!({"revoked": {"tokenIds": ["7"]}}), Reason::TokenRevoked),
        (json!({"audiences": ["other"]}), Reason::AudienceMismatch),
    ];
    for (change, reason) in cases {
        let first = shop(usual());
        assert_eq!(first.reason("GET /", Some(&token)), None);
        let second = beside(&first, json!({"issuers": [issuer(change)]}));
        assert_eq!(second.reason("GET /", Some(&token)), Some(reason));
    }
}

#[test]
fn what_was_told_under_another_configuration_is_not_believed() {
    let first = shop(usual());
    let bearer = format!("Bearer {}", token(json!({})));
    assert_eq!(first.request("GET /", &[("authorization", &bearer)]).reason(), None);
    let second =
        beside(&first, json!({"issuers": [issuer(json!({}))], "responses": {"realm": "x"}}));
    let verification = second.request("GET /", &[("authorization", &bearer)]).verification;
    assert_eq!((verification.software, verification.shared), (1, 0));
}

#[test]
fn a_bad_token_is_told_to_nobody() {
    let first = shop(usual());
    let mut forged = token(json!({}));
    forged.replace_range(forged.len() - 4..forged.len() - 2, "AA");
    for worker in [&first, &beside(&first, usual())] {
        let verification =
            worker.request("GET /", &[("authorization", &format!("Bearer {forged}"))]).verification;
        assert_eq!((verification.software, verification.shared), (1, 0));
    }
}
