//! The caller's token becomes one for the mesh at a real Keycloak, and the filter accepts it.

use crate::envoy::{Envoy, filter_config};
use crate::keycloak::Keycloak;
use crate::service::{echo, send};
use attache_test_issuer::{Issuer, claims, outcome, post, session};
use serde_json::Value;
use tempfile::TempDir;

#[tokio::test]
#[ignore = "needs Keycloak, an Envoy and the module: run scripts/test-tyk"]
async fn a_token_exchanged_at_keycloak_is_accepted_in_the_mesh() {
    let keycloak = Keycloak::start().await;
    let name = keycloak.discovery().await["issuer"].as_str().unwrap().to_owned();
    let (issuer, _secret) = issuer(&keycloak, &name, "gateway-secret").await;
    let caller = keycloak.callers_token().await;
    assert!(!has(&claims(&caller)["aud"], "mesh"), "the caller's own token is not for the mesh");

    let token = ask(&issuer, &caller).await.unwrap();
    let exchanged = claims(&token);
    assert!(has(&exchanged["aud"], "mesh"));
    assert_eq!(exchanged["sub"], claims(&caller)["sub"]);
    assert_eq!(ask(&issuer, &caller).await.unwrap(), token, "kept for reuse");

    the_mesh_takes(&keycloak, &name, &caller, &token).await;
    what_keycloak_refuses_is_told_apart(keycloak, &name, &issuer).await;
}

async fn the_mesh_takes(keycloak: &Keycloak, name: &str, caller: &str, token: &str) {
    // Keycloak publishes a key for encryption too.
    let mut jwks = keycloak.get("/protocol/openid-connect/certs").await;
    jwks["keys"].as_array_mut().unwrap().retain(|key| key["use"] == "sig");
    let filter = filter_config(name, &jwks.to_string(), "realm_access.roles");
    let envoy = Envoy::start(&filter, echo().await).await;
    let url = format!("http://{}/list", envoy.address);
    let bearer = |token: &str| format!("Bearer {token}");
    let answer = send("GET", &url, &[("authorization", &bearer(token))], None).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.saw("x-user"), claims(token)["sub"].as_str());
    assert!(answer.saw("x-roles").unwrap().contains("reader"));
    assert_eq!(send("POST", &url, &[("authorization", &bearer(token))], None).await.status, 403);
    let direct = send("GET", &url, &[("authorization", &bearer(caller))], None).await;
    assert_eq!(direct.status, 401, "without the exchange there is no way in");
}

async fn what_keycloak_refuses_is_told_apart(keycloak: Keycloak, name: &str, issuer: &Issuer) {
    let caller = keycloak.callers_token().await;
    let (signed, _signature) = caller.rsplit_once('.').unwrap();
    let forged = format!("{signed}.c2ln");
    assert_eq!(ask(issuer, &forged).await, Err((401, "exchange-refused".to_owned())));
    assert_eq!(ask(issuer, "opaque").await, Err((401, "exchange-refused".to_owned())));

    let (stranger, _secret) = self::issuer(&keycloak, name, "wrong").await;
    assert_eq!(ask(&stranger, &caller).await, Err((502, "exchange-failed".to_owned())));
    drop(keycloak);
    assert_eq!(ask(issuer, &caller).await, Err((502, "exchange-unavailable".to_owned())));
}

async fn issuer(keycloak: &Keycloak, name: &str, secret: &str) -> (Issuer, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, secret).unwrap();
    let endpoint = keycloak.url("/protocol/openid-connect/token");
    let config = format!(
        r#"
grpc: {{listen: "tcp://127.0.0.1:0"}}
http: {{listen: "127.0.0.1:0"}}
providers:
- {{name: keycloak, issuer: "{name}", tokenEndpoint: "{endpoint}", allowPlaintext: true, clientId: gateway,
   clientSecret: {{file: {path:?}}}, timeout: 30s}}
apis:
- {{id: orders, mode: EXCHANGE, provider: keycloak, audiences: [mesh]}}
"#
    );
    (Issuer::start(&config).await, folder)
}

async fn ask(issuer: &Issuer, subject: &str) -> Result<String, (i32, String)> {
    let bearer = format!("Bearer {subject}");
    let object = post("orders", Some(session("k1", &[])), &[("Authorization", &bearer)]);
    outcome(&issuer.client().await.dispatch(object).await.unwrap().into_inner())
}

fn has(aud: &Value, wanted: &str) -> bool {
    aud == wanted || aud.as_array().is_some_and(|many| many.iter().any(|one| one == wanted))
}
