//! From Tyk at the border to a service's sidecar: sessions, limits, and the issuer's key.

use crate::gateway::Gateway;
use crate::support::{Call, Load, refused, seen, some_more_requests};
use anyhow::{Context, Result, ensure};
use attache_e2e::cluster::{Mesh, PORT, until};
use attache_test_fixtures::keys::fresh_p256_pem;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) async fn a_session_becomes_a_token_that_decides(mesh: Arc<Mesh>) -> Result<()> {
    let gateway = Gateway::find(&mesh).await?;
    let reader = gateway.key("alice", &["orders-read"]).await?;
    let writer = gateway.key("bob", &["orders-write"]).await?;

    let saw =
        seen(&gateway.call("GET", "/orders/orders/7", &reader).await?).context("a reader reads")?;
    ensure!(saw.path == "/orders/7" && saw.values("x-user") == ["alias:acme:alice"], "{saw:?}");
    ensure!(saw.values("x-tenant") == ["acme"], "{saw:?}");
    ensure!(
        saw.values("x-api-key").is_empty() && saw.values("authorization").is_empty(),
        "{saw:?}"
    );
    refused(&gateway.call("POST", "/orders/orders", &reader).await?, 403, "role-missing")?;
    // What is for kubelet is open in the mesh, and kept by the gateway.
    let kept = gateway.call("GET", "/orders/healthz", &reader).await?;
    ensure!(kept.status == 403, "{} {}", kept.status, kept.text());
    seen(&gateway.call("POST", "/orders/orders", &writer).await?).context("a writer writes")?;

    let stranger = gateway.call("GET", "/orders/orders/7", "no-such-key").await?;
    ensure!(
        stranger.status == 403 && !stranger.text().contains("role-missing"),
        "{}",
        stranger.text()
    );
    Ok(())
}

pub(crate) async fn rate_limit_and_quota_are_reached(mesh: Arc<Mesh>) -> Result<()> {
    let gateway = Gateway::find(&mesh).await?;
    gateway.limit_holds("twenty-in-five").await?;
    let greedy = gateway.key("greedy", &["three-in-all"]).await?;
    let statuses = async |key: &str| {
        let mut statuses = Vec::new();
        for _ in 0..5 {
            statuses.push(gateway.call("GET", "/orders/orders", key).await?.status);
        }
        anyhow::Ok(statuses)
    };
    let statuses_of_greedy = statuses(&greedy).await?;
    ensure!(statuses_of_greedy == [200, 200, 200, 403, 403], "quota: {statuses_of_greedy:?}");
    Ok(())
}

/// Production has more than one gateway, and another algorithm may be counting there.
pub(crate) async fn a_limit_holds_with_two_gateways(mesh: Arc<Mesh>) -> Result<()> {
    let gateway = Gateway::find(&mesh).await?;
    gateway.scale(2).await?;
    let held = gateway.limit_holds("twenty-in-five").await;
    gateway.scale(1).await?;
    held
}

/// A new key comes beside the old one, signs once it has been published long enough, and the old
/// one goes.
pub(crate) async fn the_issuer_rotates_its_key_under_load(mesh: Arc<Mesh>) -> Result<()> {
    let gateway = Gateway::find(&mesh).await?;
    let sidecar = mesh.sidecar("orders").await?;
    let key = gateway.key("alice", &["orders-read"]).await?;
    let headers = [format!("host: tyk-gateway.tyk:{PORT}"), format!("x-api-key: {key}")];
    let load = Load::start(&mesh, gateway.address, "/orders/orders", &headers).await?;
    some_more_requests(&sidecar).await?;

    let secret = mesh.kubectl.get("tyk", "secret/issuer-keys").await?;
    let old: Vec<String> = secret
        .get("data")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect();
    let published_before = issuer(&mesh, "/jwks.json").await?;
    // The name that comes last signs.
    let newest = old.iter().filter_map(|name| name.strip_suffix(".pem")).max();
    let name = format!("{}-next.pem", newest.context("the issuer has no key")?);
    change_keys(&mesh, &json!({"data": {name: STANDARD.encode(fresh_p256_pem()?)}})).await?;
    until("the new key signs", async || {
        Ok((!published_before.contains(&signing_key(&mesh).await?)).then_some(()))
    })
    .await?;
    some_more_requests(&sidecar).await?;

    let removed: serde_json::Map<String, Value> =
        old.into_iter().map(|name| (name, Value::Null)).collect();
    change_keys(&mesh, &json!({"data": removed})).await?;
    some_more_requests(&sidecar).await?;
    load.end_without_failure().await
}

/// Changes the secret, and a mark on the issuer's pod: kubelet looks after a pod that changes at
/// once.
async fn change_keys(mesh: &Mesh, patch: &Value) -> Result<()> {
    let kubectl = &mesh.kubectl;
    let patch = patch.to_string();
    kubectl
        .run(&["-n", "tyk", "patch", "secret", "issuer-keys", "--type=merge", "-p", &patch])
        .await?;
    let mark = format!("attache.kind/keys-changed={}", attache_test_fixtures::token::now());
    kubectl
        .run(&["-n", "tyk", "annotate", "--overwrite", "pods", "-l", "app=attache-issuer", &mark])
        .await?;
    Ok(())
}

/// The id of the key that signs, as the metrics tell it.
async fn signing_key(mesh: &Mesh) -> Result<String> {
    let metrics = issuer(mesh, "/metrics").await?;
    let mut lines = metrics.lines();
    let kid = lines.find_map(|line| {
        line.strip_prefix(r#"attache_issuer_signing_key{kid=""#)?.split('"').next()
    });
    Ok(kid.with_context(|| format!("no signing key among the metrics:\n{metrics}"))?.to_owned())
}

/// What the issuer answers there.
async fn issuer(mesh: &Mesh, path: &str) -> Result<String> {
    let address = mesh.service("tyk", "attache-issuer", PORT).await?;
    Ok(Call::get(path).at(mesh, address, "attache-issuer.tyk").await?.text())
}
