//! Scenarios in a cluster: the same files, run on a real sidecar that Istio configures.

use super::check;
use super::exchange::{exchange, headers};
use super::observation::{Observation, audit_lines};
use super::placeholders::Placeholders;
use super::{Protocol, Request, Scenario, Step};
use crate::cluster::{GRPC_PORT, Mesh, PORT, Plugin, SHOP, Settings, Sidecar, until};
use crate::envoy::{Push, Workload};
use anyhow::{Context, Result, ensure};
use attache_test_fixtures::token::now;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// Where the gateway takes what is meant for `orders` and passes it on as it is.
const GATEWAY_PATH: &str = "/open-orders";

/// Why a scenario can't be run in a cluster; `None` where it can.
pub fn unfit(scenario: &Scenario, settings: &Settings) -> Option<String> {
    let mut requests = scenario.steps.iter().filter_map(|step| step.request.as_ref());
    if requests.any(|request| request.through_gateway) && !settings.has("tyk") {
        return Some("there is no gateway to go through".into());
    }
    if scenario.workload != Workload::default() {
        return Some(format!(
            "no workload `{}` as it describes is deployed",
            scenario.workload.name
        ));
    }
    let configurations = std::iter::once(&scenario.configuration)
        .chain(scenario.steps.iter().filter_map(|s| s.configure.as_ref()));
    if configurations.into_iter().any(Value::is_string) {
        return Some("a WasmPlugin can't hold a configuration as text".into());
    }
    None
}

/// The workload `orders` of a cluster, on which one scenario after another is run.
#[derive(Debug)]
pub struct ClusterRunner {
    mesh: Arc<Mesh>,
    sidecar: Arc<Sidecar>,
    service: SocketAddr,
    grpc: SocketAddr,
    placeholders: Placeholders,
    plugin: Plugin,
    run: String,
    sent: u64,
    counters_before: BTreeMap<String, u64>,
    expected_growth: BTreeMap<String, u64>,
    log_before: usize,
}

impl ClusterRunner {
    /// Finds the workload.
    ///
    /// # Errors
    /// It is not there.
    pub async fn new(mesh: Arc<Mesh>) -> Result<Self> {
        let sidecar = mesh.sidecar("orders").await?;
        let service = mesh.service(SHOP, "orders", PORT).await?;
        let grpc = SocketAddr::new(service.ip(), GRPC_PORT);
        let plugin = Plugin::for_app("orders", &mesh.settings.module, Value::Null);
        Ok(Self {
            mesh,
            sidecar,
            service,
            grpc,
            placeholders: Placeholders::default(),
            plugin,
            run: now().to_string(),
            sent: 0,
            counters_before: BTreeMap::new(),
            expected_growth: BTreeMap::new(),
            log_before: 0,
        })
    }

    /// Runs a scenario that is not [`unfit`].
    ///
    /// # Errors
    /// Something did not come as expected: the message names the step, what was expected and what
    /// came.
    pub async fn run(&mut self, scenario: &Scenario) -> Result<()> {
        self.log_before = self.sidecar.log().len();
        let caller = self.mesh.caller(None).await?.address(&self.mesh.kubectl).await?;
        self.placeholders =
            Placeholders { now: now(), port: PORT, caller, tokens: BTreeMap::new() };
        for (name, spec) in &scenario.tokens {
            let token = self.placeholders.mint(spec)?;
            self.placeholders.tokens.insert(name.clone(), token);
        }
        let environment =
            scenario.environment.iter().map(|(k, v)| Ok((k.clone(), self.placeholders.text(v)?)));
        self.plugin.environment = environment.collect::<Result<_>>()?;
        let outcome = self.push(&scenario.configuration).await?;
        ensure!(
            outcome == Push::Accepted,
            "the configuration was refused:\n{}",
            self.sidecar.remarks()
        );
        self.counters_before = self.counters().await?;
        self.expected_growth.clear();
        // The sidecar writes its access log once a second: what follows one another is sent before
        // any is looked at.
        let mut rest = scenario.steps.as_slice();
        while let Some((first, others)) = rest.split_first() {
            if first.configure.is_some() {
                self.configure(first).await.with_context(|| place(first, scenario))?;
                rest = others;
                continue;
            }
            let length = rest.iter().take_while(|step| step.request.is_some()).count();
            let (now, later) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            self.send_all(now, scenario).await?;
            rest = later;
        }
        self.settle_counters()
            .await
            .with_context(|| format!("the counters of `{}`", scenario.title))
    }

    async fn push(&mut self, configuration: &Value) -> Result<Push> {
        self.plugin.configuration =
            serde_json::from_str(&self.placeholders.configuration(configuration)?)?;
        self.mesh.apply(&self.plugin, &["orders"]).await
    }

    async fn configure(&mut self, step: &Step) -> Result<()> {
        let Some(configuration) = &step.configure else { return Ok(()) };
        self.settle_counters().await?;
        let log_before = self.sidecar.log().len();
        let outcome = self.push(configuration).await?;
        let expected = if step.refused.is_empty() { Push::Accepted } else { Push::Refused };
        ensure!(
            outcome == expected,
            "expected: the configuration is {expected:?}\ncame: {outcome:?}\n{}",
            self.sidecar.remarks()
        );
        for text in &step.refused {
            until(&format!("`{text}` in the log"), async || {
                let log = self.sidecar.log();
                Ok(log
                    .get(log_before..)
                    .is_some_and(|news| news.contains(text.as_str()))
                    .then_some(()))
            })
            .await
            .with_context(|| self.sidecar.remarks())?;
        }
        Ok(())
    }

    async fn send_all(&mut self, steps: &[Step], scenario: &Scenario) -> Result<()> {
        let mut sent = Vec::new();
        for step in steps {
            let Some(request) = &step.request else { continue };
            let (id, observation) =
                self.send(request).await.with_context(|| place(step, scenario))?;
            // Which of a sidecar's workers gets a request, and with it whose cache is asked, is the
            // kernel's choice. That a token is verified once holds for all of them together.
            let growth = check::growth(&step.expect)
                .into_iter()
                .filter(|(name, _)| !name.starts_with("cache."));
            for (name, grown) in growth {
                let counter = self.expected_growth.entry(name).or_default();
                *counter = counter.saturating_add(grown);
            }
            sent.push((step, request, id, observation));
        }
        for (step, request, id, mut observation) in sent {
            observation.access =
                self.access_log(&id).await.with_context(|| place(step, scenario))?;
            observation.log = self.log();
            observation.audit = audit_lines(&observation.log, &id);
            check::check(request, &step.expect, &observation, &self.placeholders)
                .with_context(|| place(step, scenario))?;
        }
        Ok(())
    }

    async fn send(&mut self, request: &Request) -> Result<(String, Observation)> {
        self.sent = self.sent.wrapping_add(1);
        // Unlike any of an earlier run, since logs outlive runs.
        let id = format!("{}-{}", self.run, self.sent);
        let (headers, secrets) = headers(&self.placeholders, request, &id)?;
        let mut observation = Observation { secrets, ..Observation::default() };
        let caller = self.mesh.caller(request.caller.as_deref()).await?;
        let sent = if request.through_gateway {
            let gateway = self.mesh.service("tyk", "tyk-gateway", PORT).await?;
            let wire = caller.connect(gateway).await?;
            let request =
                Request { path: format!("{GATEWAY_PATH}{}", request.path), ..request.clone() };
            exchange(&self.placeholders, &request, headers, wire, &mut observation).await
        } else {
            let to = if request.protocol == Protocol::Grpc { self.grpc } else { self.service };
            let wire = caller.connect(to).await?;
            exchange(&self.placeholders, request, headers, wire, &mut observation).await
        };
        sent.with_context(|| {
            format!("the request got no answer; log:\n{}", self.sidecar.remarks())
        })?;
        // A refusal's body is no such thing.
        observation.seen = serde_json::from_slice(&observation.answer.body).ok();
        Ok((id, observation))
    }

    async fn access_log(&self, id: &str) -> Result<Value> {
        until("the access log tells of the request", async || {
            Ok(self
                .sidecar
                .access_log()
                .into_iter()
                .find(|entry| entry.get("id").is_some_and(|of| of == id)))
        })
        .await
    }

    async fn settle_counters(&self) -> Result<()> {
        let settled = until("the filter's counters are as expected", async || {
            let counters = self.counters().await?;
            let grown = |name: &String| {
                let of = |all: &BTreeMap<String, u64>| all.get(name).copied().unwrap_or(0);
                of(&counters).saturating_sub(of(&self.counters_before))
            };
            Ok(self
                .expected_growth
                .iter()
                .all(|(name, expected)| grown(name) == *expected)
                .then_some(()))
        });
        settled.await.with_context(|| format!("expected: {:?}", self.expected_growth))
    }

    async fn counters(&self) -> Result<BTreeMap<String, u64>> {
        let stats = self.sidecar.stats().await?;
        Ok(stats.of_filter().into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    fn log(&self) -> String {
        self.sidecar.log().get(self.log_before..).unwrap_or_default().to_owned()
    }
}

fn place(step: &Step, scenario: &Scenario) -> String {
    format!("step `{}` of `{}`", step.name, scenario.title)
}
