//! The two workloads, and what it takes to call them.

use crate::story::{Scene, Tokens};
use crate::table::Row;
use anyhow::{Context, Result, ensure};
use attache_e2e::echo::{Echo, Seen};
use attache_e2e::envoy::{self, Deadline, Envoy, Sidecar, Workload};
use attache_e2e::{http1, module, repository, yaml};
use attache_test_fixtures::keys::{SigningKey, jwks};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use tokio::net::TcpStream;

/// The Envoy that the demo runs: the newest.
const ENVOY: &str = "1.40.0";

/// Headers that everybody sends and that tell nothing of who is calling.
const PLUMBING: &[&str] = &["host", "x-request-id", "x-forwarded-proto", "content-length"];

/// Two services behind two Envoys.
pub(crate) struct Mesh {
    workloads: Vec<(&'static str, Envoy)>,
    /// Kept, so that the services go on.
    _services: Vec<Echo>,
    pub tokens: Tokens,
}

impl Mesh {
    /// Starts it on this port and the next, or on any free ones.
    pub(crate) async fn start(base_port: Option<u16>) -> Result<Self> {
        let ports =
            base_port.map_or([None, None], |base| [Some(base), Some(base.saturating_add(1))]);
        for port in ports.into_iter().flatten() {
            ensure!(
                TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok(),
                "port {port} is in use: choose others with --port"
            );
        }
        let (binary, module) = (envoy::binary(ENVOY)?, module()?);
        let key = SigningKey::fresh_p256("demo")?;
        let configuration = configuration(&key)?;
        let (mut workloads, mut services) = (Vec::new(), Vec::new());
        for (name, port) in ["orders", "billing"].into_iter().zip(ports) {
            let service = Echo::start(name).await?;
            let sidecar = Sidecar {
                workload: workload(name),
                ..Sidecar::before(service.address(), module.clone())
            };
            let envoy = start(&binary, sidecar, &configuration, port).await?;
            workloads.push((name, envoy));
            services.push(service);
        }
        Ok(Self { workloads, _services: services, tokens: Tokens::mint(&key)? })
    }

    /// Sends a request and tells what came of it.
    pub(crate) async fn play(&self, scene: &Scene<'_>) -> Result<Row> {
        let (_, envoy) = self
            .workloads
            .iter()
            .find(|(name, _)| *name == scene.service)
            .context("there is no such service")?;
        let seen_before = envoy.access_log().len();
        let mut headers = vec![("host".to_owned(), format!("{}.shop", scene.service))];
        headers.extend(
            scene.bearer.map(|bearer| ("authorization".to_owned(), format!("Bearer {bearer}"))),
        );
        headers.extend(
            scene.forged.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let request =
            http1::Request { method: scene.method, path: scene.path, headers: &headers, body: &[] };
        let answer = http1::send(TcpStream::connect(envoy.address()).await?, &request).await?;
        let log = access_log_entry(envoy, seen_before).await?;
        let shadow = log.get("shadow_reason").and_then(Value::as_str);
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let refused = body.get("type").and_then(Value::as_str);
        let came = (answer.status, refused.or(shadow));
        let surprise = (came != (scene.status, scene.reason)).then(|| {
            let expected = (scene.status, scene.reason);
            format!(
                "{} {} {}: expected {expected:?}, came {came:?}",
                scene.service, scene.method, scene.path
            )
        });
        let forged: Vec<_> =
            scene.forged.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        Ok(Row {
            who: scene.who.to_owned(),
            request: [vec![format!("{} {} {}", scene.service, scene.method, scene.path)], forged]
                .concat(),
            answer: match (refused, shadow) {
                (Some(reason), _) => vec![format!("{} {reason}", answer.status)],
                (None, Some(reason)) => {
                    vec![answer.status.to_string(), format!("in shadow: {reason}")]
                }
                (None, None) => vec![answer.status.to_string()],
            },
            seen: serde_json::from_slice(&answer.body)
                .map_or_else(|_| vec!["nothing".to_owned()], |seen| told(&seen)),
            surprise,
        })
    }

    /// How to go on by hand.
    pub(crate) fn invitation(&self) -> String {
        let mut lines = vec!["Try it (Ctrl-C ends):".to_owned(), String::new()];
        let tokens = [
            ("ALICE", &self.tokens.alice),
            ("BOB", &self.tokens.bob),
            ("CAROL", &self.tokens.carol),
        ];
        lines.extend(tokens.map(|(name, token)| format!("  {name}={token}")));
        lines.push(String::new());
        for (name, envoy) in &self.workloads {
            let at = envoy.address();
            let (who, path) =
                if *name == "orders" { ("ALICE", "/orders/7") } else { ("CAROL", "/invoices") };
            lines.push(format!("  curl -i http://{at}{path} -H \"Authorization: Bearer ${who}\""));
            lines.push(format!("  curl -i http://{at}{path}"));
        }
        lines.push(String::new());
        lines.push(format!("The configuration: {}", configuration_file().display()));
        lines.extend(self.workloads.iter().map(|(name, envoy)| {
            format!(
                "The log of {name}'s Envoy, audit lines and all: {}",
                envoy.folder().join("log").display()
            )
        }));
        lines.join("\n")
    }
}

async fn start(
    binary: &Path,
    sidecar: Sidecar,
    configuration: &str,
    port: Option<u16>,
) -> Result<Envoy> {
    let envoy = Envoy::start(binary, sidecar, configuration, port).await?;
    ensure!(
        !envoy.first_configuration_refused().await?,
        "Envoy refused the configuration:\n{}",
        envoy.log()
    );
    Ok(envoy)
}

fn workload(name: &str) -> Workload {
    Workload {
        namespace: "shop".into(),
        name: name.into(),
        service_account: name.into(),
        labels: BTreeMap::from([("app".into(), name.into())]),
    }
}

fn configuration_file() -> std::path::PathBuf {
    repository().join("e2e/demo/plugin-config.yaml")
}

/// The configuration with the key in it.
fn configuration(key: &SigningKey) -> Result<String> {
    let mut document = yaml::read(&configuration_file())?;
    let issuers = document
        .get_mut("issuers")
        .and_then(Value::as_array_mut)
        .context("the demo needs an issuer")?;
    for issuer in issuers {
        if let Some(keys) = issuer.get_mut("jwks") {
            *keys = jwks([key])?;
        }
    }
    Ok(document.to_string())
}

async fn access_log_entry(envoy: &Envoy, after: usize) -> Result<Value> {
    let deadline = Deadline::new();
    loop {
        if let Some(entry) = envoy.access_log().into_iter().nth(after) {
            return Ok(entry);
        }
        ensure!(deadline.wait().await, "the access log has no entry for a request");
    }
}

/// The headers that tell a service who is calling.
fn told(seen: &Seen) -> Vec<String> {
    if seen.service.is_empty() {
        return vec!["nothing".to_owned()];
    }
    let headers = seen.headers.iter().filter(|(name, _)| !PLUMBING.contains(&name.as_str()));
    let lines: Vec<_> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
    if lines.is_empty() { vec!["the request, from nobody".to_owned()] } else { lines }
}
