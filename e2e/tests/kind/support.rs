//! What the tests share: the plugin of the samples, requests by a caller, steady load.

use anyhow::{Context, Result, ensure};
use attache_e2e::cluster::{Mesh, PORT, Plugin, Running, SHOP, Sidecar, until};
use attache_e2e::echo::Seen;
use attache_e2e::envoy::Push;
use attache_e2e::http1::{self, Request, Response};
use attache_e2e::{repository, yaml};
use attache_test_fixtures::keys::{SigningKey, jwks};
use attache_test_fixtures::token::{TokenSpec, now};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Every sample service.
pub(crate) const SERVICES: [&str; 3] = ["orders", "billing", "catalog"];

/// The plugin that `scripts/kind up` applies: one configuration for all the samples.
pub(crate) fn sample_plugin(mesh: &Mesh) -> Result<Plugin> {
    let document = yaml::read(&repository().join("e2e/kind/manifests/attache.yaml"))?;
    let configuration =
        document.pointer("/spec/pluginConfig").context("attache.yaml has no pluginConfig")?;
    Ok(Plugin {
        app: None,
        ..Plugin::for_app("orders", &mesh.settings.module, configuration.clone())
    })
}

/// Leaves the cluster as `scripts/kind up` did.
pub(crate) async fn restore(mesh: &Mesh) -> Result<()> {
    mesh.dismiss_callers().await?;
    mesh.kubectl.apply(&sample_plugin(mesh)?.manifest()).await?;
    Ok(())
}

/// A configuration with the test's issuer and these rules.
pub(crate) fn rules(rules: Value) -> Result<Value> {
    Ok(json!({
        "issuers": [{"name": "test", "issuer": "https://issuer.example",
            "jwks": jwks([&SigningKey::fixed("p256")?])?, "roleClaims": [{"claim": "roles"}]}],
        "policies": [{"name": "orders", "rules": rules}],
        "audit": {"log": "DENIED"},
    }))
}

/// Applies a plugin for `orders` with these rules, which must be accepted.
pub(crate) async fn orders_with(mesh: &Mesh, these: Value) -> Result<Plugin> {
    let plugin = Plugin::for_app("orders", &mesh.settings.module, rules(these)?);
    let push = mesh.apply(&plugin, &["orders"]).await?;
    ensure!(push == Push::Accepted, "refused:\n{}", mesh.sidecar("orders").await?.remarks());
    Ok(plugin)
}

/// A good token of the test's issuer with these roles.
pub(crate) fn token(roles: &[&str]) -> Result<String> {
    TokenSpec::with_claims(json!({"roles": roles})).mint(now())
}

/// A request, and as whom.
#[derive(Default)]
pub(crate) struct Call<'a> {
    pub(crate) caller: Option<&'a str>,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a str,
}

impl<'a> Call<'a> {
    pub(crate) fn get(path: &'a str) -> Self {
        Self { method: "GET", path, ..Self::default() }
    }

    pub(crate) fn with(self, token: &'a str) -> Self {
        Self { token: Some(token), ..self }
    }

    pub(crate) async fn to(&self, mesh: &Mesh, service: &str) -> Result<Response> {
        let address = mesh.service(SHOP, service, PORT).await?;
        self.at(mesh, address, &format!("{service}.{SHOP}.svc.cluster.local")).await
    }

    pub(crate) async fn at(
        &self,
        mesh: &Mesh,
        address: SocketAddr,
        host: &str,
    ) -> Result<Response> {
        let mut headers = vec![("host".to_owned(), format!("{host}:{}", address.port()))];
        headers.extend(self.token.map(|token| ("authorization".into(), format!("Bearer {token}"))));
        headers.extend(
            self.headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let stream = mesh.caller(self.caller).await?.connect(address).await?;
        let request = Request {
            method: self.method,
            path: self.path,
            headers: &headers,
            body: self.body.as_bytes(),
        };
        http1::send(stream, &request)
            .await
            .with_context(|| format!("{} {host}{}", self.method, self.path))
    }
}

/// What the service saw of a request that was let through.
pub(crate) fn seen(response: &Response) -> Result<Seen> {
    ensure!(response.status == 200, "expected: 200\ncame: {} {}", response.status, response.text());
    serde_json::from_slice(&response.body).with_context(|| response.text())
}

/// A refusal: the status and the problem's type.
pub(crate) fn refused(response: &Response, status: u16, reason: &str) -> Result<()> {
    let problem: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let holds = response.status == status && problem.get("type").is_some_and(|kind| kind == reason);
    ensure!(holds, "expected: {status} {reason}\ncame: {} {}", response.status, response.text());
    Ok(())
}

/// Two clients outside the mesh that call again and again.
pub(crate) struct Load(Running);

#[derive(Debug, Deserialize)]
struct Tally {
    sent: u64,
    statuses: BTreeMap<String, u64>,
    failures: Vec<String>,
}

impl Load {
    pub(crate) async fn start(
        mesh: &Mesh,
        address: SocketAddr,
        path: &str,
        headers: &[String],
    ) -> Result<Self> {
        let caller = mesh.caller(None).await?;
        let (namespace, pod) = caller.place();
        let address = address.to_string();
        let mut words = vec!["/attache-sample", "load", &address, path];
        words.extend(headers.iter().map(String::as_str));
        Ok(Self(mesh.kubectl.start(namespace, pod, &words)?))
    }

    /// Ends it: every request must have been answered with 200.
    pub(crate) async fn end_without_failure(self) -> Result<()> {
        let told = self.0.end().await?;
        let tally: Tally =
            serde_json::from_str(&told).with_context(|| format!("the load told `{told}`"))?;
        println!("load: {} requests, {:?}", tally.sent, tally.statuses);
        let good = tally.statuses.get("200").copied().unwrap_or(0);
        ensure!(
            good == tally.sent,
            "{} of {} requests failed: {:?}",
            tally.sent.saturating_sub(good),
            tally.sent,
            tally.failures
        );
        ensure!(good > 50, "the load was no load: {good} requests");
        Ok(())
    }
}

/// Waits until some more requests have reached a sidecar.
pub(crate) async fn some_more_requests(sidecar: &Sidecar) -> Result<()> {
    let before = sidecar.access_log().len();
    until("twenty more requests have come", async || {
        Ok((sidecar.access_log().len() >= before.saturating_add(20)).then_some(()))
    })
    .await
}
