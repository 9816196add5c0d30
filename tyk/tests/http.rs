//! What verifiers, probes and Prometheus fetch, and how the process ends.

use attache_test_issuer::{Issuer, key_folder, minting, outcome, post, raw, session};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test]
async fn discovery_leads_to_the_keys() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let (status, discovery) = issuer.get("/.well-known/openid-configuration").await;
    let discovery: Value = serde_json::from_str(&discovery).unwrap();
    assert_eq!(status, 200);
    assert_eq!(discovery["issuer"], "https://tyk.example.com");
    assert_eq!(discovery["jwks_uri"], "https://tyk.example.com/jwks.json");
    assert_eq!(discovery["id_token_signing_alg_values_supported"], serde_json::json!(["ES256"]));
    let (_, jwks) = issuer.get("/jwks.json").await;
    let jwks: Value = serde_json::from_str(&jwks).unwrap();
    let key = &jwks["keys"][0];
    assert_eq!(
        (&key["kty"], &key["use"], &key["alg"]),
        (&"EC".into(), &"sig".into(), &"ES256".into())
    );
    assert!(key.get("d").is_none());
}

#[tokio::test]
async fn an_issuer_with_a_path_is_found_below_it() {
    let keys = key_folder();
    let config = minting(keys.path(), "").replace("tyk.example.com", "tyk.example.com/mesh");
    let issuer = Issuer::start(&config).await;
    assert_eq!(issuer.get("/mesh/.well-known/openid-configuration").await.0, 200);
    assert_eq!(issuer.get("/mesh/jwks.json").await.0, 200);
    assert_eq!(issuer.get("/jwks.json").await.0, 200);
}

/// Any workload may reach the HTTP side. One that holds all the places with requests that it never
/// ends keeps out nobody for long.
#[tokio::test]
async fn clients_that_never_end_their_request_are_let_go() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let mut slow = Vec::new();
    for _ in 0..1024 {
        let mut stream = TcpStream::connect(issuer.http).await.unwrap();
        stream.write_all(b"GET /jwks.json HTTP/1.1\r\nhost: a\r\nx: ").await.unwrap();
        slow.push(stream);
    }
    let ended = async {
        assert_eq!(issuer.get("/healthz").await, (200, "ok".to_owned()));
        for stream in &mut slow {
            let mut told = Vec::new();
            stream.read_to_end(&mut told).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ended).await.expect("each is closed");
}

#[tokio::test]
async fn requests_are_counted_by_api_and_outcome() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let mut client = issuer.client().await;
    for api in ["orders", "orders", "unknown"] {
        client.dispatch(post(api, Some(session("k1", &[])), &[])).await.unwrap();
    }
    let (_, metrics) = issuer.get("/metrics").await;
    for line in [
        r#"attache_issuer_requests_total{api="orders",outcome="minted"} 1"#,
        r#"attache_issuer_requests_total{api="orders",outcome="minted-before"} 1"#,
        r#"attache_issuer_requests_total{api="",outcome="api-unknown"} 1"#,
        "attache_issuer_published_keys 1",
        "attache_issuer_kept_tokens 1",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

#[tokio::test]
async fn an_issuer_that_ends_frees_its_sockets() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "")).await;
    let (grpc, http) = (issuer.grpc.unwrap(), issuer.http);
    assert_eq!(issuer.get("/readyz").await, (200, "ready".to_owned()));
    assert_eq!(issuer.get("/healthz").await.0, 200);
    let mut client = issuer.client().await;
    outcome(
        &client.dispatch(post("orders", Some(session("k1", &[])), &[])).await.unwrap().into_inner(),
    )
    .unwrap();
    // The gateway's connection stays open: the end must not wait for it.
    issuer.end().await;
    for address in [grpc, http] {
        TcpStream::connect(address).await.unwrap_err();
    }
}

#[tokio::test]
async fn an_issuer_that_is_told_to_end_serves_on_until_its_clients_have_found_another() {
    let keys = key_folder();
    let issuer = Issuer::start(&minting(keys.path(), "").replace("drain: 0s", "drain: 5m")).await;
    let object = || post("orders", Some(session("k1", &[])), &[]);
    let mut before = issuer.client().await;
    before.dispatch(object()).await.unwrap();
    let mut raw = raw::Connection::open(issuer.grpc.unwrap()).await;

    issuer.tell().await;
    // The one sees that its connection is ending and may go elsewhere, the other finds this one
    // again.
    raw.wait_for(raw::GOAWAY).await;
    assert_eq!(issuer.get("/readyz").await, (503, "ending".to_owned()));
    assert_eq!(issuer.get("/healthz").await.0, 200);
    let mut after = issuer.client().await;
    for client in [&mut before, &mut after] {
        for _ in 0..10 {
            outcome(&client.dispatch(object()).await.unwrap().into_inner()).unwrap();
        }
    }
    assert_eq!(issuer.get("/jwks.json").await.0, 200);
    issuer.end().await;
}
