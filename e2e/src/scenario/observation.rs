//! What is noted of a request, to be held against what was expected.

use crate::echo::Seen;
use crate::http1;
use serde_json::Value;

/// What came of a request, wherever it ran.
#[derive(Debug, Default)]
pub struct Observation {
    /// The answer; of a gRPC call, its metadata and message.
    pub answer: http1::Response,
    /// The status of a gRPC call.
    pub grpc: Option<(tonic::Code, String)>,
    /// What the service saw, where the request reached it.
    pub seen: Option<Seen>,
    /// The request's entry in the access log.
    pub access: Value,
    /// The filter's audit lines on it.
    pub audit: Vec<Value>,
    /// The tokens that it carried: no answer and no log may show one.
    pub secrets: Vec<String>,
    /// All that was logged since the scenario began.
    pub log: String,
}

/// Returns what the filter tells in a line of a log; `None` where it is none of its lines. The JSON
/// object is the line's message, behind Envoy's own prefix, and before what the log's format has
/// yet to tell: Istio's ends with the thread.
pub fn audit_line(line: &str) -> Option<Value> {
    let json = line.get(line.find(r#"{"log":"attache""#)?..)?;
    serde_json::Deserializer::from_str(json).into_iter::<Value>().next()?.ok()
}

/// Returns the filter's lines on one request.
pub(super) fn audit_lines(log: &str, id: &str) -> Vec<Value> {
    let lines = log.lines().filter_map(audit_line);
    lines.filter(|line| line.get("requestId").is_some_and(|of| of == id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audit_lines_are_found_between_what_a_log_adds() {
        let log = "[info][wasm] wasm log: {\"log\":\"attache\",\"requestId\":\"a\",\"verdict\":\"denied\"}\tthread=25\n\
                   [info] {\"log\":\"attache\",\"requestId\":\"b\"}\nnoise {\"log\":\"attache\" broken\n";
        let lines = audit_lines(log, "a");
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["verdict"], "denied");
    }
}
