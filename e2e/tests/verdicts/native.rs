//! The engine by itself, and what it says when it is asked why.

use crate::question::{Heard, PORT, Question, Subject};
use anyhow::{Result, anyhow};
use attache_engine::host::{Environment, HostCrypto, Peer, SharedStore, UnixSeconds, Workload};
use attache_engine::host_context::HostContext;
use attache_engine::policy::{RuleIndex, Verdict, View};
use attache_engine::remote::{KeyWait, MissingKeys, WaitDecision};
use attache_engine::{Decision, Engine, Explanation, IssuerIndex, Reason, TokenTrace};
use attache_plugin_config::{Algorithm, Authentication, DryRun, parse};
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

/// Asks the engine for its decisions, and for what its explanations lead to; `None` where those do not tell the end.
pub(crate) fn ask(subject: &Subject) -> Result<Vec<(Heard, Option<Heard>)>> {
    let config = parse(subject.configuration.to_string().as_bytes()).map_err(|errors| anyhow!("{errors}"))?;
    let environment = Variables(&subject.environment);
    let workload = Workload {
        namespace: Some(subject.workload.namespace.clone()),
        name: Some(subject.workload.name.clone()),
        service_account: Some(subject.workload.service_account.clone()),
        labels: subject.workload.labels.clone(),
    };
    let engine = Engine::new(&config, &workload, &environment).map_err(|errors| anyhow!("{errors}"))?;
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

type Said = (Option<Reason>, Option<RuleIndex>);

/// Returns what the steps of an explanation come to; `None` where keys are missing, which steps do not tell the end of.
fn concluded(explanation: &Explanation<'_>) -> Option<Said> {
    if let Some(flaw) = explanation.flaw {
        return Some((Some(flaw), None));
    }
    match &explanation.token {
        TokenTrace::Rejected(cause) => return Some((Some(cause.reason), None)),
        TokenTrace::KeysPending(_) => return None,
        TokenTrace::Missing if explanation.authentication == Authentication::Required => {
            return Some((Some(Reason::TokenMissing), None));
        }
        TokenTrace::NotLookedAt | TokenTrace::Missing | TokenTrace::Good(_) => {}
    }
    let said = agreed(explanation);
    Some(match (&explanation.token, said) {
        // A preflight request asks for nothing yet: only a DENY rule can refuse it.
        (_, (Some(reason), _)) if explanation.is_preflight && reason != Reason::RuleDenied => (None, None),
        (TokenTrace::Good(token), (None, rule)) => {
            (token.headers.as_ref().err().map(|cause| cause.reason), rule)
        }
        (_, said) => said,
    })
}

/// Returns what the readings come to together.
fn agreed(explanation: &Explanation<'_>) -> Said {
    let said: Vec<Said> = explanation
        .readings
        .iter()
        .map(|reading| match reading.policies.verdict {
            Verdict::Allow { rule } => (None, rule),
            Verdict::Deny { reason, rule } => (Some(reason), rule),
        })
        .collect();
    if let Some(denied) = said.iter().find(|said| said.0 == Some(Reason::RuleDenied)) {
        return *denied;
    }
    let first = said[0];
    let differs =
        explanation.readings.iter().zip(&said).find(|(_, said)| said.0.is_some() != first.0.is_some());
    differs.map_or(first, |(reading, _)| (reading.differs, None))
}
