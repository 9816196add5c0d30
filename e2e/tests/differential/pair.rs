//! One Envoy with pairs of listeners: one before Envoy's own filters, one before Attaché. Both
//! answer what goes on with 200 themselves.

use anyhow::{Context, Result, bail};
use attache_e2e::envoy::{self, mutual_tls};
use attache_e2e::http1::{self, Request, Response};
use attache_e2e::mtls::Authority;
use attache_test_envoy::Launcher;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use tokio::net::TcpStream;

/// Held from the choice of ports until an Envoy listens on them, so that no other test chooses the
/// same.
static STARTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A running Envoy.
pub(crate) struct Pairs {
    envoy: attache_test_envoy::Envoy,
    addresses: Vec<[SocketAddr; 2]>,
    /// Who issues to callers, where the listeners are those of sidecars.
    authority: Option<Authority>,
}

/// What one of the two sides did.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) allowed: bool,
    /// Status and body.
    pub(crate) said: String,
}

impl Pairs {
    /// Starts an Envoy with a pair of listeners for each pair: the native filters, and Attaché's
    /// configuration.
    pub(crate) async fn start(pairs: &[(Vec<Value>, Value)]) -> Result<Self> {
        Self::start_as(pairs, None).await
    }

    /// Starts the same with listeners as Istio sets up those of sidecars: paths are normalised, and
    /// callers may have a certificate.
    pub(crate) async fn start_as_sidecars(pairs: &[(Vec<Value>, Value)]) -> Result<Self> {
        Self::start_as(pairs, Some(Authority::new()?)).await
    }

    async fn start_as(pairs: &[(Vec<Value>, Value)], authority: Option<Authority>) -> Result<Self> {
        let _starting = STARTING.lock().await;
        let launcher = Launcher::new(&envoy::chosen("1.39.3")?)?;
        let module = attache_e2e::module()?;
        let certificates = authority.as_ref().map(|_| launcher.folder().to_owned());
        if let Some(authority) = &authority {
            authority.write_server(launcher.folder())?;
        }
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
                listeners.push(listener(address, filters, certificates.as_deref()));
                pair.push(address);
            }
            addresses.push([pair[0], pair[1]]);
        }
        let bootstrap = json!({
            "node": {"id": "differential", "cluster": "mesh"},
            "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
            "static_resources": {"listeners": listeners},
        });
        drop(held);
        let mut envoy = launcher.start(&bootstrap)?;
        envoy::ready(&mut envoy).await?;
        Ok(Self { envoy, addresses, authority })
    }

    pub(crate) fn log(&self) -> String {
        self.envoy.log()
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

impl Pairs {
    /// Sends a request to both sides of a pair of sidecars, from a caller with this principal or
    /// from one without mTLS.
    pub(crate) async fn ask_as(
        &self,
        pair: usize,
        caller: Option<&str>,
        request: &Request<'_>,
    ) -> Result<[Verdict; 2]> {
        let [native, attache] = self.addresses[pair];
        Ok([
            self.verdict_for(native, caller, request).await?,
            self.verdict_for(attache, caller, request).await?,
        ])
    }

    async fn verdict_for(
        &self,
        address: SocketAddr,
        caller: Option<&str>,
        request: &Request<'_>,
    ) -> Result<Verdict> {
        let response = match (caller, &self.authority) {
            (Some(caller), Some(authority)) => {
                http1::send(authority.connect(caller, false, address).await?, request).await?
            }
            _ => send(address, request).await?,
        };
        verdict(&response)
    }
}

async fn send(address: SocketAddr, request: &Request<'_>) -> Result<Response> {
    let stream = TcpStream::connect(address).await?;
    http1::send(stream, request)
        .await
        .with_context(|| format!("{} {}", request.method, request.path))
}

fn verdict(response: &Response) -> Result<Verdict> {
    let said = format!("{} {}", response.status, response.text());
    match response.status {
        200 => Ok(Verdict { allowed: true, said }),
        400 | 401 | 403 => Ok(Verdict { allowed: false, said }),
        _ => bail!("neither allowed nor refused: {said}"),
    }
}

fn listener(address: SocketAddr, filters: &[Value], certificates: Option<&Path>) -> Value {
    let manager = connection_manager(filters, certificates.is_some());
    let mut chains = vec![json!({"filters": [manager]})];
    if let Some(folder) = certificates {
        chains[0]["filter_chain_match"] = json!({"transport_protocol": "raw_buffer"});
        chains.push(json!({
            "filter_chain_match": {"transport_protocol": "tls"},
            "filters": [manager],
            "transport_socket": mutual_tls(folder),
        }));
    }
    json!({
        "address": {"socket_address": {"address": address.ip().to_string(), "port_value": address.port()}},
        // Two Envoys must not share a port unnoticed: each would answer some of the other's
        // requests.
        "enable_reuse_port": false,
        "listener_filters": [{"name": "envoy.filters.listener.tls_inspector", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"}}],
        "filter_chains": chains,
    })
}

fn connection_manager(filters: &[Value], is_sidecar: bool) -> Value {
    let router = json!({"name": "envoy.filters.http.router", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}});
    let filters: Vec<&Value> = filters.iter().chain([&router]).collect();
    json!({
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "differential",
            "normalize_path": is_sidecar,
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
                {"match": {"prefix": "/"}, "direct_response": {"status": 200}}]}]},
            "http_filters": filters,
        },
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
