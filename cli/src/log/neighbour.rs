//! Lines of the filter's neighbours on a request: a Tyk gateway's access log, as text and as JSON,
//! the issuer's, and the sidecar's with the members that `istio/mesh-config.yaml` gives it. No more
//! is taken of them than what they tell: the filter's own line is the one that is judged.

use super::Entry;
use serde_json::{Map, Value};

/// Who wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// Tyk.
    Gateway,
    Issuer,
    /// The sidecar, in its access log.
    Proxy,
    Filter,
}

impl Program {
    /// Returns its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Issuer => "issuer",
            Self::Proxy => "proxy",
            Self::Filter => "filter",
        }
    }
}

/// A line of a neighbour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Neighbour {
    pub(crate) program: Program,
    pub(crate) time: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) request_id: Option<String>,
    /// What it tells, as it stands in the log.
    pub(crate) words: String,
}

/// What only a line of Tyk's access log has.
const GATEWAY: (&str, &str) = ("prefix", "access-log");

/// Some of the members of an access log that `istio/mesh-config.yaml` describes.
const PROXY: [&str; 5] = ["trace_id", "request_id", "status", "details", "shadow_reason"];

/// What the lines of the issuer begin with, in the member that says which part of it wrote them.
const ISSUER: &str = "attache_issuer";

/// Reads a line of Tyk's access log that is text:
/// `time="…" level=info api_id=orders … prefix=access-log …`; `None` where it is none.
pub(super) fn read_text(text: &str) -> Option<Entry> {
    if !text.contains("prefix=access-log") {
        return None;
    }
    let (place, line) = text.split_at_checked(text.find("time=\"")?)?;
    if !super::is_place(place) {
        return None;
    }
    let members = read_pairs(line)?;
    is_of_gateway(&members).then(|| gateway(&members))
}

/// Reads a line that is JSON; `None` where it is of neither.
pub(super) fn read_json(members: &Map<String, Value>) -> Option<Entry> {
    if is_of_gateway(members) {
        return Some(gateway(members));
    }
    if PROXY.iter().all(|name| members.contains_key(*name)) {
        return Some(proxy(members));
    }
    let target = members.get("target")?.as_str()?;
    (target == ISSUER || target.starts_with("attache_issuer::")).then(|| issuer(members))
}

fn proxy(members: &Map<String, Value>) -> Entry {
    let known = |name: &str| text(members, name).unwrap_or_else(|| "?".to_owned());
    Entry::Neighbour(Box::new(Neighbour {
        program: Program::Proxy,
        time: text(members, "time"),
        trace_id: text(members, "trace_id"),
        request_id: text(members, "request_id"),
        words: format!("{} {}: {}", known("method"), known("path"), known("status")),
    }))
}

fn is_of_gateway(members: &Map<String, Value>) -> bool {
    members.get(GATEWAY.0).and_then(Value::as_str) == Some(GATEWAY.1)
}

fn gateway(members: &Map<String, Value>) -> Entry {
    let text = |name: &str| text(members, name).unwrap_or_else(|| "?".to_owned());
    // What the client sent stands in `original_path`, from Tyk 5.9 on.
    let path =
        if members.contains_key("original_path") { text("original_path") } else { text("path") };
    let api = self::text(members, "api_id").map(|api| format!(" of API {api}")).unwrap_or_default();
    let why = self::text(members, "response_code_details")
        .map(|why| format!(", {why}"))
        .unwrap_or_default();
    Entry::Neighbour(Box::new(Neighbour {
        program: Program::Gateway,
        time: self::text(members, "time"),
        trace_id: self::text(members, "trace_id"),
        request_id: None,
        words: format!("{} {path}{api}: {}{why}", text("method"), text("status")),
    }))
}

fn issuer(members: &Map<String, Value>) -> Entry {
    let told = ["api", "reason", "provider", "kid", "jti", "sub"];
    let told = told.iter().filter_map(|name| Some(format!("{name} {}", text(members, name)?)));
    let message = text(members, "message").unwrap_or_default();
    let words: Vec<String> = std::iter::once(message).chain(told).collect();
    Entry::Neighbour(Box::new(Neighbour {
        program: Program::Issuer,
        time: text(members, "timestamp"),
        trace_id: text(members, "trace_id"),
        request_id: text(members, "request_id"),
        words: words.join(", "),
    }))
}

/// Returns a member that says something.
fn text(members: &Map<String, Value>, name: &str) -> Option<String> {
    match members.get(name)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Reads `name=value` pairs as logrus writes them: a value with anything but letters, digits and
/// `-._/@^+` is in quotes. `None` where that can't be read, or a name is there twice.
fn read_pairs(mut rest: &str) -> Option<Map<String, Value>> {
    let mut members = Map::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = if after.starts_with('"') {
            let mut values = serde_json::Deserializer::from_str(after).into_iter::<String>();
            let value = values.next()?.ok()?;
            (value, after.get(values.byte_offset()..)?)
        } else {
            let end = after.find(' ').unwrap_or(after.len());
            (after.get(..end)?.to_owned(), after.get(end..)?)
        };
        if members.insert(name.to_owned(), Value::String(value)).is_some() {
            return None;
        }
        rest = after.strip_prefix(' ').unwrap_or(after);
        if !after.is_empty() && rest.len() == after.len() {
            return None;
        }
    }
    Some(members)
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    const TYK: &str = r#"time="2026-11-28T17:00:54Z" level=info api_id=orders api_key=d7a6b170 api_name=Orders client_ip=127.0.0.1 host="127.0.0.1:41229" latency_total=3 method=POST original_path=/orders/list path=/list prefix=access-log protocol=HTTP/1.1 status=403 trace_id=18c839c341afa2cf1fbc931e626f816d upstream_addr="http://127.0.0.1:39119/list" user_agent="""#;

    fn neighbour(line: &str) -> Neighbour {
        match read(line.as_bytes()) {
            Entry::Neighbour(line) => *line,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tyks_line_says_the_same_as_text_and_as_json() {
        let json = r#"{"api_id":"orders","level":"info","method":"POST","msg":"","original_path":"/orders/list","path":"/list","prefix":"access-log","status":403,"time":"2026-11-28T17:00:54Z","trace_id":"18c839c341afa2cf1fbc931e626f816d"}"#;
        for line in [TYK, json, &format!("[pod/gateway-1/tyk] {TYK}\n")] {
            let line = neighbour(line);
            assert_eq!(line.program, Program::Gateway);
            assert_eq!(line.words, "POST /orders/list of API orders: 403");
            assert_eq!(line.trace_id.as_deref(), Some("18c839c341afa2cf1fbc931e626f816d"));
            assert_eq!(line.time.as_deref(), Some("2026-11-28T17:00:54Z"));
        }
    }

    #[test]
    fn the_lines_of_issuer_and_proxy_are_known_by_their_members() {
        let made = r#"{"timestamp":"2026-11-28T17:00:49.187470Z","level":"INFO","message":"a token was made","api":"orders","trace_id":"e674c02a7eafa4d1b3b78de70fa13cfb","request_id":"5f0c","kid":"k1","jti":"RR57","sub":"alias:acme:shop","target":"attache_issuer::dispatch"}"#;
        let line = neighbour(made);
        assert_eq!(line.program, Program::Issuer);
        assert_eq!(
            line.words,
            "a token was made, api orders, kid k1, jti RR57, sub alias:acme:shop"
        );
        assert_eq!(line.request_id.as_deref(), Some("5f0c"));
        let proxy = r#"{"caller":null,"details":"","method":"POST","path":"/list","reason":"role-missing","request_id":"5f0c","shadow_reason":null,"status":403,"trace_id":"b72cc8a3e84a790b8a1ff066878f1c9c"}"#;
        let line = neighbour(proxy);
        assert_eq!((line.program, line.words.as_str()), (Program::Proxy, "POST /list: 403"));
        let other = made.replace("attache_issuer::dispatch", "attache_issuers");
        assert!(matches!(read(other.as_bytes()), Entry::Other));
    }

    /// What another program tells of a client is not what a neighbour says.
    #[test]
    fn a_line_inside_anothers_is_nobodys() {
        let issuer = r#"{"target":"attache_issuer","message":"a token was made","trace_id":"18c839c341afa2cf1fbc931e626f816d"}"#;
        assert!(matches!(read(issuer.as_bytes()), Entry::Neighbour(_)));
        for forged in [
            format!("no such page: {TYK}"),
            format!("no such page: {issuer}"),
            serde_json::json!({"msg": issuer}).to_string(),
            serde_json::json!({"message": TYK}).to_string(),
            r#"GET /{"log":"attache","verdict":"denied","method":"GET","host":"a","path":"/a"}"#.to_owned(),
            serde_json::json!({"msg": r#"no page {"log":"attache","verdict":"denied","method":"GET","host":"a","path":"/a"}"#})
                .to_string(),
        ] {
            assert!(matches!(read(forged.as_bytes()), Entry::Other), "{forged}");
        }
    }

    /// Whoever sends a header or a path can't write an id into another's line.
    #[test]
    fn a_strangers_text_adds_no_member() {
        let sent = r#"user_agent="x trace_id=00000000000000000000000000000001""#;
        let line = neighbour(&TYK.replace(r#"user_agent="""#, sent));
        assert_eq!(line.trace_id.as_deref(), Some("18c839c341afa2cf1fbc931e626f816d"));
        for torn in [
            TYK.replace(
                r#"user_agent="""#,
                "user_agent=a trace_id=00000000000000000000000000000001",
            ),
            TYK.replace(r#"user_agent="""#, r#"user_agent="a"#),
            TYK.replace(r#"user_agent="""#, r#"user_agent="a"b="c""#),
        ] {
            assert!(matches!(read(torn.as_bytes()), Entry::Other), "{torn}");
        }
    }
}
