//! Changes of the plugin while requests are on their way.

use crate::support::{Call, Load, orders_with, refused, rules, seen, some_more_requests, token};
use anyhow::{Context, Result, ensure};
use attache_e2e::cluster::{Mesh, PORT, Plugin, SHOP, until};
use attache_e2e::envoy::Push;
use attache_test_fixtures::token::now;
use serde_json::{Value, json};
use std::sync::Arc;

fn readers() -> Value {
    json!([{"name": "read", "to": [{"methods": ["GET"]}], "roles": {"anyOf": ["reader"]}}])
}

async fn load_on_orders(mesh: &Mesh) -> Result<Load> {
    let address = mesh.service(SHOP, "orders", PORT).await?;
    let headers = [
        format!("host: orders.shop:{PORT}"),
        format!("authorization: Bearer {}", token(&["reader"])?),
    ];
    Load::start(mesh, address, "/orders", &headers).await
}

pub(crate) async fn a_plugin_is_applied_updated_and_upgraded_under_load(
    mesh: Arc<Mesh>,
) -> Result<()> {
    let settings = &mesh.settings;
    let sidecar = mesh.sidecar("orders").await?;
    // Unlike that of any earlier run, which a listener that drains may still hold.
    let mut first = rules(readers())?;
    if let Some(name) = first.pointer_mut("/policies/0/name") {
        *name = format!("orders-{}", now()).into();
    }
    let before = Plugin::for_app("orders", &settings.previous, first);
    mesh.remove(&before, &["orders"]).await?;
    let load = load_on_orders(&mesh).await?;
    some_more_requests(&sidecar).await?;

    ensure!(mesh.apply(&before, &["orders"]).await? == Push::Accepted, "{}", sidecar.remarks());
    some_more_requests(&sidecar).await?;
    refused(&Call::get("/orders").to(&mesh, "orders").await?, 401, "token-missing")
        .context("applied")?;

    let mut more = readers();
    if let Some(rules) = more.as_array_mut() {
        rules.push(
            json!({"name": "health", "authentication": "NONE", "to": [{"paths": ["/healthz"]}]}),
        );
    }
    let updated = Plugin { configuration: rules(more)?, ..before };
    ensure!(mesh.apply(&updated, &["orders"]).await? == Push::Accepted, "{}", sidecar.remarks());
    seen(&Call::get("/healthz").to(&mesh, "orders").await?).context("updated")?;
    some_more_requests(&sidecar).await?;

    let code = sidecar.plugin_code().await?;
    let upgraded = Plugin { url: settings.module.clone(), ..updated };
    ensure!(mesh.apply(&upgraded, &["orders"]).await? == Push::Accepted, "{}", sidecar.remarks());
    ensure!(
        sidecar.plugin_code().await? != code,
        "the module is the same after the upgrade: {code:?}"
    );
    some_more_requests(&sidecar).await?;
    seen(&Call::get("/healthz").to(&mesh, "orders").await?).context("upgraded")?;
    refused(&Call::get("/orders").to(&mesh, "orders").await?, 401, "token-missing")
        .context("upgraded")?;
    load.end_without_failure().await
}

pub(crate) async fn a_bad_configuration_is_refused_while_the_old_one_serves(
    mesh: Arc<Mesh>,
) -> Result<()> {
    let sidecar = mesh.sidecar("orders").await?;
    let good = orders_with(&mesh, readers()).await?;
    let load = load_on_orders(&mesh).await?;
    some_more_requests(&sidecar).await?;
    let logged = sidecar.log().len();
    let bad =
        Plugin { configuration: rules(json!([{"name": "read", "rolls": {}}]))?, ..good.clone() };
    ensure!(mesh.apply(&bad, &["orders"]).await? == Push::Refused, "{}", sidecar.remarks());
    until("the log tells what is wrong", async || {
        let log = sidecar.log();
        Ok(log
            .get(logged..)
            .is_some_and(|news| news.contains("policies[0].rules[0]"))
            .then_some(()))
    })
    .await?;
    refused(&Call::get("/orders").to(&mesh, "orders").await?, 401, "token-missing")?;
    some_more_requests(&sidecar).await?;
    load.end_without_failure().await
}

pub(crate) async fn a_rule_goes_from_shadow_to_enforce(mesh: Arc<Mesh>) -> Result<()> {
    let rules = |mode: &str| {
        json!([
            {"name": "anybody", "to": [{"paths": ["/orders"]}]},
            {"name": "writers-write", "action": "DENY", "mode": mode, "to": [{"methods": ["POST"]}],
                "when": [{"claim": "level", "notEquals": "writer"}]},
        ])
    };
    let sidecar = mesh.sidecar("orders").await?;
    let token = token(&[])?;
    let post = Call { method: "POST", ..Call::get("/orders") }.with(&token);
    let shadowed = async || {
        anyhow::Ok(
            sidecar
                .stats()
                .await?
                .of_filter()
                .get("requests.would_be_denied")
                .copied()
                .unwrap_or(0),
        )
    };

    orders_with(&mesh, rules("SHADOW")).await?;
    let before = shadowed().await?;
    seen(&post.to(&mesh, "orders").await?).context("in shadow")?;
    until("the shadow is counted", async || Ok((shadowed().await? > before).then_some(()))).await?;

    orders_with(&mesh, rules("ENFORCE")).await?;
    refused(&post.to(&mesh, "orders").await?, 403, "rule-denied").context("enforced")
}
