//! Where scenarios are run: one Envoy before one service.

use super::exchange::{Wire, exchange, headers};
use super::observation::{Observation, audit_lines};
use super::placeholders::Placeholders;
use super::{Protocol, Request, Scenario, Step, check};
use crate::echo::{Echo, Seen};
use crate::envoy::{Deadline, Envoy, Push, Sidecar, Workload};
use crate::mtls::Authority;
use anyhow::{Context, Result, bail, ensure};
use attache_test_fixtures::keys::{SigningKey, jwks};
use attache_test_fixtures::token::now;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;

/// An Envoy before a service, on which one scenario after another is run.
#[derive(Debug)]
pub struct ScenarioRunner {
    envoy: Envoy,
    echo: Echo,
    authority: Arc<Authority>,
    sent: u64,
    placeholders: Placeholders,
    /// The filter's counters when the scenario began, and what they must have grown by since.
    counters_before: BTreeMap<String, u64>,
    expected_growth: BTreeMap<String, u64>,
    /// Where in the log the scenario began.
    log_before: usize,
}

impl ScenarioRunner {
    /// Starts an Envoy with an environment for its filter, and a service. `certificates` is the
    /// folder of those that the authority has issued to the workload.
    ///
    /// # Errors
    /// Envoy does not start, or the filter does not take even a simple configuration.
    pub async fn start(
        binary: &Path,
        module: &Path,
        workload: &Workload,
        environment: &BTreeMap<String, String>,
        authority: Arc<Authority>,
        certificates: &Path,
    ) -> Result<Self> {
        let echo = Echo::start(&workload.name).await?;
        let sidecar = Sidecar {
            workload: workload.clone(),
            environment: environment.clone(),
            certificates: Some(certificates.to_owned()),
            ..Sidecar::before(echo.address(), module.to_owned())
        };
        let nobody = json!({"issuers": [{"name": "nobody", "issuer": "nobody",
            "jwks": jwks([&SigningKey::fixed("p256-other")?])?}]});
        let envoy = Envoy::start(binary, sidecar, &nobody.to_string(), None).await?;
        ensure!(
            !envoy.first_configuration_refused().await?,
            "Envoy refused the filter:\n{}",
            envoy.log()
        );
        Ok(Self {
            envoy,
            echo,
            authority,
            sent: 0,
            placeholders: Placeholders::default(),
            counters_before: BTreeMap::new(),
            expected_growth: BTreeMap::new(),
            log_before: 0,
        })
    }

    /// Runs a scenario.
    ///
    /// # Errors
    /// Something did not come as expected: the message names the step, what was expected and what
    /// came.
    pub async fn run(&mut self, scenario: &Scenario) -> Result<()> {
        self.log_before = self.envoy.log().len();
        self.placeholders = Placeholders {
            now: now(),
            port: self.envoy.address().port(),
            caller: "127.0.0.1".into(),
            tokens: BTreeMap::new(),
        };
        for (name, spec) in &scenario.tokens {
            let token = self.placeholders.mint(spec)?;
            self.placeholders.tokens.insert(name.clone(), token);
        }
        let outcome =
            self.envoy.push(&self.placeholders.configuration(&scenario.configuration)?).await?;
        ensure!(outcome == Push::Accepted, "Envoy refused the configuration:\n{}", self.log());
        self.counters_before = self.counters().await?;
        self.expected_growth.clear();
        for (index, step) in scenario.steps.iter().enumerate() {
            let place = || {
                format!("step {} `{}` of `{}`", index.wrapping_add(1), step.name, scenario.title)
            };
            self.take(step).await.with_context(place)?;
        }
        self.settle_counters()
            .await
            .with_context(|| format!("the counters of `{}`", scenario.title))
    }

    async fn take(&mut self, step: &Step) -> Result<()> {
        if let Some(request) = &step.request {
            let observation = self.send(request).await?;
            for (name, grown) in check::growth(&step.expect) {
                let counter = self.expected_growth.entry(name).or_default();
                *counter = counter.saturating_add(grown);
            }
            return check::check(request, &step.expect, &observation, &self.placeholders);
        }
        let Some(configuration) = &step.configure else { return Ok(()) };
        // A filter that goes takes with it what it has not told yet.
        self.settle_counters().await?;
        let log_before = self.envoy.log().len();
        let outcome = self.envoy.push(&self.placeholders.configuration(configuration)?).await?;
        let log = self.envoy.log();
        let news = log.get(log_before..).unwrap_or_default();
        let expected = if step.refused.is_empty() { Push::Accepted } else { Push::Refused };
        ensure!(
            outcome == expected,
            "expected: the configuration is {expected:?}\ncame: {outcome:?}\n{news}"
        );
        for text in &step.refused {
            ensure!(news.contains(text.as_str()), "expected: `{text}` in the log\ncame:\n{news}");
        }
        Ok(())
    }

    /// Waits until the filter has told its counts, and holds them against what was expected. A
    /// counter for which nothing was expected in any step is not looked at.
    async fn settle_counters(&self) -> Result<()> {
        let deadline = Deadline::new();
        loop {
            let counters = self.counters().await?;
            let grown = |name: &str| {
                let [now, before] = [&counters, &self.counters_before]
                    .map(|all| all.get(name).copied().unwrap_or(0));
                now.saturating_sub(before)
            };
            if self.expected_growth.iter().all(|(name, expected)| grown(name) == *expected) {
                return Ok(());
            }
            if !deadline.wait().await {
                let came: BTreeMap<_, _> =
                    counters.keys().map(|name| (name, grown(name))).collect();
                bail!("expected: {:?}\ncame:     {came:?}", self.expected_growth);
            }
        }
    }

    async fn counters(&self) -> Result<BTreeMap<String, u64>> {
        let stats = self.envoy.stats().await?;
        Ok(stats.of_filter().into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// What was logged since the scenario began.
    fn log(&self) -> String {
        self.envoy.log().get(self.log_before..).unwrap_or_default().to_owned()
    }

    async fn send(&mut self, request: &Request) -> Result<Observation> {
        self.sent = self.sent.wrapping_add(1);
        let id = format!("request-{}", self.sent);
        let (headers, secrets) = headers(&self.placeholders, request, &id)?;
        let reached_before = self.echo.requests();
        let mut observation = Observation { secrets, ..Observation::default() };
        let exchanged = match self.connect(request).await {
            Ok(wire) => {
                exchange(&self.placeholders, request, headers, wire, &mut observation).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = exchanged {
            bail!("the request got no answer: {error:#}\nlog:\n{}", self.log());
        }
        if self.echo.requests() > reached_before {
            // What the service saw comes back in the body, which an answer to HEAD has not (RFC
            // 9110 section 9.3.2).
            observation.seen = match request.method.as_str() {
                "HEAD" => Some(Seen::default()),
                _ => serde_json::from_slice(&observation.answer.body).ok(),
            };
            ensure!(
                observation.seen.is_some(),
                "the service was reached, but its answer did not come back"
            );
        }
        observation.access = self.access_log(&id).await?;
        observation.log = self.log();
        observation.audit = audit_lines(&observation.log, &id);
        Ok(observation)
    }

    async fn connect(&self, request: &Request) -> Result<Box<dyn Wire>> {
        let to = self.envoy.address();
        Ok(match &request.caller {
            Some(principal) => Box::new(
                self.authority.connect(principal, request.protocol != Protocol::Http1, to).await?,
            ),
            None => Box::new(TcpStream::connect(to).await?),
        })
    }

    async fn access_log(&self, id: &str) -> Result<Value> {
        let deadline = Deadline::new();
        loop {
            if let Some(entry) = self
                .envoy
                .access_log()
                .into_iter()
                .find(|entry| entry.get("id").is_some_and(|of| of == id))
            {
                return Ok(entry);
            }
            if !deadline.wait().await {
                bail!("the access log has no entry for the request");
            }
        }
    }
}
