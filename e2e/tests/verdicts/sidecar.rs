//! The module that ships, in Envoy.

use crate::question::{Heard, LINES_A_SECOND, PORT, Question, Subject};
use anyhow::{Context, Result, ensure};
use attache_e2e::echo::Echo;
use attache_e2e::envoy::{self, Deadline, Envoy, Push, Sidecar as Place};
use attache_e2e::http1;
use attache_e2e::mtls::Authority;
use attache_e2e::scenario::audit_line;
use attache_test_fixtures::token::now;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tempfile::TempDir;
use tokio::net::TcpStream;

/// An Envoy before a workload, which gets one configuration after another.
pub(crate) struct Sidecar {
    envoy: Envoy,
    authority: Authority,
    _certificates: TempDir,
    _service: Echo,
    sent: usize,
    /// The second in which audit lines are written, and how many.
    second: (u64, usize),
}

impl Sidecar {
    pub(crate) async fn start(subject: &Subject) -> Result<Self> {
        let (authority, certificates) = (Authority::new()?, TempDir::with_prefix("attache-")?);
        authority.write_server(certificates.path())?;
        let service = Echo::start(&subject.workload.name).await?;
        let place = Place {
            workload: subject.workload.clone(),
            environment: subject.environment.clone(),
            certificates: Some(certificates.path().to_owned()),
            ..Place::before(service.address(), attache_e2e::module()?)
        };
        let binary = envoy::chosen("1.39.3")?;
        let envoy = Envoy::start(&binary, place, &subject.configuration.to_string(), None).await?;
        Ok(Self {
            envoy,
            authority,
            _certificates: certificates,
            _service: service,
            sent: 0,
            second: (0, 0),
        })
    }

    /// Asks everything of a subject; `None` for what Envoy answers before the filter does.
    pub(crate) async fn ask(&mut self, subject: &Subject) -> Result<Vec<Option<Heard>>> {
        let configuration =
            listening_at(self.envoy.address().port(), subject.configuration.clone());
        let pushed = self.envoy.push(&configuration.to_string()).await?;
        ensure!(
            pushed == Push::Accepted,
            "{}: Envoy refuses it:\n{}",
            subject.name,
            self.envoy.log()
        );
        let log_before = self.envoy.log().len();
        let mut ids = Vec::new();
        for question in &subject.questions {
            self.wait_for_room().await;
            ids.push(
                self.send(question)
                    .await
                    .with_context(|| format!("{}: {question:?}", subject.name))?,
            );
        }
        self.heard(log_before, &ids).await
    }

    /// Waits until the filter may write one more line: it has so many a second.
    async fn wait_for_room(&mut self) {
        let deadline = Deadline::new();
        while self.second.1 >= LINES_A_SECOND && self.second.0 == now() {
            if !deadline.wait().await {
                break;
            }
        }
        if self.second.0 != now() {
            self.second = (now(), 0);
        }
        self.second.1 += 1;
    }

    async fn send(&mut self, question: &Question) -> Result<String> {
        self.sent += 1;
        let id = format!("request-{}", self.sent);
        let mut headers = vec![
            ("host".to_owned(), question.host.clone()),
            ("x-request-id".to_owned(), id.clone()),
        ];
        headers.extend(question.headers.clone());
        let Question { method, path, .. } = question;
        let request = http1::Request { method, path, headers: &headers, body: &[] };
        let to = self.envoy.address();
        match &question.caller {
            Some(caller) => {
                http1::send(self.authority.connect(caller, false, to).await?, &request).await?
            }
            None => http1::send(TcpStream::connect(to).await?, &request).await?,
        };
        Ok(id)
    }

    /// Reads the audit lines of these requests, once the line of the last is there.
    async fn heard(&self, log_before: usize, ids: &[String]) -> Result<Vec<Option<Heard>>> {
        let deadline = Deadline::new();
        loop {
            let log = self.envoy.log();
            let news = log.get(log_before..).unwrap_or_default();
            let lines = news.lines().filter_map(audit_line);
            let by_id: BTreeMap<String, Heard> = lines
                .map(|line| {
                    (
                        line["requestId"].as_str().unwrap_or_default().to_owned(),
                        Heard::of_line(&line),
                    )
                })
                .collect();
            // Each was answered, so that each line has been written; the file may lag behind.
            let is_whole = ids.iter().all(|id| by_id.contains_key(id));
            if is_whole || !deadline.wait().await {
                return Ok(ids.iter().map(|id| by_id.get(id).cloned()).collect());
            }
        }
    }
}

/// Returns a configuration whose rules name this port where they name the one that requests come in
/// on elsewhere.
fn listening_at(port: u16, mut configuration: Value) -> Value {
    let policies =
        configuration.get_mut("policies").and_then(Value::as_array_mut).into_iter().flatten();
    let rules = policies.filter_map(|policy| policy.get_mut("rules")?.as_array_mut()).flatten();
    for operation in rules.filter_map(|rule| rule.get_mut("to")?.as_array_mut()).flatten() {
        for key in ["ports", "notPorts"] {
            let named = operation.get_mut(key).and_then(Value::as_array_mut);
            named
                .into_iter()
                .flatten()
                .filter(|named| **named == PORT)
                .for_each(|named| *named = json!(port));
        }
    }
    configuration
}
