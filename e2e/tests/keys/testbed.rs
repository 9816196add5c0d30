//! A workload whose issuer's keys a provider serves.

use anyhow::{Result, bail};
use attache_e2e::echo::Echo;
use attache_e2e::envoy::{self, Deadline, Envoy, Overrides, Sidecar, Stats};
use attache_e2e::http1::{self, Request, Response};
use attache_e2e::provider::Provider;
use attache_test_fixtures::keys::SigningKey;
use attache_test_fixtures::token::{self, TokenSpec};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::{TcpSocket, TcpStream};

/// The cluster that leads to the provider.
pub(crate) const CLUSTER: &str = "provider";

/// An Envoy with two workers before a service that echoes, and the provider of its issuer's keys.
pub(crate) struct TestBed {
    pub(crate) envoy: Envoy,
    pub(crate) provider: Provider,
    pub(crate) service: Echo,
}

/// Times that are short enough for a test, where things happen often, and long enough for a machine
/// that is busy, where a request waits. Tests that need another say so.
pub(crate) fn quick() -> Value {
    json!({"interval": "2s", "timeout": "20s", "retryAfter": "100ms", "minInterval": "1s", "keepFor": "1h"})
}

/// The same, where nobody asks for keys again because of the time.
pub(crate) fn once() -> Value {
    let mut refresh = quick();
    refresh["interval"] = json!("1h");
    refresh
}

/// A configuration whose issuer's keys are at `/jwks`, with these members of the issuer's entry
/// besides.
pub(crate) fn configuration(provider: &Provider, issuer: Value) -> Value {
    let mut entry = json!({
        "name": "issuer",
        "issuer": provider.issuer(),
        "jwksUri": format!("{}/jwks", provider.issuer()),
        "cluster": CLUSTER,
        "refresh": quick(),
        "outputClaimToHeaders": [{"header": "x-user", "claim": "sub"}],
    });
    if let (Value::Object(entry), Value::Object(more)) = (&mut entry, issuer) {
        entry.extend(more);
        entry.retain(|_, value| !value.is_null());
    }
    json!({"issuers": [entry], "audit": {"log": "DENIED"}})
}

impl TestBed {
    /// Starts it all with this configuration.
    pub(crate) async fn start(provider: Provider, configuration: &Value) -> Result<Self> {
        Self::start_otherwise(provider, configuration, Overrides::default()).await
    }

    /// Starts it all, with an Envoy that is not set up as Istio does it.
    pub(crate) async fn start_otherwise(
        provider: Provider,
        configuration: &Value,
        overrides: Overrides,
    ) -> Result<Self> {
        let service = Echo::start("orders").await?;
        let elsewhere = provider.hosts().into_iter();
        let elsewhere = elsewhere.map(|host| (format!("outbound|443||{host}"), provider.address()));
        let sidecar = Sidecar {
            workers: 2,
            providers: [
                (CLUSTER.to_owned(), provider.address()),
                (default_cluster(provider.address()), provider.address()),
                // Whoever is in the mesh can be reached through a cluster of this name.
                (default_cluster(service.address()), service.address()),
            ]
            .into_iter()
            .chain(elsewhere)
            .collect(),
            overrides,
            ..Sidecar::before(service.address(), attache_e2e::module()?)
        };
        let binary = envoy::chosen("1.39.3")?;
        let envoy = Envoy::start(&binary, sidecar, &configuration.to_string(), None).await?;
        Ok(Self { envoy, provider, service })
    }

    /// The answer to a request with a token that this key signed.
    pub(crate) async fn ask(&self, key: &SigningKey) -> Result<Response> {
        ask(self.envoy.address(), &self.token(key)?).await
    }

    /// A good token that this key signed.
    pub(crate) fn token(&self, key: &SigningKey) -> Result<String> {
        mint(&self.provider.issuer(), key)
    }

    /// The filter's counters and gauges, by name.
    pub(crate) async fn count(&self, name: &str) -> Result<u64> {
        let stats = self.envoy.stats().await?;
        Ok(stats.of_filter().get(name).copied().unwrap_or(0))
    }

    /// Waits until a count is at least so high.
    pub(crate) async fn until(&self, name: &str, least: u64) -> Result<()> {
        self.until_stats(name, |stats| {
            stats.of_filter().get(name).is_some_and(|count| *count >= least)
        })
        .await
    }

    /// Waits until the provider has answered a question that was asked from now on.
    pub(crate) async fn until_asked_anew(&self) -> Result<()> {
        let fetches = |stats: &Stats| -> u64 {
            stats
                .of_filter()
                .iter()
                .filter(|(name, _)| name.starts_with("keys.fetches."))
                .map(|(_, count)| count)
                .sum()
        };
        // One question may be on its way already.
        let least = fetches(&self.envoy.stats().await?).saturating_add(2);
        self.until_stats("questions to the provider", |stats| fetches(stats) >= least).await
    }

    /// Waits until something is true of the counters and gauges.
    pub(crate) async fn until_stats(
        &self,
        what: &str,
        test: impl Fn(&Stats) -> bool,
    ) -> Result<()> {
        let deadline = Deadline::new();
        loop {
            let stats = self.envoy.stats().await?;
            if test(&stats) {
                return Ok(());
            }
            if !deadline.wait().await {
                bail!("in vain awaited: {what}; {:#?}\n{}", stats.of_filter(), self.envoy.log());
            }
        }
    }

    /// Waits until something is true of a line of the access log, which Envoy writes some time
    /// after it has answered.
    pub(crate) async fn until_logged(
        &self,
        what: &str,
        test: impl Fn(&Value) -> bool,
    ) -> Result<()> {
        let deadline = Deadline::new();
        loop {
            let lines = self.envoy.access_log();
            if lines.iter().any(&test) {
                return Ok(());
            }
            if !deadline.wait().await {
                bail!(
                    "in vain awaited in the access log: {what}; {lines:#?}\n{}",
                    self.envoy.log()
                );
            }
        }
    }
}

/// What Istio calls the cluster of an address.
fn default_cluster(address: SocketAddr) -> String {
    format!("outbound|{}||{}", address.port(), address.ip())
}

/// A good token of an issuer.
pub(crate) fn mint(issuer: &str, key: &SigningKey) -> Result<String> {
    TokenSpec::with_claims(json!({"iss": issuer})).mint_with(key, token::now())
}

/// The answer to a request with this token that comes from another address of the loopback.
pub(crate) async fn ask_from(from: Ipv4Addr, address: SocketAddr, token: &str) -> Result<Response> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let headers = [
        ("host".to_owned(), "orders".to_owned()),
        ("authorization".to_owned(), format!("Bearer {token}")),
    ];
    let request = Request { method: "GET", path: "/orders", headers: &headers, body: b"" };
    http1::send(socket.connect(address).await?, &request).await
}

/// The answer to a request with this token.
pub(crate) async fn ask(address: SocketAddr, token: &str) -> Result<Response> {
    request(address, "GET", "/orders", token, &[]).await
}

/// The answer to any request with this token.
pub(crate) async fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: &str,
    body: &[u8],
) -> Result<Response> {
    let headers = [
        ("host".to_owned(), "orders".to_owned()),
        ("authorization".to_owned(), format!("Bearer {token}")),
        ("x-user".to_owned(), "mallory".to_owned()),
    ];
    http1::send(
        TcpStream::connect(address).await?,
        &Request { method, path, headers: &headers, body },
    )
    .await
}
