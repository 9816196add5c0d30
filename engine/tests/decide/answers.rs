//! What is told of a request: to its client, and to the audit.

use crate::support::{issuer, shop, token};
use attache_engine::{Cause, Outcome, Reason};
use serde_json::json;

#[test]
fn a_refusal_comes_with_its_answer() {
    let shop = shop(json!({"issuers": [issuer(json!({}))], "responses": {"realm": "shop"}}));
    let decision = shop.request("GET /", &[]);
    let Outcome::Refuse { cause: Cause { reason: Reason::TokenMissing, .. }, answer } =
        decision.outcome
    else {
        panic!("{:?}", decision.outcome)
    };
    assert_eq!((answer.status, answer.grpc_status), (401, 16));
    assert_eq!(answer.headers, [("www-authenticate", r#"Bearer realm="shop""#.to_owned())]);
}

#[test]
fn audit_lines_name_the_claims_that_were_asked_for() {
    let audit = json!({"log": "ALL", "claims": ["sub", "act.sub", "jti"]});
    let shop = shop(json!({"issuers": [issuer(json!({}))], "audit": audit}));
    let claims = json!({"act": {"sub": "gateway"}, "secret": "kept"});
    let decision =
        shop.request("GET /", &[("authorization", &format!("Bearer {}", token(claims)))]);
    let authenticated = decision.authenticated.unwrap();
    let named: Vec<String> = shop
        .engine()
        .audit_claims(&authenticated)
        .map(|(path, value)| format!("{path}={value}"))
        .collect();
    assert_eq!(named, [r#"sub="alice""#, r#"act.sub="gateway""#]);
}
