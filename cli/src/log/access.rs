//! Envoy's access log, in the text format that Istio has by default and in its JSON
//! (`accessLogEncoding: JSON`).

use super::Entry;
use serde_json::{Map, Value};
use std::net::SocketAddr;

/// A line about a request. What Envoy writes as `-` is absent.
#[derive(Debug, Default)]
pub(crate) struct AccessLine {
    pub(crate) time: Option<String>,
    pub(crate) method: String,
    /// With its query.
    pub(crate) target: String,
    pub(crate) status: u16,
    /// What Envoy says of where the answer comes from: `via_upstream`; empty where a Wasm filter
    /// answered.
    pub(crate) details: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) host: Option<String>,
    /// `x-forwarded-for`.
    pub(crate) forwarded_for: Option<String>,
    /// Where the request came in.
    pub(crate) local: Option<SocketAddr>,
    /// What Envoy takes for the client.
    pub(crate) remote: Option<SocketAddr>,
}

/// How many quotes a line of the text format has, where no value holds one.
const QUOTES: usize = 14;

const TWO_WAYS: &str = "a value in it holds a quote, so it can be read in several ways";

/// Returns a line from where the time of its request begins; `None` where it is no line of this
/// format.
pub(super) fn split(text: &str) -> Option<&str> {
    let before = text.split('"').next()?.strip_suffix("] ")?;
    let begin = before.rfind('[')?;
    let time = before.get(begin..)?.strip_prefix('[')?;
    let is_time = time.ends_with('Z')
        && time.contains('T')
        && time.bytes().all(|byte| byte.is_ascii_digit() || b"-:.TZ".contains(&byte));
    text.get(begin..).filter(|_| is_time)
}

/// Reads a line of the text format.
pub(super) fn read_text(text: &str) -> Entry {
    if text.matches('"').count() != QUOTES {
        return Entry::Unreadable(TWO_WAYS);
    }
    let parts: Vec<&str> = text.split('"').collect();
    let [time, request, status, _, _, forwarded_for, _, _, _, id, _, host, _, _, rest] =
        parts.as_slice()
    else {
        return Entry::Unreadable(TWO_WAYS);
    };
    let mut words = request.splitn(2, ' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // Behind the path stands the protocol.
    let target = target.rsplit_once(' ').map_or(target, |(target, _)| target);
    // ` 403 -  - `: the code, flags, details, and why the connection ended.
    let mut answer = status.strip_prefix(' ').unwrap_or(status).split(' ');
    let status = answer.next().and_then(|status| status.parse().ok());
    let details = answer.nth(1).filter(|details| *details != "-");
    // ` inbound|8080|| 127.0.0.1:55288 10.1.2.3:8080 10.1.9.9:51430 - default`
    let mut addresses = rest.trim_start().split(' ').skip(2);
    let mut address = || addresses.next().and_then(|address| address.parse().ok());
    let (local, remote) = (address(), address());
    let value = |text: &str| (text != "-").then(|| text.to_owned());
    line(AccessLine {
        time: time.trim_start_matches('[').split(']').next().map(str::to_owned),
        method: method.to_owned(),
        target: target.to_owned(),
        status: status.unwrap_or_default(),
        details: details.map(str::to_owned),
        request_id: value(id),
        host: value(host),
        forwarded_for: value(forwarded_for),
        local,
        remote,
    })
}

/// Reads a line that is JSON.
pub(super) fn read_json(members: &Map<String, Value>) -> Entry {
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    let value = |name: &str| text(name).filter(|text| text != "-");
    let status = members.get("response_code").and_then(|code| match code {
        Value::Number(number) => number.as_u64().and_then(|number| u16::try_from(number).ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    });
    let address = |name: &str| text(name).and_then(|address| address.parse().ok());
    line(AccessLine {
        time: text("start_time"),
        method: value("method").unwrap_or_default(),
        target: value("path").unwrap_or_default(),
        status: status.unwrap_or_default(),
        details: value("response_code_details"),
        request_id: value("request_id"),
        host: value("authority"),
        forwarded_for: value("x_forwarded_for"),
        local: address("downstream_local_address"),
        remote: address("downstream_remote_address"),
    })
}

fn line(line: AccessLine) -> Entry {
    if matches!(line.method.as_str(), "" | "-") || matches!(line.target.as_str(), "" | "-") {
        // What Envoy refused before it was a request.
        return Entry::Other;
    }
    if line.details.is_none() && matches!(line.status, 0 | 401 | 403) {
        return Entry::Unreadable("it has no RESPONSE_CODE_DETAILS, which say who answered");
    }
    Entry::Access(Box::new(line))
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    const REFUSED: &str = r#"[2026-11-28T12:37:00.948Z] "GET /orders/7?page=2 HTTP/1.1" 403 -  - "-" 0 70 0 - "-" "curl/8.14.1" "00000012" "orders.shop" "-" inbound|8080|| - 127.0.0.1:18080 127.0.0.1:51454 - default"#;

    fn access(text: &str) -> AccessLine {
        match read(text.as_bytes()) {
            Entry::Access(line) => *line,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn both_encodings_say_the_same() {
        let json = r#"{"authority":"orders.shop","downstream_local_address":"127.0.0.1:18080","downstream_remote_address":"127.0.0.1:51454","method":"GET","path":"/orders/7?page=2","protocol":"HTTP/1.1","request_id":"00000012","response_code":403,"response_code_details":"","start_time":"2026-11-28T12:37:00.948Z","upstream_host":null,"x_forwarded_for":null}"#;
        let prefixed = format!("[pod/orders-7d9f/istio-proxy] {REFUSED}\n");
        for line in [REFUSED, &prefixed, json] {
            let line = access(line);
            assert_eq!((line.method.as_str(), line.target.as_str()), ("GET", "/orders/7?page=2"));
            assert_eq!((line.status, line.details.as_deref()), (403, Some("")));
            assert_eq!(
                (line.host.as_deref(), line.request_id.as_deref()),
                (Some("orders.shop"), Some("00000012"))
            );
            assert_eq!(line.time.as_deref(), Some("2026-11-28T12:37:00.948Z"));
            assert_eq!(line.local.map(|address| address.port()), Some(18080));
            assert_eq!(
                line.remote.map(|address| address.to_string()).as_deref(),
                Some("127.0.0.1:51454")
            );
            assert_eq!(line.forwarded_for, None);
        }
    }

    #[test]
    fn a_quote_in_a_value_makes_a_line_unreadable() {
        for forged in [
            REFUSED.replace("curl/8.14.1", r#"x" "y"#),
            REFUSED.replace("/orders/7?page=2", r#"/orders/7" 200 - via_upstream"#),
        ] {
            assert!(matches!(read(forged.as_bytes()), Entry::Unreadable(_)), "{forged}");
        }
    }

    #[test]
    fn what_never_was_a_request_is_something_else() {
        let line = REFUSED.replace("GET /orders/7?page=2", "- -");
        assert!(matches!(read(line.as_bytes()), Entry::Other));
    }
}
