//! An explanation, told to programs.

use super::Client;
use super::rules::{Judged, Teller};
use super::story::words;
use crate::input::Configuration;
use attache_engine::host::Workload;
use attache_engine::policy::{RuleTrace, TestTrace, Verdict};
use attache_engine::{
    Decision, Engine, Explanation, HeaderEdit, Outcome, ReadingTrace, TokenTrace,
};
use attache_plugin_config::{Action, Authentication};
use serde_json::{Value, json};

/// Returns an explanation as JSON: `workload`, `decision`, `needs`, `token`, `readings`.
pub(crate) fn document(
    explanation: &Explanation<'_>,
    engine: &Engine,
    configuration: &Configuration,
    workload: &Workload,
    client: &Client,
) -> Value {
    let token = match &explanation.token {
        TokenTrace::Good(token) => Some(&**token),
        _ => None,
    };
    let teller = Teller { engine, configuration, client, token, knowledge: None, is_styled: false };
    json!({
        "configuration": configuration.to_string(),
        "workload": {
            "namespace": workload.namespace,
            "name": workload.name,
            "serviceAccount": workload.service_account,
            "labels": workload.labels,
        },
        "decision": decision(explanation, engine),
        "flaw": explanation.flaw.map(|reason| reason.as_str()),
        "flawWords": explanation.flaw_words,
        "preflight": explanation.is_preflight,
        "dryRun": engine.is_dry_run(),
        "needs": needs(explanation.authentication),
        "token": self::token(explanation, engine),
        "readings": explanation.readings.iter().map(|one| reading(one, &teller)).collect::<Vec<_>>(),
    })
}

fn decision(explanation: &Explanation<'_>, engine: &Engine) -> Value {
    let Decision::Decided(decided) = &explanation.decision else {
        return json!({"outcome": "wait"});
    };
    let rule = decided.rule.and_then(|rule| engine.rule(rule));
    let rule = rule.map(|names| names.to_string());
    let shadow = decided.shadow.as_ref().map(|shadow| {
        json!({
            "verdict": shadow.reason().map_or("allow", |reason| reason.as_str()),
            "rule": shadow.rule.and_then(|rule| engine.rule(rule)).map(|names| names.to_string()),
        })
    });
    match &decided.outcome {
        Outcome::Forward => {
            let edits: Vec<Value> = decided.edits.iter().map(edit).collect();
            json!({"outcome": "forward", "rule": rule, "headers": edits, "shadow": shadow})
        }
        Outcome::Refuse { cause, answer } => json!({
            "outcome": "refuse",
            "status": answer.status,
            "reason": cause.reason.as_str(),
            "detail": cause.detail.map(|detail| detail.as_str()),
            "rule": rule,
            "shadow": shadow,
        }),
    }
}

fn edit(edit: HeaderEdit<'_>) -> Value {
    match edit {
        HeaderEdit::Remove(name) => json!({"remove": name}),
        HeaderEdit::Set(name, value) | HeaderEdit::Add(name, value) => {
            json!({"set": name, "value": String::from_utf8_lossy(value)})
        }
    }
}

const fn needs(authentication: Authentication) -> &'static str {
    match authentication {
        Authentication::Required => "REQUIRED",
        Authentication::Optional => "OPTIONAL",
        Authentication::None => "NONE",
    }
}

fn token(explanation: &Explanation<'_>, engine: &Engine) -> Value {
    match &explanation.token {
        TokenTrace::NotLookedAt => json!({"state": "not-looked-at"}),
        TokenTrace::Missing => json!({"state": "missing"}),
        TokenTrace::Rejected(cause) => json!({"state": "rejected", "why": words(cause)}),
        TokenTrace::KeysPending(cause) => json!({"state": "keys-pending", "why": words(cause)}),
        TokenTrace::Good(token) => json!({
            "state": "good",
            "issuer": engine.issuer(token.issuer).map(|name| name.as_str()),
            "subject": token.subject,
            "roles": engine.role_names(token),
        }),
    }
}

fn reading(reading: &ReadingTrace, teller: &Teller<'_>) -> Value {
    let (verdict, rule) = match reading.policies.verdict {
        Verdict::Allow { rule } => ("allow", rule),
        Verdict::Deny { reason, rule } => (reason.as_str(), rule),
    };
    let rules = reading.policies.rules.iter().map(|one| self::rule(one, reading, teller));
    json!({
        "method": reading.method,
        "path": reading.path,
        "verdict": verdict,
        "rule": rule.and_then(|rule| teller.engine.rule(rule)).map(|names| names.to_string()),
        "rules": rules.collect::<Vec<_>>(),
    })
}

fn rule(rule: &RuleTrace, reading: &ReadingTrace, teller: &Teller<'_>) -> Value {
    let names = teller.engine.rule(rule.index);
    let judged = Judged { method: &reading.method, path: &reading.path, host: &reading.host };
    let failed = if rule.matches() { Vec::new() } else { teller.open(rule) };
    let failed = failed.into_iter().map(|test| {
        json!({
            "at": test.at.relative_to(&rule.at).to_string(),
            "wanted": teller.configuration.node.at(&test.at),
            "found": teller.found(test, judged),
        })
    });
    let line = teller.configuration.locate(&rule.at).map(|location| location.span().start.line);
    let targets = rule.targets.iter().map(
        |target| json!({"tests": tests(&target.tests), "conditions": tests(&target.conditions)}),
    );
    json!({
        "rule": names.map(|names| names.to_string()),
        "at": rule.at.to_string(),
        "line": line,
        "action": if rule.action == Action::Allow { "ALLOW" } else { "DENY" },
        "shadow": rule.is_shadow,
        "matches": rule.matches(),
        "failed": failed.collect::<Vec<_>>(),
        "targets": targets.collect::<Vec<_>>(),
        "sources": rule.sources.iter().map(|source| tests(source)).collect::<Vec<_>>(),
        "caller": tests(&rule.caller),
    })
}

fn tests(tests: &[TestTrace]) -> Value {
    tests
        .iter()
        .map(|test| json!({"at": test.at.to_string(), "holds": test.holds, "compared": test.compared}))
        .collect()
}
