//! An Envoy before a service, as a workload of the mesh has it.

use anyhow::{Context, Result, bail, ensure};
use attache_e2e::echo::{Echo, Seen};
use attache_e2e::envoy::{self, Deadline, Envoy, Push, Sidecar};
use attache_e2e::http1::{self, Request, Response};
use attache_test_fixtures::keys::{SigningKey, jwks};
use attache_test_fixtures::token::{Tamper, TokenSpec, now};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::net::TcpStream;

/// One Envoy and its service.
pub(crate) struct TestBed {
    pub(crate) envoy: Envoy,
    _service: Echo,
}

impl TestBed {
    /// Starts with this document.
    pub(crate) async fn start(document: &str) -> Result<Self> {
        let service = Echo::start("orders").await?;
        let sidecar = Sidecar::before(service.address(), attache_e2e::module()?);
        let binary = envoy::chosen("1.39.3")?;
        let envoy = Envoy::start(&binary, sidecar, document, None).await?;
        ensure!(!envoy.first_configuration_refused().await?, "it is refused:\n{}", envoy.log());
        Ok(Self { envoy, _service: service })
    }

    /// Applies another document.
    pub(crate) async fn apply(&self, document: &str) -> Result<()> {
        let outcome = self.envoy.push(document).await?;
        ensure!(outcome == Push::Accepted, "it is refused:\n{document}\n{}", self.envoy.log());
        Ok(())
    }

    /// Sends `METHOD /path`, with an identity that the client made up.
    pub(crate) async fn send(&self, line: &str, token: Option<&str>) -> Result<Response> {
        let (method, path) = line.split_once(' ').context("a request is a method and a path")?;
        let mut headers = vec![
            ("host".to_owned(), "orders".to_owned()),
            ("x-user".to_owned(), "root".to_owned()),
        ];
        headers.extend(token.map(|token| ("authorization".to_owned(), format!("Bearer {token}"))));
        let request = Request { method, path, headers: &headers, body: b"" };
        http1::send(TcpStream::connect(self.envoy.address()).await?, &request).await
    }

    /// What Prometheus gets of the filter now: name, as it stands before any relabeling, and value.
    pub(crate) async fn scrape(&self) -> Result<BTreeMap<String, u64>> {
        let text = self.envoy.scrape().await?;
        let series = |line: &str| {
            let (name, value) = line.strip_prefix("attache_")?.rsplit_once(' ')?;
            Some((name.strip_suffix("{}").unwrap_or(name).to_owned(), value.parse().ok()?))
        };
        Ok(text.lines().filter_map(series).collect())
    }

    /// Waits until a series has a value.
    pub(crate) async fn until(&self, name: &str, value: u64) -> Result<BTreeMap<String, u64>> {
        let deadline = Deadline::new();
        loop {
            let series = self.scrape().await?;
            if series.get(name) == Some(&value) {
                return Ok(series);
            }
            if !deadline.wait().await {
                bail!("`{name}` must become {value}: {series:#?}\n{}", self.envoy.log());
            }
        }
    }
}

/// What the service saw, where a request reached it.
pub(crate) fn seen(answer: &Response) -> Result<Seen> {
    ensure!(answer.status == 200, "it is refused: {} {}", answer.status, answer.text());
    Ok(serde_json::from_slice(&answer.body)?)
}

/// The issuer that every block of the page stands beside.
pub(crate) fn issuers() -> Result<Value> {
    Ok(json!([{
        "name": "tyk",
        "issuer": "https://issuer.example",
        "jwks": jwks([&SigningKey::fixed("p256")?])?,
        "roleClaims": [{"claim": "roles"}],
        "outputClaimToHeaders": [{"header": "x-user", "claim": "sub"}],
    }]))
}

/// A token as the page words it; `None` for none.
pub(crate) fn token(words: &str) -> Result<Option<String>> {
    let reader = TokenSpec::with_claims(json!({"roles": ["reader"]}));
    let expired =
        TokenSpec::with_claims(json!({"roles": ["reader"], "exp": now().saturating_sub(600)}));
    let spec = match words {
        "none" => return Ok(None),
        "a reader's" => reader,
        "an altered one" => TokenSpec { tamper: vec![Tamper::Signature], ..reader },
        "an expired one" => expired,
        other => bail!("the page has a token that no test knows: `{other}`"),
    };
    Ok(Some(spec.mint(now())?))
}
