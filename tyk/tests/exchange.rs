//! Token exchange at a provider that does as it is told.
#![expect(clippy::unwrap_used, reason = "tests")]

use attache_issuer::proto::Object;
use attache_test_issuer::{Issuer, outcome, post, session};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post as on_post;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;

#[derive(Clone)]
enum Behaviour {
    Grant(Value),
    Answer(u16, String),
    Redirect,
    Huge,
    Silence,
}

struct Script {
    behaviour: Mutex<Behaviour>,
    asked: Mutex<Vec<(BTreeMap<String, String>, String)>>,
    never: Notify,
}

struct Provider {
    address: SocketAddr,
    script: Arc<Script>,
}

impl Provider {
    async fn start() -> Self {
        let script = Script {
            behaviour: Mutex::new(Behaviour::Grant(good())),
            asked: Mutex::new(Vec::new()),
            never: Notify::new(),
        };
        let script = Arc::new(script);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/token", on_post(answer)).with_state(Arc::clone(&script));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, script }
    }

    fn will(&self, behaviour: Behaviour) {
        *self.script.behaviour.lock().unwrap() = behaviour;
    }

    fn times_asked(&self) -> usize {
        self.script.asked.lock().unwrap().len()
    }
}

async fn answer(State(script): State<Arc<Script>>, headers: HeaderMap, body: Bytes) -> Response {
    let form = form_urlencoded::parse(&body).into_owned().collect();
    let credential =
        headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    script.asked.lock().unwrap().push((form, credential.to_owned()));
    let behaviour = script.behaviour.lock().unwrap().clone();
    match behaviour {
        Behaviour::Grant(claims) => Response::new(
            json!({"access_token": jwt(&claims), "token_type": "Bearer"}).to_string().into(),
        ),
        Behaviour::Answer(status, body) => {
            (StatusCode::from_u16(status).unwrap(), body).into_response()
        }
        Behaviour::Redirect => (StatusCode::FOUND, [("location", "/token")]).into_response(),
        Behaviour::Huge => "x".repeat(10 << 20).into_response(),
        Behaviour::Silence => {
            script.never.notified().await;
            StatusCode::OK.into_response()
        }
    }
}

fn jwt(claims: &Value) -> String {
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.c2ln", part(r#"{"alg":"RS256"}"#.into()), part(claims.to_string()))
}

/// A good token with something behind it.
fn token_with(more: &str) -> Behaviour {
    let answer = json!({"access_token": jwt(&good()) + more, "token_type": "Bearer"});
    Behaviour::Answer(200, answer.to_string())
}

fn good() -> Value {
    json!({"iss": "https://idp.example.com", "sub": "ann", "aud": ["mesh", "account"], "exp": 4_000_000_000_u64})
}

async fn issuer(provider: &Provider) -> (Issuer, tempfile::TempDir) {
    issuer_with(provider, "timeout: 500ms", "apis:").await
}

async fn issuer_with(
    provider: &Provider,
    timeout: &str,
    apis: &str,
) -> (Issuer, tempfile::TempDir) {
    let secret = tempfile::tempdir().unwrap();
    let path = secret.path().join("secret");
    std::fs::write(&path, "se:cret\n").unwrap();
    let config = format!(
        r#"
grpc: {{listen: "tcp://127.0.0.1:0"}}
http: {{listen: "127.0.0.1:0"}}
providers:
- name: idp
  issuer: https://idp.example.com
  tokenEndpoint: http://{}/token
  allowPlaintext: true
  clientId: gate way
  clientSecret: {{file: {path:?}}}
  {timeout}
{apis}
- {{id: orders, mode: EXCHANGE, provider: idp, audiences: [mesh], scopes: [a, b]}}
"#,
        provider.address
    );
    (Issuer::start(&config).await, secret)
}

fn request(subject: &str) -> Object {
    post("orders", Some(session("k1", &[])), &[("Authorization", &format!("Bearer {subject}"))])
}

async fn ask(issuer: &Issuer, subject: &str) -> Result<String, (i32, String)> {
    outcome(&issuer.client().await.dispatch(request(subject)).await.unwrap().into_inner())
}

#[tokio::test]
async fn the_callers_token_becomes_one_for_the_mesh_and_is_kept() {
    let provider = Provider::start().await;
    let (issuer, _secret) = issuer(&provider).await;
    assert_eq!(ask(&issuer, "callers.own.token").await, Ok(jwt(&good())));
    assert_eq!(ask(&issuer, "callers.own.token").await, Ok(jwt(&good())));
    assert_eq!(provider.times_asked(), 1);
    ask(&issuer, "another.callers.token").await.unwrap();
    assert_eq!(provider.times_asked(), 2);

    let (form, credential) = provider.script.asked.lock().unwrap()[0].clone();
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
    assert_eq!(form["subject_token"], "callers.own.token");
    assert_eq!(form["subject_token_type"], "urn:ietf:params:oauth:token-type:access_token");
    assert_eq!((form["audience"].as_str(), form["scope"].as_str()), ("mesh", "a b"));
    assert_eq!(credential, format!("Basic {}", STANDARD.encode("gate+way:se%3Acret")));
}

#[tokio::test]
async fn whatever_the_provider_does_no_request_goes_on_without_a_token() {
    let provider = Provider::start().await;
    let (issuer, _secret) = issuer(&provider).await;
    let error = |error: &str| json!({ "error": error }).to_string();
    let without = |claim: &str| {
        let mut claims = good();
        claims.as_object_mut().unwrap().remove(claim);
        Behaviour::Grant(claims)
    };
    let with = |claim: &str, value: Value| {
        let mut claims = good();
        claims[claim] = value;
        Behaviour::Grant(claims)
    };
    for (behaviour, status, reason) in [
        (Behaviour::Answer(400, error("invalid_request")), 401, "exchange-refused"),
        (Behaviour::Answer(400, error("invalid_grant")), 401, "exchange-refused"),
        (Behaviour::Answer(403, error("access_denied")), 401, "exchange-refused"),
        (Behaviour::Answer(401, error("invalid_client")), 502, "exchange-failed"),
        (Behaviour::Answer(400, error("invalid_scope")), 502, "exchange-failed"),
        (Behaviour::Answer(500, error("invalid_grant")), 502, "exchange-failed"),
        (Behaviour::Answer(503, "<html>".into()), 502, "exchange-failed"),
        (Behaviour::Answer(200, "<html>".into()), 502, "exchange-unexpected"),
        (
            Behaviour::Answer(
                200,
                json!({"access_token": "a.b.c", "token_type": "N_A"}).to_string(),
            ),
            502,
            "exchange-unexpected",
        ),
        (
            Behaviour::Answer(
                200,
                json!({"access_token": "opaque", "token_type": "Bearer"}).to_string(),
            ),
            502,
            "exchange-unexpected",
        ),
        (Behaviour::Redirect, 502, "exchange-failed"),
        (Behaviour::Huge, 502, "exchange-unexpected"),
        (Behaviour::Silence, 502, "exchange-unavailable"),
        (without("aud"), 502, "exchange-unexpected"),
        (without("exp"), 502, "exchange-unexpected"),
        (with("aud", "other".into()), 502, "exchange-unexpected"),
        (with("iss", "https://other.example.com".into()), 502, "exchange-unexpected"),
        (with("exp", 1.into()), 502, "exchange-unexpected"),
        // What could end a header's line, or be taken for more than one token.
        (token_with("\r\nx-user: admin"), 502, "exchange-unexpected"),
        (token_with(" "), 502, "exchange-unexpected"),
        (token_with(","), 502, "exchange-unexpected"),
    ] {
        provider.will(behaviour);
        let times = provider.times_asked();
        assert_eq!(ask(&issuer, "one.callers.token").await, Err((status, reason.to_owned())));
        assert_eq!(provider.times_asked(), times + 1, "a failure is not kept");
    }
    provider.will(Behaviour::Grant(good()));
    ask(&issuer, "one.callers.token").await.unwrap();
}

/// NumericDate may have a fraction (RFC 7519 section 2).
#[tokio::test]
async fn an_end_with_a_fraction_is_an_end() {
    let provider = Provider::start().await;
    let (issuer, _secret) = issuer(&provider).await;
    let mut claims = good();
    claims["exp"] = 4_000_000_000.5_f64.into();
    provider.will(Behaviour::Grant(claims.clone()));
    // The caller's own token is over: nothing is kept for it.
    let over = jwt(&json!({"sub": "ann", "exp": 1_000_000_000.5_f64}));
    for times in 1..3 {
        assert_eq!(ask(&issuer, &over).await, Ok(jwt(&claims)));
        assert_eq!(provider.times_asked(), times);
    }
}

/// Each waits for its own time, not for those before it in turn.
#[tokio::test]
async fn a_provider_that_hangs_is_waited_for_once_by_all_that_have_one_token() {
    let provider = Provider::start().await;
    let (issuer, _secret) = issuer(&provider).await;
    provider.will(Behaviour::Silence);
    let client = issuer.client().await;
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..60 {
        let mut client = client.clone();
        waiting.spawn(async move {
            outcome(&client.dispatch(request("one.callers.token")).await.unwrap().into_inner())
        });
    }
    // One after the other they would be answered after half a minute.
    let all = tokio::time::timeout(Duration::from_secs(15), waiting.join_all()).await;
    let all = all.expect("each within its own time");
    assert!(all.iter().all(|answer| *answer == Err((502, "exchange-unavailable".to_owned()))));
}

/// Requests that need no exchange are answered beside those that wait for one, on the same
/// connection.
#[tokio::test]
async fn a_provider_that_hangs_keeps_out_nobody_else() {
    let provider = Provider::start().await;
    let keys = attache_test_issuer::key_folder();
    let mint = format!(
        "mint: {{issuer: https://tyk.example.com, keys: {{folder: {:?}}}}}\napis:\n- {{id: minted, audiences: [mesh]}}",
        keys.path()
    );
    let (issuer, _secret) = issuer_with(&provider, "timeout: 60s", &mint).await;
    provider.will(Behaviour::Silence);
    let mut connection = attache_test_issuer::raw::Connection::open(issuer.grpc.unwrap()).await;
    // As a client does that is in the middle of its work: it knows what may be sent.
    connection.wait_for(attache_test_issuer::raw::WINDOW_UPDATE).await;
    let mut frames = Vec::new();
    for number in 0..900 {
        frames.extend(connection.request(&request(&format!("callers.token.{number}"))).1);
    }
    let (id, last) = connection.request(&post("minted", Some(session("k1", &[])), &[]));
    frames.extend(last);
    connection.write(&frames).await;
    outcome(&connection.answer(id).await).unwrap();
}

/// Nor do those that have one token, and wait for one exchange: more than a connection takes at
/// once.
#[tokio::test]
async fn one_caller_of_a_provider_that_hangs_keeps_out_nobody_else() {
    let provider = Provider::start().await;
    let keys = attache_test_issuer::key_folder();
    let mint = format!(
        "mint: {{issuer: https://tyk.example.com, keys: {{folder: {:?}}}}}\napis:\n- {{id: minted, audiences: [mesh]}}",
        keys.path()
    );
    let (issuer, _secret) = issuer_with(&provider, "timeout: 60s", &mint).await;
    provider.will(Behaviour::Silence);
    let client = issuer.client().await;
    let mut waiting = tokio::task::JoinSet::new();
    let begun = Arc::new(AtomicUsize::new(0));
    for _ in 0..1500 {
        let (mut client, begun) = (client.clone(), Arc::clone(&begun));
        waiting.spawn(async move {
            begun.fetch_add(1, Ordering::Relaxed);
            outcome(&client.dispatch(request("one.callers.token")).await.unwrap().into_inner())
        });
    }
    // In this order: one that came first would be answered first in any case.
    while begun.load(Ordering::Relaxed) < 1500 {
        tokio::task::yield_now().await;
    }
    let mut own = client.clone();
    // Behind the others it would be answered when their time is over.
    let minted = own.dispatch(post("minted", Some(session("k1", &[])), &[]));
    let minted =
        tokio::time::timeout(Duration::from_secs(15), minted).await.expect("beside the others");
    outcome(&minted.unwrap().into_inner()).unwrap();
    // Those for whom there was no place were told at once.
    let told = waiting.join_next().await.unwrap().unwrap();
    assert_eq!(told, Err((502, "exchange-unavailable".to_owned())));
}

#[tokio::test]
async fn without_a_token_to_exchange_nobody_is_asked() {
    let provider = Provider::start().await;
    let (issuer, _secret) = issuer(&provider).await;
    let object = post("orders", Some(session("k1", &[])), &[("Authorization", "Basic YTpi")]);
    let answer = issuer.client().await.dispatch(object).await.unwrap().into_inner();
    assert_eq!(outcome(&answer), Err((401, "subject-token-missing".to_owned())));
    assert_eq!(provider.times_asked(), 0);
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_a_502() {
    let provider = Provider::start().await;
    let (issuer, _secret) = issuer(&provider).await;
    ask(&issuer, "known.callers.token").await.unwrap();
    let closed = Provider { address: closed_port().await, script: Arc::clone(&provider.script) };
    let (other, _secret) = self::issuer(&closed).await;
    assert_eq!(ask(&other, "a.callers.token").await, Err((502, "exchange-unavailable".to_owned())));
    // What is kept lives on through an outage.
    provider.will(Behaviour::Silence);
    ask(&issuer, "known.callers.token").await.unwrap();
}

async fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}
