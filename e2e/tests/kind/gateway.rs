//! Tyk, as its operator and its clients see it, and the tool, as its operator runs it.

use crate::support::{Call, SERVICES, sample_plugin};
use anyhow::{Context, Result, ensure};
use attache_e2e::cluster::{Forward, Mesh, PORT, until};
use attache_e2e::envoy::Push;
use attache_e2e::http1::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Output;
use std::sync::Arc;

/// The gateway's namespace and its name there.
pub(crate) const TYK: &str = "tyk";
pub(crate) const GATEWAY: &str = "tyk-gateway";
/// Its configuration, from the repository's root: what `up` gave it.
const CONF: &str = "e2e/kind/tyk/tyk.conf";

/// Tyk, as its operator and its clients see it.
pub(crate) struct Gateway {
    mesh: Arc<Mesh>,
    pub(crate) address: SocketAddr,
    secret: String,
}

impl Gateway {
    /// Finds it, with the samples configured as `up` does.
    pub(crate) async fn find(mesh: &Arc<Mesh>) -> Result<Self> {
        let push = mesh.apply(&sample_plugin(mesh)?, &SERVICES).await?;
        ensure!(push == Push::Accepted, "the sample configuration was refused");
        let address = mesh.service(TYK, GATEWAY, PORT).await?;
        let secrets = mesh.kubectl.get(TYK, "secret/tyk-secrets").await?;
        let secret =
            secrets.pointer("/data/api-secret").and_then(Value::as_str).context("no api-secret")?;
        let secret = String::from_utf8(STANDARD.decode(secret)?)?;
        Ok(Self { mesh: Arc::clone(mesh), address, secret })
    }

    /// Makes a key with these policies.
    pub(crate) async fn key(&self, alias: &str, policies: &[&str]) -> Result<String> {
        let session =
            json!({"org_id": "acme", "alias": alias, "apply_policies": policies}).to_string();
        let headers =
            [("x-tyk-authorization", self.secret.as_str()), ("content-type", "application/json")];
        let call =
            Call { method: "POST", headers: &headers, body: &session, ..Call::get("/tyk/keys") };
        let made = call.at(&self.mesh, self.address, "tyk-gateway.tyk").await?;
        let made: Value = serde_json::from_slice(&made.body).with_context(|| made.text())?;
        Ok(made
            .get("key")
            .and_then(Value::as_str)
            .with_context(|| format!("no key: {made}"))?
            .to_owned())
    }

    /// Sends a request to it from outside the mesh, with a key.
    pub(crate) async fn call(&self, method: &str, path: &str, key: &str) -> Result<Response> {
        let headers = [("x-api-key", key)];
        let call = Call { method, headers: &headers, ..Call::get(path) };
        call.at(&self.mesh, self.address, "tyk-gateway.tyk").await
    }

    /// Has so many of it, and waits until none that ends is left.
    pub(crate) async fn scale(&self, count: usize) -> Result<()> {
        let kubectl = &self.mesh.kubectl;
        let (deployment, replicas) =
            (format!("deployment/{GATEWAY}"), format!("--replicas={count}"));
        kubectl.run(&["-n", TYK, "scale", &deployment, &replicas]).await?;
        kubectl.run(&["-n", TYK, "rollout", "status", &deployment, "--timeout=180s"]).await?;
        until("as many gateways are there as were asked for", async || {
            Ok((kubectl.pods(TYK, GATEWAY).await?.len() == count).then_some(()))
        })
        .await
    }

    /// Returns ways to each of its pods, since the way of a caller through the mesh is no URL.
    async fn ways(&self) -> Result<Vec<Forward>> {
        let mut ways = Vec::new();
        for pod in self.mesh.kubectl.pods(TYK, GATEWAY).await? {
            ways.push(self.mesh.kubectl.forward(TYK, &pod, PORT).await?);
        }
        ensure!(!ways.is_empty(), "{GATEWAY} has no pod in {TYK}: run `scripts/kind up`");
        Ok(ways)
    }

    /// Runs the tool where the repository is; with the gateway's secret.
    pub(crate) async fn tool(&self, arguments: &[&str]) -> Result<Output> {
        let tool =
            std::env::var("ATTACHE_KIND_TOOL").context("ATTACHE_KIND_TOOL names no `attache`")?;
        let mut command = tokio::process::Command::new(tool);
        command.args(arguments).env("TYK_GW_SECRET", &self.secret);
        Ok(command.current_dir(attache_e2e::repository()).kill_on_drop(true).output().await?)
    }

    /// Has the tool write the mesh's routes from what the gateway tells of itself.
    pub(crate) async fn routes(&self) -> Result<String> {
        let ways = self.ways().await?;
        let url = url(ways.first())?;
        let output = self.tool(&["tyk", "routes", "--gateway", &url, "--conf", CONF]).await?;
        ensure!(output.status.success(), "{}", said(&output));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Returns what the tool finds different between the gateway's definitions and the mesh, as
    /// `RULE: PROBLEM`, and whether it ends with success.
    pub(crate) async fn drift(&self) -> Result<(Vec<String>, bool)> {
        let ways = self.ways().await?;
        let url = url(ways.first())?;
        let context = &self.mesh.settings.context;
        let mut arguments = vec!["tyk", "diff", "--gateway", &url, "--conf", CONF];
        arguments.extend(["--cluster", "--context", context, "--format", "json"]);
        let output = self.tool(&arguments).await?;
        let told: Value = serde_json::from_slice(&output.stdout).with_context(|| said(&output))?;
        let findings = told.get("findings").and_then(Value::as_array).context("no findings")?;
        let text = |finding: &Value, key: &str| {
            finding.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let line = |finding| format!("{}: {}", text(finding, "rule"), text(finding, "problem"));
        Ok((findings.iter().map(line).collect(), output.status.success()))
    }

    /// Has the tool try the limit of a policy at every gateway there is.
    pub(crate) async fn limit_holds(&self, policy: &str) -> Result<()> {
        let ways = self.ways().await?;
        let folder = tempfile::tempdir()?;
        let session = folder.path().join("session.json");
        std::fs::write(
            &session,
            json!({"org_id": "acme", "apply_policies": [policy]}).to_string(),
        )?;
        let mut arguments: Vec<String> = [
            "limits",
            "tyk/deploy/config/orders.json",
            "--policies",
            "e2e/kind/tyk/policies.json",
            "--conf",
            CONF,
            "--session",
        ]
        .map(str::to_owned)
        .to_vec();
        arguments.push(session.display().to_string());
        for way in &ways {
            arguments.extend(["--gateway".to_owned(), url(Some(way))?]);
        }
        for option in ["--key", "--second-key"] {
            let key = folder.path().join(option);
            std::fs::write(&key, self.key("hasty", &[policy]).await?)?;
            arguments.extend([option.to_owned(), format!("@{}", key.display())]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = self.tool(&arguments).await?;
        println!("{}", String::from_utf8_lossy(&output.stdout));
        ensure!(output.status.success(), "{}", said(&output));
        Ok(())
    }
}

fn url(way: Option<&Forward>) -> Result<String> {
    Ok(format!("http://{}", way.context("there is no way to the gateway")?.address()))
}

/// Returns everything that a program printed.
fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}
