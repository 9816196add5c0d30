//! Client → Tyk → issuer → Envoy with the filter → service, all of them real.

use crate::envoy::{Envoy, filter_config};
use crate::service::{Answer, echo};
use crate::tyk::Tyk;
use attache_test_issuer::{ISSUER, Issuer, key_folder};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jwt_simple::prelude::*;
use serde_json::{Value, json};
use std::path::Path;

struct Way {
    tyk: Tyk,
    issuer: Issuer,
    _envoy: Envoy,
    _keys: tempfile::TempDir,
}

impl Way {
    async fn build(kind: &str, jwt_key: &RS256KeyPair) -> Self {
        let keys = key_folder();
        let issuer = Issuer::start(&config(keys.path())).await;
        let (_, jwks) = issuer.get("/jwks.json").await;
        let envoy = Envoy::start(&filter_config(ISSUER, &jwks, "roles"), echo().await).await;
        let limited = json!({
            "three-a-minute": {
                "id": "three-a-minute", "org_id": "acme", "name": "Three a minute", "active": true, "state": "active",
                "rate": 3, "per": 60, "quota_max": -1,
                "access_rights": {"orders": {"api_id": "orders", "api_name": "orders", "versions": ["Default"]}}
            }
        });
        let tyk = Tyk::start(&format!("tcp://{}", issuer.grpc.unwrap()), limited).await;
        let source = STANDARD.encode(jwt_key.public_key().to_pem().unwrap());
        for name in ["api-key", "jwt", "oauth-client-credentials"] {
            let file = format!("{kind}/{name}.json");
            tyk.add_api(&file, envoy.address, |api| set_jwt_source(api, &source)).await;
        }
        tyk.reload().await;
        Self { tyk, issuer, _envoy: envoy, _keys: keys }
    }

    async fn call(&self, who: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let answer = self.tyk.send(method, path, headers, None).await;
        let saw = |header| answer.saw(header).unwrap_or("-").to_owned();
        println!(
            "{who:<34}{method:<5}{path:<24}{:>6}  {:<28}{}",
            answer.status,
            saw("x-user"),
            saw("x-roles")
        );
        answer
    }
}

fn config(keys: &Path) -> String {
    format!(
        r#"
grpc: {{listen: "tcp://127.0.0.1:0"}}
http: {{listen: "127.0.0.1:0"}}
mint:
  issuer: {ISSUER}
  keys: {{folder: {keys:?}}}
  claims: [{{claim: org_id, from: ORG_ID}}]
  roles:
    policies: {{orders-read: [reader], orders-write: [reader, writer], three-a-minute: [reader]}}
apis:
- {{id: orders, audiences: [mesh], orgId: acme, credential: {{headers: [x-api-key], params: [api_key]}}}}
- {{id: orders-jwt, audiences: [mesh], jwt: {{}}}}
- {{id: orders-oauth, audiences: [mesh]}}
"#
    )
}

fn set_jwt_source(api: &mut Value, source: &str) {
    for place in
        ["/jwt_source", "/x-tyk-api-gateway/server/authentication/securitySchemes/gate/source"]
    {
        if let Some(value) = api.pointer_mut(place) {
            *value = source.into();
        }
    }
}

#[tokio::test]
#[ignore = "needs Tyk, Redis, an Envoy and the module: run scripts/test-tyk"]
async fn classic_definitions_lead_a_session_into_the_mesh() {
    drive("classic").await;
}

#[tokio::test]
#[ignore = "needs Tyk, Redis, an Envoy and the module: run scripts/test-tyk"]
async fn oas_definitions_lead_a_session_into_the_mesh() {
    drive("oas").await;
}

async fn drive(kind: &str) {
    let jwt_key = RS256KeyPair::generate(2048).unwrap();
    let way = Way::build(kind, &jwt_key).await;
    println!(
        "{:<63}{:>6}  {:<28}x-roles",
        format!("who ({kind}), and what it asks for"),
        "answer",
        "x-user"
    );
    policies_decide(&way).await;
    credentials_end_at_the_gateway(&way).await;
    limits_and_revocation_hold(&way).await;
    jwts_and_oauth_clients_are_known(&way, &jwt_key).await;
    without_the_issuer_nothing_goes_upstream(way).await;
}

async fn policies_decide(way: &Way) {
    let reader = way.tyk.key("shop", &["orders-read"]).await;
    let writer = way.tyk.key("desk", &["orders-read", "orders-write"]).await;
    let read = way.call("reader's key", "GET", "/orders/list", &[("x-api-key", &reader)]).await;
    assert_eq!((read.status, read.saw("x-roles")), (200, Some("reader")), "{}", read.body);
    assert_eq!((read.saw("x-user"), read.saw("x-tenant")), (Some("alias:acme:shop"), Some("acme")));
    assert_eq!(
        way.call("reader's key", "POST", "/orders/list", &[("x-api-key", &reader)]).await.status,
        403
    );
    let write = way.call("writer's key", "POST", "/orders/list", &[("x-api-key", &writer)]).await;
    assert_eq!(
        (write.status, write.saw("x-roles")),
        (200, Some("reader,writer")),
        "{}",
        write.body
    );
}

async fn credentials_end_at_the_gateway(way: &Way) {
    assert_eq!(way.call("nobody", "GET", "/orders/list", &[]).await.status, 401);
    let key = way.tyk.key("shop", &["orders-read"]).await;
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    let forged = format!(
        "{}.{}.c2ln",
        part(r#"{"alg":"ES256"}"#.into()),
        part(format!(
            r#"{{"iss":"{ISSUER}","sub":"root","aud":"mesh","roles":["admin","writer"],"exp":4000000000}}"#
        ))
    );
    let bearer = format!("Bearer {forged}");
    let headers = [
        ("x-api-key", key.as_str()),
        ("authorization", &bearer),
        ("x-token", &forged),
        ("x-roles", "admin"),
    ];
    let answer = way.call("reader's key and a forged token", "GET", "/orders/list", &headers).await;
    assert_eq!((answer.status, answer.saw("x-roles")), (200, Some("reader")), "{}", answer.body);
    for header in ["x-api-key", "authorization", "x-token"] {
        assert_eq!(answer.saw(header), None, "{header}");
    }
    let query = format!("/orders/list?page=2&api_key={key}");
    let answer = way.tyk.send("GET", &query, &[], None).await;
    assert_eq!(
        (answer.status, answer.body["uri"].as_str()),
        (200, Some("/list?page=2")),
        "{}",
        answer.body
    );

    // The gateway takes out what a client calls its connection's: neither the token nor the
    // client's own may stay or go by it.
    let headers = [
        ("x-api-key", key.as_str()),
        ("connection", "close, authorization, x-hop"),
        ("x-hop", "1"),
    ];
    let answer =
        way.call("reader's key, token named a hop's", "GET", "/orders/list", &headers).await;
    assert_eq!((answer.status, answer.saw("x-roles")), (200, Some("reader")), "{}", answer.body);
    assert_eq!(answer.saw("x-hop"), None);
    // As docs/tyk.md says: the gateway can't tell a plugin of what is not UTF-8.
    let query = "/orders/list?name=caf%E9";
    let answer = way.call("reader's key, Latin-1", "GET", query, &[("x-api-key", &key)]).await;
    assert_eq!(answer.status, 500, "{}", answer.body);
}

async fn limits_and_revocation_hold(way: &Way) {
    let key = way.tyk.key("batch", &["three-a-minute"]).await;
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(
            way.call("a key for three a minute", "GET", "/orders/list", &[("x-api-key", &key)])
                .await
                .status,
        );
    }
    assert_eq!(answers, [200, 200, 200, 429, 429]);
    let key = way.tyk.key("leaver", &["orders-read"]).await;
    assert_eq!(way.call("a key", "GET", "/orders/list", &[("x-api-key", &key)]).await.status, 200);
    way.tyk.revoke(&key).await;
    assert_eq!(
        way.call("the same, revoked", "GET", "/orders/list", &[("x-api-key", &key)]).await.status,
        403
    );
}

async fn jwts_and_oauth_clients_are_known(way: &Way, jwt_key: &RS256KeyPair) {
    let claims = Claims::create(Duration::from_mins(5)).with_subject("ann");
    let bearer = format!("Bearer {}", jwt_key.sign(claims).unwrap());
    // The second time the gateway finds the session that it made the first time.
    for _ in 0..2 {
        let answer =
            way.call("ann's JWT", "GET", "/orders-jwt/list", &[("authorization", &bearer)]).await;
        assert_eq!(
            (answer.status, answer.saw("x-user")),
            (200, Some("jwt:acme:ann")),
            "{}",
            answer.body
        );
    }
    let stranger = RS256KeyPair::generate(2048)
        .unwrap()
        .sign(Claims::create(Duration::from_mins(5)).with_subject("ann"));
    let forged = format!("Bearer {}", stranger.unwrap());
    assert_eq!(
        way.call("a forged JWT", "GET", "/orders-jwt/list", &[("authorization", &forged)])
            .await
            .status,
        403
    );

    way.tyk.oauth_client("robot", "robot-secret", "orders-oauth", "orders-read").await;
    let basic = format!("Basic {}", STANDARD.encode("robot:robot-secret"));
    let headers =
        [("authorization", basic.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let form = "grant_type=client_credentials";
    let token = way.tyk.send("POST", "/orders-oauth/oauth/token/", &headers, Some(form)).await;
    assert_eq!(token.status, 200, "{}", token.body);
    let bearer = format!("Bearer {}", token.body["access_token"].as_str().unwrap());
    let answer = way
        .call("an OAuth client's token", "GET", "/orders-oauth/list", &[("authorization", &bearer)])
        .await;
    assert_eq!(
        (answer.status, answer.saw("x-user")),
        (200, Some("client:acme:robot")),
        "{}",
        answer.body
    );
}

async fn without_the_issuer_nothing_goes_upstream(way: Way) {
    let key = way.tyk.key("shop", &["orders-read"]).await;
    way.issuer.end().await;
    let answer = way.tyk.send("GET", "/orders/list", &[("x-api-key", &key)], None).await;
    assert_eq!(answer.status, 500, "{}", answer.body);
}
