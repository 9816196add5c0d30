//! A real provider: Keycloak, found by discovery, that rotates its realm's keys and ends.
//!
//! `ATTACHE_KEYCLOAK` names its folder; `scripts/test-keys` fetches it. Where it is not set the
//! test says so, and does nothing.

use crate::testbed::{CLUSTER, TestBed, ask};
use anyhow::{Context, Result, bail, ensure};
use attache_e2e::http1::{self, Request, Response};
use attache_e2e::provider::Provider;
use serde_json::{Value, json};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::TcpStream;

const SECRET: &str = "a-secret-of-the-test";

#[tokio::test]
async fn keycloak_rotates_and_ends_and_nobody_notices() -> Result<()> {
    let Some(folder) = std::env::var_os("ATTACHE_KEYCLOAK") else {
        println!("SKIPPED: ATTACHE_KEYCLOAK is not set; scripts/test-keys sets it");
        return Ok(());
    };
    let mut keycloak = Keycloak::start(Path::new(&folder)).await?;
    keycloak.make_realm().await?;

    let configuration = json!({
        "issuers": [{
            "name": "keycloak",
            "issuer": keycloak.issuer(),
            "discovery": true,
            "cluster": CLUSTER,
            "refresh": {"interval": "2s", "timeout": "20s", "retryAfter": "100ms", "minInterval": "1s"},
            "outputClaimToHeaders": [{"header": "x-client", "claim": "azp"}],
        }],
    });
    let provider = Provider::at(keycloak.address);
    let testbed = TestBed::start(provider, &configuration).await?;
    let address = testbed.envoy.address();
    let status = async |token: &str| anyhow::Ok(ask(address, token).await?.status);

    let first = keycloak.token().await?;
    let answer = ask(address, &first).await?;
    ensure!(answer.status == 200, "{} {}\n{}", answer.status, answer.text(), testbed.envoy.log());
    ensure!(answer.text().contains("x-client"), "{}", answer.text());

    // A new key signs at once: its first token makes the filter ask.
    let old_keys = keycloak.signing_keys().await?;
    keycloak.add_key().await?;
    let second = keycloak.token().await?;
    ensure!(key_id(&first)? != key_id(&second)?, "the new key does not sign");
    ensure!(status(&second).await? == 200, "{}", testbed.envoy.log());
    ensure!(status(&first).await? == 200);

    // The old one goes.
    for id in &old_keys {
        keycloak.remove_key(id).await?;
    }
    testbed.until_asked_anew().await?;
    ensure!(status(&first).await? == 401);
    ensure!(status(&second).await? == 200);

    // And then all of Keycloak.
    keycloak.stop();
    testbed.until("keys.fetches.bad_status", 2).await?;
    for _ in 0..20 {
        ensure!(status(&second).await? == 200);
    }
    println!("Keycloak rotated its keys and ended: {:?}", testbed.envoy.stats().await?.of_filter());
    Ok(())
}

fn key_id(token: &str) -> Result<String> {
    use base64::Engine as _;
    let header = token.split('.').next().context("no token")?;
    let header: Value =
        serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header)?)?;
    Ok(header["kid"].as_str().context("no kid")?.to_owned())
}

/// A running Keycloak, with a folder of its own for what it writes.
struct Keycloak {
    process: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl Keycloak {
    async fn start(installed: &Path) -> Result<Self> {
        let folder = TempDir::with_prefix("attache-keycloak-")?;
        // Keycloak writes into its own folder, so each run has a copy.
        let home = folder.path().join("keycloak");
        let copied = Command::new("cp").arg("--recursive").arg(installed).arg(&home).status()?;
        ensure!(copied.success(), "Keycloak could not be copied to `{}`", home.display());
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let log = File::create(folder.path().join("log"))?;
        let process = Command::new(home.join("bin/kc.sh"))
            .args(["start-dev", "--http-host", "127.0.0.1", "--http-port", &port.to_string()])
            .args(["--cache", "local"])
            .env("KC_BOOTSTRAP_ADMIN_USERNAME", "admin")
            .env("KC_BOOTSTRAP_ADMIN_PASSWORD", SECRET)
            .env("JAVA_OPTS_KC_HEAP", "-Xms64m -Xmx512m")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // A script starts Java: both end together.
            .process_group(0)
            .spawn()?;
        let mut keycloak =
            Self { process, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), folder };
        keycloak.wait_until_ready().await?;
        Ok(keycloak)
    }

    /// Keycloak builds itself at its first start, which takes a while.
    async fn wait_until_ready(&mut self) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(240) {
            if let Some(status) = self.process.try_wait()? {
                bail!("Keycloak ended ({status}):\n{}", self.log());
            }
            if http1::get(self.address, "/realms/master")
                .await
                .is_ok_and(|answer| answer.status == 200)
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("Keycloak is not ready:\n{}", self.log())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn issuer(&self) -> String {
        format!("http://{}/realms/shop", self.address)
    }

    async fn make_realm(&self) -> Result<()> {
        let client = json!({
            "clientId": "orders", "secret": SECRET, "serviceAccountsEnabled": true, "publicClient": false,
            "standardFlowEnabled": false,
        });
        self.admin(
            "POST",
            "/admin/realms",
            Some(json!({"realm": "shop", "enabled": true, "clients": [client]})),
        )
        .await?;
        Ok(())
    }

    /// A token of the client.
    async fn token(&self) -> Result<String> {
        let form = format!("grant_type=client_credentials&client_id=orders&client_secret={SECRET}");
        self.grant("shop", &form).await
    }

    /// The providers of the RSA keys that sign.
    async fn signing_keys(&self) -> Result<Vec<String>> {
        let keys = self.admin("GET", "/admin/realms/shop/keys", None).await?;
        let keys: Value = serde_json::from_slice(&keys.body)?;
        let signing =
            keys["keys"].as_array().into_iter().flatten().filter(|key| {
                key["use"] == "SIG" && key["type"] == "RSA" && key["status"] == "ACTIVE"
            });
        Ok(signing.filter_map(|key| key["providerId"].as_str().map(str::to_owned)).collect())
    }

    /// A new key that signs from now on.
    async fn add_key(&self) -> Result<()> {
        let realm = self.admin("GET", "/admin/realms/shop", None).await?;
        let realm: Value = serde_json::from_slice(&realm.body)?;
        let component = json!({
            "name": "next", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": realm["id"],
            "config": {"priority": ["200"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"], "keySize": ["2048"]},
        });
        self.admin("POST", "/admin/realms/shop/components", Some(component)).await?;
        Ok(())
    }

    async fn remove_key(&self, id: &str) -> Result<()> {
        self.admin("DELETE", &format!("/admin/realms/shop/components/{id}"), None).await?;
        Ok(())
    }

    async fn admin(&self, method: &str, path: &str, body: Option<Value>) -> Result<Response> {
        let form =
            format!("grant_type=password&client_id=admin-cli&username=admin&password={SECRET}");
        let token = self.grant("master", &form).await?;
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let more = [
            ("authorization", format!("Bearer {token}")),
            ("content-type", "application/json".to_owned()),
        ];
        let answer = self.send(method, path, &more, body.as_bytes()).await?;
        ensure!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.text());
        Ok(answer)
    }

    async fn grant(&self, realm: &str, form: &str) -> Result<String> {
        let path = format!("/realms/{realm}/protocol/openid-connect/token");
        let more = [("content-type", "application/x-www-form-urlencoded".to_owned())];
        let answer = self.send("POST", &path, &more, form.as_bytes()).await?;
        let body: Value = serde_json::from_slice(&answer.body).with_context(|| answer.text())?;
        Ok(body["access_token"].as_str().with_context(|| format!("no token: {body}"))?.to_owned())
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        more: &[(&str, String)],
        body: &[u8],
    ) -> Result<Response> {
        let mut headers = vec![("host".to_owned(), self.address.to_string())];
        headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let stream = TcpStream::connect(self.address).await?;
        http1::send(stream, &Request { method, path, headers: &headers, body }).await
    }

    fn stop(&mut self) {
        let group = format!("-{}", self.process.id());
        // That it has ended already is as good.
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.process.wait();
    }
}

impl Drop for Keycloak {
    fn drop(&mut self) {
        self.stop();
    }
}
