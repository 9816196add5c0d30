//! The engine by itself, and what it says when it is asked why.

use crate::question::{Heard, PORT, Question, Subject};
use anyhow::{Result, anyhow};
use attache_engine::host::{Environment, HostCrypto, Peer, SharedStore, UnixSeconds, Workload};
use attache_engine::host_context::HostContext;
use attache_engine::policy::{RuleIndex, View};
use attache_engine::remote::{KeyWait, MissingKeys, WaitDecision};
use attache_engine::{Decision, Engine, IssuerIndex, Reason};
use attache_plugin_config::{Algorithm, DryRun, parse};
use attache_test_policies::concluded;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// A host that knows one peer, shares nothing and has no keys of providers.
struct Host<'q> {
    caller: Option<&'q str>,
}

impl Peer for Host<'_> {
    fn principal(&self) -> Option<String> {
        self.caller.map(str::to_owned)
    }

    fn source_ip(&self) -> Option<IpAddr> {
        Some(Ipv4Addr::LOCALHOST.into())
    }

    fn remote_ip(&self) -> Option<IpAddr> {
        self.source_ip()
    }

    fn destination_port(&self) -> Option<u16> {
        Some(PORT)
    }
}

impl HostCrypto for Host<'_> {
    fn verify(&self, _: &[u8], _: Algorithm, _: &[u8], _: &[u8]) -> Option<bool> {
        None
    }
}

impl SharedStore for Host<'_> {
    fn read(&self, _: &str) -> Option<(Vec<u8>, Option<u32>)> {
        None
    }

    fn compare_and_set(&self, _: &str, _: &[u8], _: Option<u32>) -> bool {
        false
    }
}

impl KeyWait for Host<'_> {
    fn wait_decision(&self, _: IssuerIndex, _: MissingKeys) -> WaitDecision {
        WaitDecision::GiveUp(Duration::from_secs(1))
    }
}

/// The environment of the filter.
struct Variables<'s>(&'s BTreeMap<String, String>);

impl Environment for Variables<'_> {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        self.0.get(name).map(|value| value.clone().into_bytes())
    }
}

/// Asks the engine for its decisions, and for what its explanations lead to; `None` where those do
/// not tell the end.
pub(crate) fn ask(subject: &Subject) -> Result<Vec<(Heard, Option<Heard>)>> {
    let config = parse(subject.configuration.to_string().as_bytes())
        .map_err(|errors| anyhow!("{errors}"))?;
    let environment = Variables(&subject.environment);
    let workload = Workload {
        namespace: Some(subject.workload.namespace.clone()),
        name: Some(subject.workload.name.clone()),
        service_account: Some(subject.workload.service_account.clone()),
        labels: subject.workload.labels.clone(),
    };
    let engine =
        Engine::new(&config, &workload, &environment).map_err(|errors| anyhow!("{errors}"))?;
    let one = |question: &Question| {
        let host = Host { caller: question.caller.as_deref() };
        let context = HostContext {
            peer: &host,
            shared: &host,
            crypto: &host,
            key_wait: &host,
            now: UnixSeconds(subject.now),
            ends_with_headers: true,
        };
        let headers = question.header_map("native");
        let Decision::Decided(decided) = engine.decide(&headers, &context) else {
            return Err(anyhow!("`{}` waits", question.name));
        };
        let decision = heard(&engine, decided.reason(), decided.rule);
        let explanation = engine.explain(&config, &workload, View::Enforced, &headers, &context);
        // The steps tell what holds in force, which is not where they lead in a dry run.
        let said = if config.dry_run == DryRun::Nowhere { concluded(&explanation) } else { None };
        Ok((decision, said.map(|(reason, rule)| heard(&engine, reason, rule))))
    };
    subject.questions.iter().map(one).collect()
}

fn heard(engine: &Engine, reason: Option<Reason>, rule: Option<RuleIndex>) -> Heard {
    Heard {
        reason: reason.map(|reason| reason.as_str().to_owned()),
        rule: rule.and_then(|rule| engine.rule(rule)).map(|names| names.to_string()),
    }
}
