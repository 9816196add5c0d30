//! One Envoy, its issuer's provider, and what holds at this moment.

use crate::tally::Tally;
use anyhow::{Context, Result, ensure};
use attache_e2e::echo::Echo;
use attache_e2e::envoy::{self, Envoy, Sidecar};
use attache_e2e::http1::{self, Request, Response};
use attache_e2e::provider::Provider;
use attache_test_fixtures::keys::{SigningKey, jwks};
use attache_test_fixtures::token::{self, TokenSpec};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long an answer may take before it counts as none.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) envoy: Envoy,
    pub(crate) provider: Provider,
    pub(crate) tally: RefCell<Tally>,
    pub(crate) passes: RefCell<Vec<Rc<Pass>>>,
    /// Whether `/toggle` is open, once every worker agrees.
    pub(crate) open: Cell<Option<bool>>,
    /// Counts up with each change of `open`.
    pub(crate) epoch: Cell<u64>,
    /// A trap was forced, and the VM is not back yet.
    pub(crate) trapped: Cell<bool>,
    /// Tokens of the issuer whose keys never change.
    pub(crate) fixed: SigningKey,
    pub(crate) stranger: SigningKey,
    _service: Echo,
}

/// A key of the provider, a token that it signed, and what is known of it.
pub(crate) struct Pass {
    pub(crate) key: SigningKey,
    pub(crate) token: String,
    /// The provider serves it.
    pub(crate) published: Cell<bool>,
    /// No worker takes it any more.
    pub(crate) gone: Cell<bool>,
}

impl World {
    pub(crate) async fn start() -> Result<Self> {
        let module = attache_e2e::repository().join("target/test-build.wasm");
        ensure!(module.is_file(), "there is no test build: run scripts/build --test-build");
        let provider = Provider::start([]).await?;
        let first = pass(&provider, 0)?;
        provider.serve([&first.key])?;
        first.published.set(true);
        let service = Echo::start("orders").await?;
        let sidecar = Sidecar {
            workers: 2,
            failure_policy: "FAIL_RELOAD",
            providers: BTreeMap::from([("provider".to_owned(), provider.address())]),
            ..Sidecar::before(service.address(), module)
        };
        let binary = envoy::chosen("1.39.3")?;
        let document = configuration(&provider, 0)?.to_string();
        let envoy = Envoy::start(&binary, sidecar, &document, None).await?;
        Ok(Self {
            envoy,
            provider,
            tally: RefCell::default(),
            passes: RefCell::new(vec![first]),
            open: Cell::new(Some(true)),
            epoch: Cell::new(0),
            trapped: Cell::new(false),
            fixed: SigningKey::fixed("p256")?,
            stranger: SigningKey::fixed("p256-other")?,
            _service: service,
        })
    }

    /// Sends a request; an error where there is no answer at all.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
    ) -> Result<Response> {
        let mut all = vec![("host".to_owned(), "orders.example".to_owned())];
        all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let exchange = async {
            let stream = TcpStream::connect(self.envoy.address()).await?;
            http1::send(stream, &Request { method, path, headers: &all, body: &[] }).await
        };
        tokio::time::timeout(PATIENCE, exchange).await.context("no answer came")?
    }

    /// One of the filter's counters or gauges.
    pub(crate) async fn count(&self, name: &str) -> Result<u64> {
        Ok(self.envoy.stats().await?.of_filter().get(name).copied().unwrap_or(0))
    }

    /// Envoy's resident memory, in bytes.
    pub(crate) fn resident(&self) -> Result<u64> {
        self.envoy.resident_bytes()
    }

    /// What `/toggle` and the time are in: none of it is the same after a change.
    pub(crate) fn set_open(&self, open: Option<bool>) {
        self.open.set(open);
        self.epoch.set(self.epoch.get() + 1);
    }

    /// A token of the issuer whose keys never change.
    pub(crate) fn fixed_token(&self, claims: Value) -> Result<String> {
        TokenSpec::with_claims(claims).mint_with(&self.fixed, token::now())
    }
}

pub(crate) fn pass(provider: &Provider, number: u64) -> Result<Rc<Pass>> {
    let key = SigningKey::fresh_p256(&format!("key-{number}"))?;
    // Longer than any run, so that no token expires in it.
    let claims = json!({"iss": provider.issuer(), "exp": token::now() + 172_800});
    let token = TokenSpec::with_claims(claims).mint_with(&key, token::now())?;
    Ok(Rc::new(Pass { key, token, published: Cell::new(false), gone: Cell::new(false) }))
}

/// The configuration of this number: an even one opens `/toggle`, an odd one closes it. The realm
/// tells which it is.
pub(crate) fn configuration(provider: &Provider, number: u64) -> Result<Value> {
    let action = if number.is_multiple_of(2) { "ALLOW" } else { "DENY" };
    let headers = json!([{"header": "x-user", "claim": "sub"}]);
    Ok(json!({
        "issuers": [
            {
                "name": "provider", "issuer": provider.issuer(), "jwksUri": format!("{}/jwks", provider.issuer()),
                "cluster": "provider", "outputClaimToHeaders": headers,
                "refresh": {"interval": "2s", "timeout": "3s", "retryAfter": "100ms", "minInterval": "1s"},
            },
            {
                "name": "fixed", "issuer": "https://issuer.example", "audiences": ["mesh"],
                "jwks": jwks([&SigningKey::fixed("p256")?])?, "roleClaims": [{"claim": "roles"}],
                "outputClaimToHeaders": headers,
            },
        ],
        "policies": [{"name": "shop", "rules": [
            {"name": "health", "authentication": "NONE", "to": [{"paths": ["/healthz"]}]},
            {"name": "read", "to": [{"methods": ["GET"], "paths": ["/orders", "/orders/{*}"]}]},
            {"name": "write", "to": [{"methods": ["POST"], "paths": ["/orders"]}], "roles": {"anyOf": ["writer"]}},
            {"name": "toggle", "action": action, "to": [{"paths": ["/toggle"]}]},
            {"name": "no-deletes", "action": "DENY", "to": [{"methods": ["DELETE"]}]},
        ]}],
        "responses": {"realm": format!("v{number}")},
        "audit": {"log": "NONE"},
    }))
}
