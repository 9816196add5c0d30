//! By which ids the lines of one request are found again in the logs of its neighbours.

use crate::proto::MiniRequestObject;
use crate::request::header;
use tonic::metadata::MetadataMap;

/// The ids of a request.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// The trace (W3C Trace Context), or nothing.
    pub trace_id: String,
    /// `x-request-id`, as Envoy writes it, or nothing.
    pub request_id: String,
}

impl Trace {
    /// Returns the ids of a request. A gateway that traces tells its trace in the call's metadata; what the client sent
    /// stands in the request's header, which goes on untouched.
    pub fn of(metadata: &MetadataMap, request: Option<&MiniRequestObject>) -> Self {
        let named = metadata.get("traceparent").and_then(|value| value.to_str().ok()).and_then(trace_id);
        let sent = || request.and_then(|request| header(request, "Traceparent")).and_then(trace_id);
        let request_id = request.and_then(|request| header(request, "X-Request-Id"));
        Self {
            trace_id: named.or_else(sent).unwrap_or_default().to_owned(),
            request_id: request_id.filter(|id| plain(id)).unwrap_or_default().to_owned(),
        }
    }
}

fn trace_id(traceparent: &str) -> Option<&str> {
    let id = traceparent.split('-').nth(1)?;
    (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
}

/// Returns whether it has the form of an id: what a client makes up must not put its token into the log.
fn plain(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const SENT: &str = "00-11111111111111111111111111111111-b7ad6b7169203331-01";

    fn of(named: Option<&str>, headers: &[(&str, &str)]) -> Trace {
        let mut metadata = MetadataMap::new();
        if let Some(named) = named {
            metadata.insert("traceparent", named.parse().unwrap());
        }
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Trace::of(&metadata, Some(&MiniRequestObject { headers, ..MiniRequestObject::default() }))
    }

    #[test]
    fn the_gateways_own_trace_comes_before_the_clients_header() {
        assert_eq!(of(Some(TOLD), &[]).trace_id, "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(of(Some(TOLD), &[("Traceparent", SENT)]).trace_id, "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(of(None, &[("traceparent", SENT)]).trace_id, "11111111111111111111111111111111");
        assert_eq!(of(Some("junk"), &[("Traceparent", SENT)]).trace_id, "11111111111111111111111111111111");
        assert_eq!(of(None, &[("Traceparent", "00-junk-01")]).trace_id, "");
    }

    #[test]
    fn a_request_id_is_told_where_it_looks_like_one() {
        let id = "8b6f2d0e-5a7c-4f4e-9d3b-0a1b2c3d4e5f";
        assert_eq!(of(None, &[("X-Request-Id", id)]).request_id, id);
        assert_eq!(of(None, &[("X-Request-Id", "eyJh.eyJi.c2ln")]).request_id, "");
        assert_eq!(of(None, &[("X-Request-Id", &"a".repeat(65))]).request_id, "");
    }
}
