//! Audit lines: one JSON object a line in Envoy's log, `{"log":"attache",…}`, with what a reviewer
//! needs and nothing that lets anybody in: no token, no signature, no cookie, no query.

use crate::connection::Connection;
use crate::ration::{Dropped, Ration};
use crate::{host, metrics, redact};
use attache_engine::host::Peer;
use attache_engine::policy::RuleIndex;
use attache_engine::remote::Change;
use attache_engine::{Cause, Decided, Detail, Engine, Reason, Shadow};
use attache_plugin_config::{AuditLog, Name};
use log::{info, warn};
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::{Duration, UNIX_EPOCH};

/// How many bytes of each value a line holds, so that no client can flood the log with one request.
const METHOD_BYTES: usize = 32;
const HOST_BYTES: usize = 256;
const PATH_BYTES: usize = 1024;
const CLAIM_BYTES: usize = 512;
const CALLER_BYTES: usize = 512;
const KEY_ID_BYTES: usize = 256;
const ISSUER_BYTES: usize = 256;
const FAULT_BYTES: usize = 256;

/// A request and what became of it.
pub(crate) struct Event<'a, 'r> {
    pub decided: &'a Decided<'r>,
    pub headers: &'a [(String, Vec<u8>)],
    pub peer: &'a Connection,
    /// The time since 1970.
    pub at: Duration,
    /// How many lines there may be.
    pub ration: &'a Ration,
}

/// Logs a request where the configuration says so: at warn level what was refused, or would be with
/// SHADOW counted, or went on without a good look at its token; at info level everything else.
pub(crate) fn log(engine: &Engine, event: &Event<'_, '_>) {
    let decided = event.decided;
    let shadow_denied = decided.shadow.as_ref().is_some_and(|shadow| shadow.cause.is_some());
    let remarkable = decided.reason().is_some() || shadow_denied || decided.unverified.is_some();
    match engine.audit().log {
        AuditLog::Denied | AuditLog::All if remarkable => log_remarkable(engine, event),
        AuditLog::All if host::logs_info() => info!("{}", line(engine, event)),
        _ => {}
    }
}

#[inline(never)]
fn log_remarkable(engine: &Engine, event: &Event<'_, '_>) {
    if event.ration.takes(event.at, event.decided.authenticated.is_some()) {
        warn!("{}", line(engine, event));
    }
}

/// Logs, and counts, the lines that were left out because there were too many.
#[inline(never)]
pub(crate) fn log_dropped(dropped: Dropped, at: Duration) {
    let line = DroppedLine {
        log: "attache",
        time: rfc3339(at),
        event: "lines-dropped",
        strangers: dropped.strangers,
        callers: dropped.callers,
    };
    warn!("{}", serde_json::to_string(&line).unwrap_or_default());
    metrics::count_dropped(dropped.strangers.saturating_add(dropped.callers));
}

/// The line of lines that were left out.
#[derive(Serialize)]
struct DroppedLine {
    log: &'static str,
    time: String,
    event: &'static str,
    strangers: u32,
    callers: u32,
}

/// Logs what is new in an issuer's key set, whatever the configuration says of requests.
#[inline(never)]
pub(crate) fn log_keys(issuer: &Name, change: &Change, at: Duration) {
    let shown = |keys: &[String]| {
        keys.iter().map(|key| redact::redact(key.as_bytes(), KEY_ID_BYTES)).collect()
    };
    let line = KeysLine {
        log: "attache",
        time: rfc3339(at),
        event: "keys-changed",
        issuer: issuer.as_str(),
        added: shown(&change.added),
        removed: shown(&change.removed),
    };
    warn!("{}", serde_json::to_string(&line).unwrap_or_default());
}

/// The line of a changed key set.
#[derive(Serialize)]
struct KeysLine<'a> {
    log: &'static str,
    time: String,
    event: &'static str,
    issuer: &'a str,
    added: Vec<String>,
    removed: Vec<String>,
}

/// One line. Its members and their order are part of what users rely on.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    log: &'static str,
    /// RFC 3339, in UTC, to the millisecond.
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'a str>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
    /// The claim at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
    /// The header at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shadow: Option<Verdict<'a>>,
    /// Why the request goes on without the identity that its token claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    unverified: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
    /// What `iss` says of a token that nobody vouches for.
    #[serde(skip_serializing_if = "Option::is_none")]
    unverified_issuer: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    claims: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<String>,
    method: String,
    host: String,
    path: String,
}

/// What there would be with SHADOW counted: the members of a line's own verdict.
#[derive(Serialize)]
struct Verdict<'a> {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[inline(never)]
fn rfc3339(since_1970: Duration) -> String {
    let time = UNIX_EPOCH.checked_add(since_1970).unwrap_or(UNIX_EPOCH);
    humantime::format_rfc3339_millis(time).to_string()
}

#[inline(never)]
fn line(engine: &Engine, event: &Event<'_, '_>) -> String {
    let Event { decided, headers, peer, at, .. } = event;
    let header = |name: &str| {
        headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_slice())
            .unwrap_or_default()
    };
    let authenticated = decided.authenticated.as_deref();
    let cause = decided.cause_or_shadow();
    let shown = |text: Option<&str>, limit| text.map(|text| redact::redact(text.as_bytes(), limit));
    let path = header(":path").split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default();
    let mut claims = Map::new();
    claims.extend(
        authenticated
            .map(|authenticated| engine.audit_claims(authenticated))
            .into_iter()
            .flatten()
            .map(claim),
    );
    let Verdict { verdict, policy, rule, reason } = verdict(engine, decided.rule, decided.reason());
    let line = Line {
        log: "attache",
        time: rfc3339(*at),
        request_id: identifier(header("x-request-id")),
        trace_id: trace_id(header),
        verdict,
        policy,
        rule,
        reason,
        detail: cause.and_then(|cause| cause.detail).map(Detail::as_str),
        claim: shown(cause.and_then(Cause::claim), FAULT_BYTES),
        header: shown(cause.and_then(Cause::header), FAULT_BYTES),
        shadow: decided.shadow.as_ref().map(|shadow| shadow_verdict(engine, shadow)),
        unverified: decided.unverified.map(|reason| reason.as_str()),
        issuer: authenticated
            .and_then(|authenticated| engine.issuer(authenticated.issuer))
            .map(|name| name.as_str()),
        unverified_issuer: shown(cause.and_then(Cause::unverified_issuer), ISSUER_BYTES),
        claims,
        caller: peer.principal().map(|caller| redact::redact(caller.as_bytes(), CALLER_BYTES)),
        method: redact::redact(header(":method"), METHOD_BYTES),
        host: redact::redact(header(":authority"), HOST_BYTES),
        path: redact::redact(path, PATH_BYTES),
    };
    // Nothing in a line can fail to be written as JSON: its keys are strings and its numbers
    // finite.
    serde_json::to_string(&line).unwrap_or_default()
}

fn shadow_verdict<'a>(engine: &'a Engine, shadow: &Shadow) -> Verdict<'a> {
    verdict(engine, shadow.rule, shadow.reason())
}

#[inline(never)]
fn verdict(engine: &Engine, rule: Option<RuleIndex>, reason: Option<Reason>) -> Verdict<'_> {
    let names = rule.and_then(|rule| engine.rule(rule));
    Verdict {
        verdict: if reason.is_none() { "allowed" } else { "denied" },
        policy: names.as_ref().map(|names| names.policy.as_str()),
        rule: names.as_ref().map(|names| names.rule.as_str()),
        reason: reason.map(Reason::as_str),
    }
}

/// Returns a claim by its path: as it is where it is small, else cut, as text.
#[inline(never)]
fn claim<P: ToString>((path, value): (P, &Value)) -> (String, Value) {
    let shown = match value {
        Value::String(string) => Value::String(redact::redact(string.as_bytes(), CLAIM_BYTES)),
        Value::Array(_) | Value::Object(_) => {
            let json = value.to_string();
            let shown = redact::redact(json.as_bytes(), CLAIM_BYTES);
            if shown == json { value.clone() } else { Value::String(shown) }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    };
    (path.to_string(), shown)
}

/// Returns a request id, unless it is something else: a client may send what it likes.
#[inline(never)]
fn identifier(value: &[u8]) -> Option<&str> {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':');
    let fits = (1..=64).contains(&value.len()) && value.iter().all(plain);
    std::str::from_utf8(value).ok().filter(|_| fits)
}

/// Returns the trace id of W3C Trace Context, of B3 in one header, or of B3 in several.
fn trace_id<'a>(header: impl Fn(&str) -> &'a [u8]) -> Option<&'a str> {
    let part = |name: &str, index: usize| {
        header(name).split(|byte| *byte == b'-').nth(index).and_then(hex_id)
    };
    part("traceparent", 1).or_else(|| part("b3", 0)).or_else(|| hex_id(header("x-b3-traceid")))
}

fn hex_id(value: &[u8]) -> Option<&str> {
    let fits = matches!(value.len(), 16 | 32) && value.iter().all(u8::is_ascii_hexdigit);
    std::str::from_utf8(value).ok().filter(|_| fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_looks_like_an_id_is_one() {
        assert_eq!(identifier(b"0b9a-77_A:1"), Some("0b9a-77_A:1"));
        for other in ["", "a b", "eyJh.eyJz.c2ln", "a\"b", "é"] {
            assert_eq!(identifier(other.as_bytes()), None, "{other}");
        }
        assert_eq!(identifier(&[b'a'; 65]), None);
    }

    #[test]
    fn a_trace_is_known_by_any_of_three_headers() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let of = |name: &'static str, value: String| {
            trace_id(|header: &str| if header == name { value.as_bytes() } else { b"" })
                .map(str::to_owned)
        };
        assert_eq!(of("traceparent", format!("00-{id}-00f067aa0ba902b7-01")).as_deref(), Some(id));
        assert_eq!(of("b3", format!("{id}-00f067aa0ba902b7-1")).as_deref(), Some(id));
        assert_eq!(
            of("x-b3-traceid", "a3ce929d0e0e4736".to_owned()).as_deref(),
            Some("a3ce929d0e0e4736")
        );
        assert_eq!(of("traceparent", "00-not hex-1-1".to_owned()), None);
    }

    #[test]
    fn a_claim_is_shown_as_it_is_while_it_is_small() {
        let shown = |value: Value| claim(("c", &value)).1;
        for small in [json!("a"), json!(1), json!(true), json!(["a", {"b": 1}])] {
            assert_eq!(shown(small.clone()), small);
        }
        let long = shown(json!(vec!["ä"; 1000]));
        assert!(long.as_str().unwrap().len() <= CLAIM_BYTES + '…'.len_utf8());
        assert_eq!(
            shown(json!({"t": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"})),
            json!(r#"{"t":"[token]"}"#)
        );
    }
}
