//! The issuer as the gateway sees it.
#![expect(clippy::unwrap_used, reason = "tests")]

use attache_issuer::proto::{Event, HookType, Object, SessionState};
use attache_test_issuer::{
    ISSUER, Issuer, claims, key_folder, map, merged, minting, outcome, post, session, verify,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tonic::Code;

async fn ask(issuer: &Issuer, object: Object) -> Object {
    issuer.client().await.dispatch(object).await.unwrap().into_inner()
}

fn jwt(payload: &str) -> String {
    format!(
        "{}.{}.c2ln",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#),
        URL_SAFE_NO_PAD.encode(payload)
    )
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
    assert_eq!(claims["sub"], "alias:acme:shop");
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
async fn everything_else_of_the_request_goes_upstream_as_it_was() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let mut object = post(
        "orders",
        Some(session("k1", &[])),
        &[("Traceparent", trace), ("Accept", "*/*"), ("Authorization", "k1")],
    );
    let request = object.request.as_mut().unwrap();
    request.raw_body = (0..=255).cycle().take(5 << 20).collect::<Vec<u8>>().into();
    request.method = "POST".into();

    let answer = ask(&issuer, object.clone()).await;
    let token = outcome(&answer).unwrap();
    let upstream = merged(&object, &answer);
    let sent = object.request.unwrap();
    assert_eq!((upstream.method, upstream.url), (sent.method, sent.url));
    assert!(upstream.body == sent.raw_body, "what does not come back is lost");
    let headers =
        [("Traceparent", trace), ("Accept", "*/*"), ("Authorization", &*format!("Bearer {token}"))];
    assert_eq!(upstream.headers, map(&headers));
}

#[tokio::test]
async fn nothing_comes_back_that_the_gateway_has_or_does_not_read() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let mut object = post("orders", Some(session("k1", &["p-read"])), &[("Accept", "*/*")]);
    let request = object.request.as_mut().unwrap();
    request.params = map(&[("page", "2")]);
    request.raw_body = vec![7; 100_000].into();
    let answer = ask(&issuer, object.clone()).await;
    assert!(answer.session.is_none() && answer.spec.is_empty());
    let changes = answer.request.unwrap();
    assert!(changes.headers.is_empty() && changes.params.is_empty());

    // Nothing goes upstream: no body need come back.
    object.session = None;
    let answer = ask(&issuer, object).await;
    assert_eq!(outcome(&answer).unwrap_err().1, "session-missing");
    assert!(answer.request.unwrap().raw_body.is_empty());
}

#[tokio::test]
async fn callers_of_two_organisations_or_kinds_are_never_one() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let subject = async |change: fn(&mut SessionState)| {
        let mut session = session("k1", &[]);
        session.alias = "bob".into();
        change(&mut session);
        let token = outcome(&ask(&issuer, post("orders", Some(session), &[])).await).unwrap();
        claims(&token)["sub"].as_str().unwrap().to_owned()
    };
    assert_eq!(subject(|_| {}).await, "alias:acme:bob");
    assert_eq!(subject(|session| session.org_id = "globex".into()).await, "alias:globex:bob");
    let from_jwt = |session: &mut SessionState| {
        session.metadata.insert("TykJWTSessionID".into(), "k1".into());
    };
    assert_eq!(subject(from_jwt).await, "jwt:acme:bob");
    let client = |session: &mut SessionState| session.oauth_client_id = "bob".into();
    assert_eq!(subject(client).await, "client:acme:bob");
    // Neither an organisation nor an alias can be written so that it reads as the other.
    let odd = |session: &mut SessionState| {
        session.org_id = "acme:bob".into();
        session.alias = "x".into();
    };
    assert_eq!(subject(odd).await, "alias:acme%3Abob:x");
    let other = |session: &mut SessionState| session.alias = "bob:x".into();
    assert_eq!(subject(other).await, "alias:acme:bob:x");
}

#[tokio::test]
async fn without_a_session_nothing_goes_upstream() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    for (object, status, reason) in [
        (post("orders", None, &[]), 401, "session-missing"),
        (post("unknown", Some(session("k1", &[])), &[]), 500, "api-unknown"),
        (
            post("jwt", Some(session("k1", &[])), &[("Authorization", "Bearer a.b.c")]),
            401,
            "jwt-missing",
        ),
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
    assert_eq!(
        outcome(&ask(&issuer, broken).await).unwrap_err(),
        (500, "config-data-invalid".to_owned())
    );
}

#[tokio::test]
async fn a_jwt_counts_only_where_the_gateway_made_the_session_from_it() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let bearer =
        format!("Bearer {}", jwt(r#"{"sub":"ann","email":"ann@example.com","exp":4000000000}"#));
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
    let headers =
        [("X-Api-Key", "k1"), ("Authorization", &*format!("Bearer {forged}")), ("X-Jwt", &forged)];
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
        let object =
            Object { hook_type: hook.into(), ..post("orders", Some(session("k1", &[])), &[]) };
        assert_eq!(client.dispatch(object).await.unwrap_err().code(), Code::FailedPrecondition);
    }
    let object =
        Object { hook_name: "Other".into(), ..post("orders", Some(session("k1", &[])), &[]) };
    assert_eq!(client.dispatch(object).await.unwrap_err().code(), Code::FailedPrecondition);
    let object = Object { request: None, ..post("orders", Some(session("k1", &[])), &[]) };
    assert_eq!(client.dispatch(object).await.unwrap_err().code(), Code::InvalidArgument);
    let (_, metrics) = issuer.get("/metrics").await;
    for line in [
        r#"attache_issuer_requests_total{api="orders",outcome="hook-type-wrong"} 5"#,
        r#"attache_issuer_requests_total{api="orders",outcome="hook-name-unknown"} 1"#,
        r#"attache_issuer_requests_total{api="orders",outcome="request-missing"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

#[tokio::test]
async fn events_are_taken_and_counted() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let mut client = issuer.client().await;
    for _ in 0..2 {
        client.dispatch_event(Event {}).await.unwrap();
    }
    assert!(issuer.get("/metrics").await.1.contains("attache_issuer_events_total 2\n"));
}
