//! Images that can't be obtained or are not what they should be: whatever happens, nothing passes
//! unjudged.

use crate::support::{Call, orders_with, refused, token};
use anyhow::{Context, Result, ensure};
use attache_e2e::cluster::{Mesh, Plugin, until};
use serde_json::{Value, json};
use std::sync::Arc;

fn anybody() -> Value {
    json!([{"name": "anybody", "to": [{"paths": ["/orders"]}]}])
}

/// Applies a plugin that can't be loaded. Neither a stranger nor the holder of a good token gets
/// through; and once the image is right again, all is as it was.
async fn nothing_passes(mesh: &Mesh, change: impl FnOnce(&mut Plugin)) -> Result<()> {
    let mut plugin = orders_with(mesh, anybody()).await?;
    change(&mut plugin);
    mesh.apply(&plugin, &["orders"]).await?;
    let good = token(&[])?;
    until("the holder of a good token is refused as well", async || {
        let answer = Call::get("/orders").with(&good).to(mesh, "orders").await?;
        ensure!(
            matches!(answer.status, 200 | 403 | 500 | 503),
            "{} {}",
            answer.status,
            answer.text()
        );
        let stranger = Call::get("/orders").to(mesh, "orders").await?;
        ensure!(stranger.status != 200, "a stranger got through");
        Ok((answer.status != 200).then_some(()))
    })
    .await?;
    orders_with(mesh, anybody()).await?;
    let answer = Call::get("/orders").with(&good).to(mesh, "orders").await?;
    ensure!(
        answer.status == 200,
        "after the image is right again: {} {}",
        answer.status,
        answer.text()
    );
    refused(&Call::get("/orders").to(mesh, "orders").await?, 401, "token-missing")
}

pub(crate) async fn a_missing_image_lets_nothing_through(mesh: Arc<Mesh>) -> Result<()> {
    let (repository, _) =
        mesh.settings.module.split_once('@').context("the module's image has no digest")?;
    let missing = format!("{repository}@sha256:{}", "0".repeat(64));
    nothing_passes(&mesh, |plugin| plugin.url = missing).await
}

/// The image of the other build, where this module's bytes are demanded.
pub(crate) async fn a_tampered_image_lets_nothing_through(mesh: Arc<Mesh>) -> Result<()> {
    let module = std::fs::read(attache_e2e::module()?)?;
    let digest = ring::digest::digest(&ring::digest::SHA256, &module);
    let sha256 = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let other = mesh.settings.previous.clone();
    nothing_passes(&mesh, |plugin| {
        plugin.url = other;
        plugin.sha256 = Some(sha256);
    })
    .await
}
