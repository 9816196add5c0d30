//! Lines of logs: the filter's audit lines, Envoy's access log as Istio has it written, and those
//! of Tyk and the issuer.
//!
//! Much of a line is what a stranger sent. So a line is only read where it can be read in one way,
//! and what is none of the filter's, or could be somebody else's writing, is passed over and
//! counted.

mod access;
mod audit;
mod lines;
mod neighbour;

pub(crate) use access::AccessLine;
pub(crate) use audit::{AuditLine, Said};
pub(crate) use lines::Lines;
pub(crate) use neighbour::{Neighbour, Program};

use serde_json::{Map, Value};

/// What one line of a log is.
#[derive(Debug)]
pub(crate) enum Entry {
    /// The filter's, on a request.
    Audit(Box<AuditLine>),
    /// Envoy's, on a request.
    Access(Box<AccessLine>),
    /// Another program's, on a request that it handed on.
    Neighbour(Box<Neighbour>),
    /// The filter left out this many lines.
    Dropped(u64),
    /// Something else.
    Other,
    /// It looks like one of the filter's or Envoy's, and is not, or could be read in several ways;
    /// why.
    Unreadable(&'static str),
}

/// How a JSON object begins that is the filter's.
const MARK: &str = r#"{"log":"attache""#;

/// The members that hold a line of text where a log is JSON: of Envoy in Istio, of Docker, of
/// others.
const ENVELOPES: [&str; 4] = ["msg", "message", "log", "textPayload"];

/// Reads a line as `kubectl logs`, Envoy or a log's store has it, with whatever they write before
/// it.
fn read(line: &[u8]) -> Entry {
    match std::str::from_utf8(line) {
        Ok(text) => read_text(text, true),
        Err(_) if find(line, MARK.as_bytes()) => Entry::Unreadable("it is not UTF-8"),
        Err(_) => Entry::Other,
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn read_text(text: &str, may_be_wrapped: bool) -> Entry {
    let text = text.trim_end_matches(['\r', '\n', ' ']);
    // What stands before the first quote is no stranger's.
    let plain = text.split('"').next().unwrap_or_default();
    if let Some(request) = access::split(text) {
        return access::read_text(request);
    }
    // Of a neighbour a line counts that it wrote, not one that another program tells of.
    if let Some(entry) = may_be_wrapped.then(|| neighbour::read_text(text)).flatten() {
        return entry;
    }
    let at_mark = text.find(MARK).filter(|at| is_before_line(text.get(..*at).unwrap_or_default()));
    let object =
        plain.find('{').and_then(|at| text.get(at..)).filter(|_| at_mark != plain.find('{'));
    if let Some(object) = object.filter(|object| object.starts_with("{\"")) {
        return match serde_json::from_str::<Map<String, Value>>(object) {
            Ok(members) => {
                let is_alone =
                    may_be_wrapped && is_place(text.strip_suffix(object).unwrap_or_default());
                let neighbour = is_alone.then(|| neighbour::read_json(&members)).flatten();
                neighbour.unwrap_or_else(|| read_object(&members, may_be_wrapped))
            }
            Err(_) if at_mark.is_some() => {
                Entry::Unreadable("it is JSON with something in or behind it")
            }
            Err(_) => Entry::Other,
        };
    }
    at_mark.and_then(|at| text.get(at..)).map_or(Entry::Other, audit::read)
}

/// Returns whether what stands before a line of the filter is nothing, or Envoy's, which says so.
fn is_before_line(text: &str) -> bool {
    is_place(text) || text.contains("wasm log")
}

/// Returns whether what stands before a line is nothing, or tells where it comes from, as
/// `kubectl logs --prefix` and what containers write do: `[pod/gateway-1/tyk] `,
/// `2026-11-28T12:37:00.931Z stderr F `.
fn is_place(text: &str) -> bool {
    let text = text.trim_end();
    let mut words = text.split(' ');
    let is_pod = |word: &str| word.starts_with("[pod/") && word.ends_with(']');
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(""), None, ..) => true,
        (Some(pod), None, ..) => is_pod(pod),
        (Some(time), Some("stderr" | "stdout"), Some("F"), None) => {
            time.ends_with('Z') && !time.contains('"')
        }
        _ => false,
    }
}

fn read_object(members: &Map<String, Value>, may_be_wrapped: bool) -> Entry {
    if members.contains_key("response_code") && members.contains_key("method") {
        return access::read_json(members);
    }
    if !may_be_wrapped {
        return Entry::Other;
    }
    let texts = ENVELOPES.iter().filter_map(|name| members.get(*name)?.as_str());
    let mut read =
        texts.map(|text| read_text(text, false)).filter(|entry| !matches!(entry, Entry::Other));
    read.next().unwrap_or(Entry::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUDIT: &str =
        r#"{"log":"attache","verdict":"denied","method":"GET","host":"a","path":"/a"}"#;

    fn is_audit(line: &str) -> bool {
        matches!(read(line.as_bytes()), Entry::Audit(_))
    }

    #[test]
    fn a_line_is_found_behind_what_others_write_before_it() {
        for prefix in [
            "",
            "[2026-11-28 12:37:00.931][19507][info][wasm] [source/extensions/common/wasm/context.cc:1151] wasm log shop.attache: ",
            "2026-11-28T12:37:00.931Z\twarning\tenvoy wasm external/envoy/source/context.cc:1154\twasm log shop.attache: ",
            "[pod/orders-7d9f/istio-proxy] 2026-11-28T12:37:00Z\twarning\tenvoy wasm x.cc:1\twasm log: ",
            "2026-11-28T12:37:00.931Z stderr F ",
        ] {
            for suffix in ["", "\n", "\r\n", "\tthread=25", "\tthread=25\n"] {
                assert!(is_audit(&format!("{prefix}{AUDIT}{suffix}")), "{prefix} … {suffix:?}");
            }
        }
    }

    #[test]
    fn a_line_inside_json_is_found() {
        for member in ENVELOPES {
            let line = serde_json::json!({"level": "warn", member: format!("wasm log shop.attache: {AUDIT}")});
            assert!(is_audit(&line.to_string()), "{line}");
        }
    }

    #[test]
    fn what_could_be_a_strangers_writing_is_not_read() {
        for line in [
            format!("{AUDIT} and more"),
            format!("{AUDIT}{AUDIT}"),
            AUDIT.replace("\"path\":\"/a\"", "\"path\":\"/a\",\"path\":\"/b\""),
            AUDIT.replace("\"GET\"", "7"),
            AUDIT.replace("}", ""),
            format!(
                "[2026-11-28T12:37:01.187Z] \"GET /a HTTP/1.1\" 200 - via_upstream - \"-\" 0 0 2 2 \"-\" \"{AUDIT}\" \"r\" \"a\" \"-\" c - - 1.2.3.4:5 - default"
            ),
        ] {
            assert!(matches!(read(line.as_bytes()), Entry::Unreadable(_)), "{line}");
        }
        let json = serde_json::json!({"user_agent": AUDIT, "path": "/a"});
        assert!(matches!(read(json.to_string().as_bytes()), Entry::Other));
        let mut bytes = AUDIT.as_bytes().to_vec();
        bytes.push(0xff);
        assert!(matches!(read(&bytes), Entry::Unreadable(_)));
        for other in ["", "{", "{\"", "info: hello", "\u{1b}[2J", "[", "] \""] {
            assert!(matches!(read(other.as_bytes()), Entry::Other), "{other}");
        }
    }
}
