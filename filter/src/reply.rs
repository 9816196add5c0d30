//! Answering a request here, in the terms of HTTP or gRPC.

use crate::host;
use attache_engine::Answer;

/// Answers a request that is refused.
#[inline(never)]
pub(crate) fn refuse(answer: &Answer, request: &[(String, Vec<u8>)]) {
    let mut headers: Vec<(&str, &str)> =
        answer.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    if !speaks_grpc(request) {
        let body = answer.body.as_ref().map(|(content_type, body)| {
            headers.push(("content-type", content_type));
            body.as_bytes()
        });
        return host::send_local_response(answer.status, headers, body);
    }
    // Envoy turns a local reply into gRPC's form by what the request was when it came in; a filter
    // before this one may have changed it since. So the answer carries both statuses: where the two
    // disagree, the client still sees an HTTP error, never a 200.
    let grpc_status = answer.grpc_status.to_string();
    headers.push(("grpc-status", &grpc_status));
    host::send_local_response(answer.status, headers, Some(answer.grpc_message.as_bytes()));
}

/// Answers a request that came in where there is no good configuration: nothing is let through
/// unseen.
#[inline(never)]
pub(crate) fn not_ready() {
    host::send_local_response(503, vec![("retry-after", "1")], None);
}

/// Returns whether the client expects gRPC's form (gRPC over HTTP/2, or gRPC-Web).
fn speaks_grpc(request: &[(String, Vec<u8>)]) -> bool {
    let content_type =
        request.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value);
    let rest = content_type.and_then(|value| value.strip_prefix(b"application/grpc"));
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b'-' | b';')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_is_told_by_the_content_type() {
        let speaks = |content_type: &str| {
            speaks_grpc(&[("content-type".to_owned(), content_type.as_bytes().to_vec())])
        };
        for grpc in [
            "application/grpc",
            "application/grpc+proto",
            "application/grpc-web",
            "application/grpc;x=1",
        ] {
            assert!(speaks(grpc), "{grpc}");
        }
        for http in ["", "application/json", "application/grpcs", "text/application/grpc"] {
            assert!(!speaks(http), "{http}");
        }
        assert!(!speaks_grpc(&[]));
    }
}
