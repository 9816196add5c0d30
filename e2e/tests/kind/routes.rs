//! The mesh's routes for what Tyk sends: `scripts/kind up` has the tool write them.

use crate::gateway::{GATEWAY, Gateway, TYK};
use anyhow::{Context, Result, ensure};
use attache_e2e::cluster::{Mesh, PORT, Sidecar, until};
use attache_e2e::repository;
use serde_json::Value;
use std::sync::Arc;

/// The hosts that Tyk sends to, and the API whose route is for each.
const ROUTES: [(&str, &str); 2] = [
    ("orders.shop.svc.cluster.local", "orders"),
    ("orders-open.shop.svc.cluster.local", "open-orders"),
];
/// What Tyk sends to a service for all to see, by the API that asks for nothing.
const OPEN: &str = "/open-orders/healthz";

pub(crate) async fn the_gateways_sidecar_goes_by_them(mesh: Arc<Mesh>) -> Result<()> {
    let sidecar = Sidecar::of(&mesh.kubectl, TYK, GATEWAY).await?;
    for (host, api) in ROUTES {
        until("the gateway's sidecar has the route of an API", async || {
            Ok((sidecar.route_names(host, PORT).await? == [api]).then_some(()))
        })
        .await
        .context(host)?;
        // They are for Tyk alone.
        let others = mesh.sidecar("catalog").await?.route_names(host, PORT).await?;
        ensure!(!others.is_empty() && !others.iter().any(|name| name == api), "{others:?}");
    }
    Ok(())
}

/// The one difference is meant: an API for the tests that asks for nothing, before a service that
/// asks for a token.
pub(crate) async fn edge_and_mesh_agree(mesh: Arc<Mesh>) -> Result<()> {
    let gateway = Gateway::find(&mesh).await?;
    let (findings, is_success) = gateway.drift().await?;
    let is_meant =
        |finding: &String| finding.starts_with("open-at-edge: `open-orders` asks for no");
    ensure!(is_success && findings.len() == 1 && findings.iter().all(is_meant), "{findings:#?}");
    Ok(())
}

/// Where a route is missing the mesh lets nothing through, and the tool says so beforehand.
pub(crate) async fn a_missing_route_is_found_and_refuses(mesh: Arc<Mesh>) -> Result<()> {
    let gateway = Gateway::find(&mesh).await?;
    let answer = gateway.call("GET", OPEN, "").await?;
    ensure!(answer.status == 200, "{}", answer.text());
    let tried = narrowed(&mesh, &gateway).await;
    // What the gateway tells of itself is what `up` made the routes of.
    mesh.kubectl.apply_text(&gateway.routes().await?).await?;
    becomes(&gateway, 200).await?;
    tried
}

/// Has the routes be those of a definition that leads to a part of the service only.
async fn narrowed(mesh: &Mesh, gateway: &Gateway) -> Result<()> {
    let text = std::fs::read_to_string(repository().join("e2e/kind/tyk/open-orders.json"))?;
    let mut definition: Value = serde_json::from_str(&text)?;
    let target = definition.pointer_mut("/proxy/target_url").context("no target_url")?;
    *target = format!("{}orders/", target.as_str().unwrap_or_default()).into();
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("narrow.json");
    std::fs::write(&file, definition.to_string())?;
    let output = gateway.tool(&["tyk", "routes", &file.display().to_string()]).await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    mesh.kubectl.apply_text(&String::from_utf8(output.stdout)?).await?;
    let (findings, is_success) = gateway.drift().await?;
    let is_found = findings.iter().any(|finding| finding.starts_with("not-routed: "));
    ensure!(!is_success && is_found, "{findings:#?}");
    becomes(gateway, 404).await
}

/// Waits until what Tyk sends is answered so: a sidecar takes notice some time later.
async fn becomes(gateway: &Gateway, status: u16) -> Result<()> {
    until("the gateway's sidecar has the other routes", async || {
        Ok((gateway.call("GET", OPEN, "").await?.status == status).then_some(()))
    })
    .await
}
