//! The issuer as the gateway sees it.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use attache_issuer::proto::{AccessDefinition, Event, HookType, Object};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{ISSUER, Issuer, claims, key_folder, map, minting, outcome, post, session, verify};
use tonic::Code;

async fn ask(issuer: &Issuer, object: Object) -> Object {
    issuer.client().await.dispatch(object).await.unwrap().into_inner()
}

fn jwt(payload: &str) -> String {
    format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#), URL_SAFE_NO_PAD.encode(payload))
}

#[tokio::test]
async fn an_authenticated_request_gets_a_token_that_the_published_keys_verify() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let key = "acme5f2a-the-key-itself";
    let object = post("orders", Some(session(key, &["p-read"])), &[("Authorization", key)]);
    let token = outcome(&ask(&issuer, object).await).unwrap();
    let (status, jwks) = issuer.get("/jwks.json").await;
    assert_eq!(status, 200);
    verify(&jwks, &token).unwrap();
    let claims = claims(&token);
    assert_eq!(claims["sub"], "alias:shop");
    assert_eq!(claims["roles"], serde_json::json!(["reader"]));
    assert!(!serde_json::to_string(&claims).unwrap().contains(key));
}

#[tokio::test]
async fn a_session_reuses_its_token_per_api() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "- {id: other, audiences: [other]}")).await;
    let object = |api| post(api, Some(session("k1", &["p-read"])), &[]);
    let first = outcome(&ask(&issuer, object("orders")).await).unwrap();
    assert_eq!(outcome(&ask(&issuer, object("orders")).await).unwrap(), first);
    let other = outcome(&ask(&issuer, object("other")).await).unwrap();
    assert_eq!(claims(&other)["aud"], "other");
}

#[tokio::test]
async fn everything_else_of_the_request_comes_back_as_it_was() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let mut object = post(
        "orders",
        Some(session("k1", &[])),
        &[("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")],
    );
    let full = object.session.as_mut().unwrap();
    full.access_rights
        .insert("orders".into(), AccessDefinition { api_name: "Orders".into(), ..Default::default() });
    full.quota_renews = 17;
    full.session_lifetime = 18;
    full.post_expiry_grace_period = -1;
    let request = object.request.as_mut().unwrap();
    request.raw_body = (0..=255).cycle().take(5 << 20).collect();
    request.method = "POST".into();
    request.extended_params = map(&[("a", "b")]);
    request.request_uri = "/orders?page=2".into();

    let answer = ask(&issuer, object.clone()).await;
    outcome(&answer).unwrap();
    let mut expected = object;
    let (before, after) = (expected.request.as_mut().unwrap(), answer.request.as_ref().unwrap());
    before.set_headers = after.set_headers.clone();
    before.delete_headers = after.delete_headers.clone();
    assert!(expected == answer, "only the headers to set and delete may differ");
    assert_eq!(answer.request.unwrap().set_headers.len(), 1, "the trace header goes on as it is");
}

#[tokio::test]
async fn without_a_session_nothing_goes_upstream() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    for (object, status, reason) in [
        (post("orders", None, &[]), 401, "session-missing"),
        (post("unknown", Some(session("k1", &[])), &[]), 500, "api-unknown"),
        (post("jwt", Some(session("k1", &[])), &[("Authorization", "Bearer a.b.c")]), 401, "jwt-missing"),
    ] {
        assert_eq!(outcome(&ask(&issuer, object).await).unwrap_err(), (status, reason.to_owned()));
    }
    let mut off = session("k1", &[]);
    off.is_inactive = true;
    assert_eq!(
        outcome(&ask(&issuer, post("orders", Some(off), &[])).await).unwrap_err().1,
        "session-inactive"
    );
    let mut over = session("k1", &[]);
    over.expires = 1;
    assert_eq!(
        outcome(&ask(&issuer, post("orders", Some(over), &[])).await).unwrap_err().1,
        "session-expired"
    );
    let mut foreign = session("k1", &[]);
    foreign.org_id = "globex".into();
    let answer = ask(&issuer, post("acme-only", Some(foreign), &[])).await;
    assert_eq!(outcome(&answer).unwrap_err(), (401, "organisation-mismatch".to_owned()));
    let mut broken = post("orders", Some(session("k1", &[])), &[]);
    broken.spec.insert("config_data".into(), r#"{"attache":{"audiences":["other"]}}"#.into());
    assert_eq!(outcome(&ask(&issuer, broken).await).unwrap_err(), (500, "config-data-invalid".to_owned()));
}

#[tokio::test]
async fn a_jwt_counts_only_where_the_gateway_made_the_session_from_it() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let bearer = format!("Bearer {}", jwt(r#"{"sub":"ann","email":"ann@example.com","exp":4000000000}"#));
    let ask = async |alias: &str, marked: bool| {
        let mut session = session("acme0123", &["p-write"]);
        session.alias = alias.into();
        if marked {
            session.metadata.insert("TykJWTSessionID".into(), "acme0123".into());
        }
        outcome(&ask(&issuer, post("jwt", Some(session), &[("Authorization", &bearer)])).await)
    };
    let token = ask("ann", true).await.unwrap();
    assert_eq!(claims(&token)["email"], "ann@example.com");
    assert_eq!(ask("ann", false).await.unwrap_err().1, "jwt-missing");
    assert_eq!(ask("bob", true).await.unwrap_err().1, "jwt-mismatch");
}

#[tokio::test]
async fn a_clients_own_token_of_the_issuer_never_passes() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let forged = jwt(&format!(r#"{{"iss":"{ISSUER}","roles":["admin"],"exp":4000000000}}"#));
    let headers = [("X-Api-Key", "k1"), ("Authorization", &*format!("Bearer {forged}")), ("X-Jwt", &forged)];
    let answer = ask(&issuer, post("keyed", Some(session("k1", &["p-read"])), &headers)).await;
    let token = outcome(&answer).unwrap();
    assert_eq!(claims(&token)["roles"], serde_json::json!(["reader"]));
    let deleted = answer.request.unwrap().delete_headers;
    for header in ["Authorization", "X-Api-Key", "X-Jwt"] {
        assert!(deleted.contains(&header.to_owned()), "{header}");
    }
    let (_, metrics) = issuer.get("/metrics").await;
    assert!(metrics.contains("attache_issuer_stray_tokens_total 1\n"), "{metrics}");
}

#[tokio::test]
async fn another_hook_is_an_error_and_so_no_request_goes_on() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let mut client = issuer.client().await;
    for hook in [
        HookType::Unknown,
        HookType::Pre,
        HookType::PostKeyAuth,
        HookType::CustomKeyCheck,
        HookType::Response,
    ] {
        let object = Object { hook_type: hook.into(), ..post("orders", Some(session("k1", &[])), &[]) };
        assert_eq!(client.dispatch(object).await.unwrap_err().code(), Code::FailedPrecondition);
    }
    let object = Object { hook_name: "Other".into(), ..post("orders", Some(session("k1", &[])), &[]) };
    assert_eq!(client.dispatch(object).await.unwrap_err().code(), Code::FailedPrecondition);
    let object = Object { request: None, ..post("orders", Some(session("k1", &[])), &[]) };
    assert_eq!(client.dispatch(object).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn events_are_taken_and_counted() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let mut client = issuer.client().await;
    for payload in ["{}", "no json"] {
        client.dispatch_event(Event { payload: payload.into() }).await.unwrap();
    }
    assert!(issuer.get("/metrics").await.1.contains("attache_issuer_events_total 2\n"));
}
