//! The three services of `scripts/kind up`, each with a policy of its own out of one configuration.

use crate::support::{Call, SERVICES, refused, sample_plugin, seen, token};
use anyhow::{Context, Result, ensure};
use attache_e2e::cluster::Mesh;
use attache_e2e::envoy::Push;
use std::sync::Arc;

pub(crate) async fn each_service_holds_its_own_policy(mesh: Arc<Mesh>) -> Result<()> {
    let push = mesh.apply(&sample_plugin(&mesh)?, &SERVICES).await?;
    ensure!(push == Push::Accepted, "the sample configuration was refused");
    let (reader, accountant) = (token(&["reader"])?, token(&["accountant"])?);

    // The same token: `orders` lets a reader in, `billing` does not, `catalog` asks nobody who he
    // is.
    let saw = seen(&Call::get("/orders/7").with(&reader).to(&mesh, "orders").await?)
        .context("a reader at orders")?;
    ensure!(saw.service == "orders" && saw.values("x-user") == ["alice"], "{saw:?}");
    ensure!(saw.values("authorization").is_empty(), "the token was forwarded: {saw:?}");
    refused(
        &Call::get("/invoices").with(&reader).to(&mesh, "billing").await?,
        403,
        "role-missing",
    )?;
    seen(&Call::get("/invoices").with(&accountant).to(&mesh, "billing").await?)?;
    refused(
        &Call::get("/orders/7").with(&accountant).to(&mesh, "orders").await?,
        403,
        "role-missing",
    )?;

    for service in ["orders", "billing"] {
        refused(&Call::get("/orders/7").to(&mesh, service).await?, 401, "token-missing")
            .context(service)?;
    }
    let forged = Call { headers: &[("x-user", "root"), ("X_User", "root")], ..Call::get("/items") };
    let saw = seen(&forged.to(&mesh, "catalog").await?)?;
    ensure!(saw.values("x-user").is_empty() && saw.values("x_user").is_empty(), "{saw:?}");
    refused(
        &Call { method: "POST", ..Call::get("/items") }.to(&mesh, "catalog").await?,
        401,
        "token-missing",
    )
}
