//! What a provider answers, byte by byte, and how it may go wrong.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How a provider answers questions for its keys.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum FaultMode {
    /// As it should.
    #[default]
    Good,
    /// With an `etag`, and with 304 where nothing has changed.
    Etag,
    /// In chunks.
    Chunked,
    /// Not at all: it takes the question and keeps silent.
    Silent,
    /// With this status and these headers.
    Status(u16, &'static str),
    /// With 200 and this body.
    Body(&'static str, Vec<u8>),
    /// With what is said to be gzip.
    Gzip,
    /// With half of what `content-length` promises.
    Cut,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) issuer: String,
    /// Where its document says that the keys are, if not with itself.
    pub(super) jwks_uri: Option<String>,
    pub(super) keys: Vec<Value>,
    pub(super) fault: FaultMode,
    /// Documents of other hosts, by host and path: content type and body.
    pub(super) published: BTreeMap<(String, String), (&'static str, Vec<u8>)>,
    /// More header lines of good answers.
    pub(super) headers: &'static str,
    pub(super) documents: u64,
    pub(super) key_sets: u64,
    pub(super) not_modified: u64,
}

/// The bytes of an answer; `None` for silence.
pub(super) fn prepare(question: &str, state: &mut State) -> Option<Vec<u8>> {
    let host = header(question, "host").unwrap_or_default().to_owned();
    let path = question.split(' ').nth(1).unwrap_or_default().to_owned();
    if let Some((content_type, body)) = state.published.get(&(host, path)) {
        return Some(whole("200 OK", &format!("content-type: {content_type}\r\n"), body));
    }
    if question.starts_with("GET /.well-known/openid-configuration ") {
        state.documents = state.documents.saturating_add(1);
        let authority = header(question, "host").unwrap_or_default();
        let own = format!("http://{authority}/jwks");
        let jwks_uri = state.jwks_uri.as_ref().unwrap_or(&own);
        let document = json!({"issuer": state.issuer, "jwks_uri": jwks_uri});
        return Some(whole(
            "200 OK",
            "content-type: application/json\r\n",
            document.to_string().as_bytes(),
        ));
    }
    if !question.starts_with("GET /jwks ") {
        return Some(whole("404 Not Found", "", b""));
    }
    state.key_sets = state.key_sets.saturating_add(1);
    let set = json!({"keys": state.keys}).to_string();
    let headers = format!("content-type: application/json\r\n{}", state.headers);
    let good = |more: &str| whole("200 OK", &format!("{headers}{more}"), set.as_bytes());
    Some(match &state.fault {
        FaultMode::Good => good(""),
        FaultMode::Etag => {
            let etag = format!(
                "\"{:x}\"",
                set.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte))
            );
            if header(question, "if-none-match") == Some(&etag) {
                state.not_modified = state.not_modified.saturating_add(1);
                whole("304 Not Modified", &format!("etag: {etag}\r\n"), b"")
            } else {
                good(&format!("etag: {etag}\r\n"))
            }
        }
        FaultMode::Chunked => {
            let mut bytes =
                format!("HTTP/1.1 200 OK\r\n{headers}transfer-encoding: chunked\r\n\r\n")
                    .into_bytes();
            for chunk in set.as_bytes().chunks(50) {
                bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                bytes.extend_from_slice(chunk);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
            bytes
        }
        FaultMode::Silent => return None,
        FaultMode::Status(status, more) => whole(&format!("{status} Told To"), more, b""),
        FaultMode::Body(content_type, body) => {
            whole("200 OK", &format!("content-type: {content_type}\r\n"), body)
        }
        FaultMode::Gzip => good("content-encoding: gzip\r\n"),
        FaultMode::Cut => {
            let mut bytes = good("");
            bytes.truncate(bytes.len().saturating_sub(set.len() / 2));
            bytes
        }
    })
}

fn whole(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn header<'q>(question: &'q str, name: &str) -> Option<&'q str> {
    question.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
