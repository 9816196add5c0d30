//! One Envoy with pairs of listeners: one before Envoy's own filters, one before Attaché. Both answer what goes on with
//! 200 themselves.

use anyhow::{Context, Result, bail};
use attache_e2e::envoy::{self, Deadline};
use attache_e2e::http1::{self, Request, Response};
use serde_json::{Value, json};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// Held from the choice of ports until an Envoy listens on them, so that no other test chooses the same.
static STARTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A running Envoy.
pub(crate) struct Pairs {
    process: Child,
    folder: TempDir,
    addresses: Vec<[SocketAddr; 2]>,
}

/// What one of the two sides did.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) allowed: bool,
    /// Status and body.
    pub(crate) said: String,
}

impl Pairs {
    /// Starts an Envoy with a pair of listeners for each pair: the native filters, and Attaché's configuration.
    pub(crate) async fn start(pairs: &[(Vec<Value>, Value)]) -> Result<Self> {
        let _starting = STARTING.lock().await;
        let folder = TempDir::with_prefix("attache-differential-")?;
        let module = attache_e2e::module()?;
        // All ports are held until all are chosen, so that none is chosen twice.
        let mut held = Vec::new();
        let mut listeners = Vec::new();
        let mut addresses = Vec::new();
        for (index, (native, attache)) in pairs.iter().enumerate() {
            let attache = vec![json!({
                "name": "attache",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                    "config": {
                        "name": format!("attache-{index}"),
                        "failure_policy": "FAIL_CLOSED",
                        "vm_config": {"runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": module}}},
                        "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue",
                            "value": attache.to_string()},
                    },
                },
            })];
            let mut pair = Vec::new();
            for filters in [native, &attache] {
                let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                let address = socket.local_addr()?;
                held.push(socket);
                listeners.push(listener(address, filters));
                pair.push(address);
            }
            addresses.push([pair[0], pair[1]]);
        }
        let bootstrap = json!({
            "node": {"id": "differential", "cluster": "mesh"},
            "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
            "static_resources": {"listeners": listeners},
        });
        let config = folder.path().join("bootstrap.json");
        std::fs::write(&config, bootstrap.to_string())?;
        drop(held);
        let binary = envoy::chosen("1.39.3")?;
        let process = Command::new(binary)
            .arg("--config-path")
            .arg(&config)
            .arg("--admin-address-path")
            .arg(folder.path().join("admin"))
            .args(["--concurrency", "1", "--use-dynamic-base-id", "--log-level", "warning"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.path().join("log"))?)
            .spawn()?;
        let mut pairs = Self { process, folder, addresses };
        pairs.wait_until_ready().await?;
        Ok(pairs)
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Deadline::new();
        loop {
            if let Some(status) = self.process.try_wait()? {
                bail!("Envoy ended ({status}):\n{}", self.log());
            }
            let admin = std::fs::read_to_string(self.folder.path().join("admin")).unwrap_or_default();
            if let Ok(admin) = admin.trim().parse()
                && http1::get(admin, "/ready").await.is_ok_and(|answer| answer.status == 200)
            {
                return Ok(());
            }
            if !deadline.wait().await {
                bail!("Envoy is not ready:\n{}", self.log());
            }
        }
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Sends a request to both sides of a pair: Envoy's verdict, then Attaché's.
    pub(crate) async fn ask(
        &self,
        pair: usize,
        method: &str,
        path: &str,
        headers: &[(String, String)],
    ) -> Result<[Verdict; 2]> {
        let [native, attache] = self.addresses[pair];
        let request = Request { method, path, headers, body: &[] };
        Ok([verdict(&send(native, &request).await?)?, verdict(&send(attache, &request).await?)?])
    }
}

async fn send(address: SocketAddr, request: &Request<'_>) -> Result<Response> {
    let stream = TcpStream::connect(address).await?;
    http1::send(stream, request).await.with_context(|| format!("{} {}", request.method, request.path))
}

fn verdict(response: &Response) -> Result<Verdict> {
    let said = format!("{} {}", response.status, response.text());
    match response.status {
        200 => Ok(Verdict { allowed: true, said }),
        400 | 401 | 403 => Ok(Verdict { allowed: false, said }),
        _ => bail!("neither allowed nor refused: {said}"),
    }
}

impl Drop for Pairs {
    fn drop(&mut self) {
        // Nothing is left to be said if it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn listener(address: SocketAddr, filters: &[Value]) -> Value {
    let router = json!({"name": "envoy.filters.http.router", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}});
    let filters: Vec<&Value> = filters.iter().chain([&router]).collect();
    json!({
        "address": {"socket_address": {"address": address.ip().to_string(), "port_value": address.port()}},
        // Two Envoys must not share a port unnoticed: each would answer some of the other's requests.
        "enable_reuse_port": false,
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": "differential",
                "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
                    {"match": {"prefix": "/"}, "direct_response": {"status": 200}}]}]},
                "http_filters": filters,
            },
        }]}],
    })
}

/// Envoy's JWT filter for the issuer of the tests, its claims in `payload` of its metadata.
pub(crate) fn jwt_authn(keys: &Value) -> Value {
    json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": {"test": {
                "issuer": "https://issuer.example",
                "audiences": ["mesh"],
                "local_jwks": {"inline_string": keys.to_string()},
                "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
                "clock_skew_seconds": 60,
                "require_expiration": true,
                "payload_in_metadata": "payload",
            }},
            "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "test"}}],
        },
    })
}

/// Attaché's entry for the same issuer.
pub(crate) fn issuer(keys: &Value) -> Value {
    json!({
        "name": "test", "issuer": "https://issuer.example", "audiences": ["mesh"], "jwks": keys,
        "algorithms": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"],
        "clockSkew": "60s", "roleClaims": [{"claim": "roles"}],
    })
}
