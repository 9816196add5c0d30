//! A provider in the mesh that goes away.

use crate::support::{Call, SERVICES, refused, sample_plugin, seen};
use anyhow::{Context, Result, ensure};
use attache_e2e::cluster::{Mesh, PORT, until};
use attache_e2e::envoy::Push;
use serde_json::Value;
use std::sync::Arc;

/// The one caller that Keycloak's own rules let ask for tokens.
const CLIENT: &str = "cluster.local/ns/shop/sa/basket";
const HOST: &str = "keycloak.auth.svc.cluster.local";

pub(crate) async fn it_goes_away_and_its_tokens_are_good(mesh: Arc<Mesh>) -> Result<()> {
    let push = mesh.apply(&sample_plugin(&mesh)?, &SERVICES).await?;
    ensure!(push == Push::Accepted, "the sample configuration was refused");
    let token = token(&mesh).await?;
    let read = Call::get("/orders/7").with(&token);
    let saw = seen(&read.to(&mesh, "orders").await?).context("while Keycloak is there")?;
    ensure!(saw.values("x-user").len() == 1, "{saw:?}");

    let sidecar = mesh.sidecar("orders").await?;
    let failures = async || {
        Ok::<_, anyhow::Error>(sidecar.stats().await?.sum(|name| {
            name.starts_with("wasmcustom.attache.keys.fetches.")
                && !name.ends_with(".updated")
                && !name.ends_with(".unchanged")
        }))
    };
    let before = failures().await?;
    scale(&mesh, 0).await?;
    until(
        "the filter finds Keycloak gone",
        async || Ok((failures().await? > before).then_some(())),
    )
    .await?;
    seen(&read.to(&mesh, "orders").await?).context("while Keycloak is away")?;
    refused(&Call::get("/orders/7").to(&mesh, "orders").await?, 401, "token-missing")?;
    scale(&mesh, 1).await?;
    mesh.dismiss_callers().await
}

async fn token(mesh: &Mesh) -> Result<String> {
    let address = mesh.service("auth", "keycloak", PORT).await?;
    let form =
        "grant_type=client_credentials&client_id=basket&client_secret=a-secret-of-the-samples";
    let call = Call {
        caller: Some(CLIENT),
        method: "POST",
        headers: &[("content-type", "application/x-www-form-urlencoded")],
        body: form,
        ..Call::get("/realms/shop/protocol/openid-connect/token")
    };
    let answer = call.at(mesh, address, HOST).await?;
    let body: Value = serde_json::from_slice(&answer.body).with_context(|| answer.text())?;
    Ok(body
        .get("access_token")
        .and_then(Value::as_str)
        .with_context(|| format!("no token: {body}"))?
        .to_owned())
}

async fn scale(mesh: &Mesh, replicas: u32) -> Result<()> {
    let count = format!("--replicas={replicas}");
    mesh.kubectl.run(&["-n", "auth", "scale", "deployment/keycloak", &count]).await?;
    if replicas == 0 {
        let gone =
            ["-n", "auth", "wait", "pod", "-l", "app=keycloak", "--for=delete", "--timeout=180s"];
        mesh.kubectl.run(&gone).await?;
    } else {
        mesh.kubectl
            .run(&["-n", "auth", "rollout", "status", "deployment/keycloak", "--timeout=300s"])
            .await?;
    }
    Ok(())
}
