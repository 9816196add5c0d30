//! Rules on who calls, with the identity that mTLS proves.

use crate::support::{Call, orders_with, refused, seen};
use anyhow::{Context, Result};
use attache_e2e::cluster::Mesh;
use serde_json::json;
use std::sync::Arc;

const INVOICER: &str = "cluster.local/ns/billing/sa/invoicer";
const STRANGER: &str = "cluster.local/ns/billing/sa/stranger";

pub(crate) async fn a_rule_knows_who_calls(mesh: Arc<Mesh>) -> Result<()> {
    orders_with(
        &mesh,
        json!([{"name": "invoicer", "authentication": "OPTIONAL", "from": [{"principals": [INVOICER]}],
            "to": [{"paths": ["/orders"]}]}]),
    )
    .await?;
    let call = |caller| Call { caller, ..Call::get("/orders") };
    let saw = seen(&call(Some(INVOICER)).to(&mesh, "orders").await?).context("the invoicer")?;
    let proof = saw.values("x-forwarded-client-cert").join(",");
    anyhow::ensure!(proof.contains(&format!("URI=spiffe://{INVOICER}")), "{saw:?}");
    refused(&call(Some(STRANGER)).to(&mesh, "orders").await?, 401, "token-missing")
        .context("a stranger")?;
    refused(&call(None).to(&mesh, "orders").await?, 401, "token-missing")
        .context("from outside")?;
    mesh.dismiss_callers().await
}
