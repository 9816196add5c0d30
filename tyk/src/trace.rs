//! By which ids the lines of one request are found again in the logs of its neighbours.

use crate::proto::MiniRequestObject;
use crate::request::header;
use tonic::metadata::MetadataMap;

/// The ids of a request.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// The trace (W3C Trace Context, or B3), or nothing.
    pub trace_id: String,
    /// `x-request-id`, as Envoy writes it, or nothing.
    pub request_id: String,
}

impl Trace {
    /// Returns the ids of a request. A gateway that traces tells its trace in the call's metadata;
    /// what the client sent stands in the request's headers, which go on untouched.
    pub fn of(metadata: &MetadataMap, request: Option<&MiniRequestObject>) -> Self {
        let told = |name: &str| metadata.get(name).and_then(|value| value.to_str().ok());
        let sent = |name: &str| request.and_then(|request| header(request, name));
        Self {
            trace_id: trace_id(told).or_else(|| trace_id(sent)).unwrap_or_default().to_owned(),
            request_id: sent("X-Request-Id").filter(|id| plain(id)).unwrap_or_default().to_owned(),
        }
    }
}

/// Returns the trace id of W3C Trace Context, of B3 in one header, or of B3 in several.
fn trace_id<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Option<&'a str> {
    let part = |name: &str, index: usize| hex_id(get(name)?.split('-').nth(index)?);
    // W3C has ids of 128 bits alone.
    let w3c = part("Traceparent", 1).filter(|id| id.len() == 32);
    w3c.or_else(|| part("B3", 0)).or_else(|| hex_id(get("X-B3-Traceid")?))
}

/// Returns an id of 64 or 128 bits; one of zeros is none.
fn hex_id(id: &str) -> Option<&str> {
    let is_hex = matches!(id.len(), 16 | 32) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hex && id.bytes().any(|byte| byte != b'0')).then_some(id)
}

/// Returns whether it has the form of an id: what a client makes up must not put its token into the
/// log.
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
        let headers =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Trace::of(&metadata, Some(&MiniRequestObject { headers, ..MiniRequestObject::default() }))
    }

    #[test]
    fn the_gateways_own_trace_comes_before_the_clients_header() {
        assert_eq!(of(Some(TOLD), &[]).trace_id, "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(
            of(Some(TOLD), &[("Traceparent", SENT)]).trace_id,
            "0af7651916cd43dd8448eb211c80319c"
        );
        assert_eq!(of(None, &[("traceparent", SENT)]).trace_id, "11111111111111111111111111111111");
        assert_eq!(
            of(Some("junk"), &[("Traceparent", SENT)]).trace_id,
            "11111111111111111111111111111111"
        );
        assert_eq!(of(None, &[("Traceparent", "00-junk-01")]).trace_id, "");
    }

    #[test]
    fn b3_is_as_good() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        for (name, value, expected) in [
            ("B3", format!("{id}-00f067aa0ba902b7-1"), id),
            ("X-B3-Traceid", id.to_owned(), id),
            ("X-B3-Traceid", "a3ce929d0e0e4736".to_owned(), "a3ce929d0e0e4736"),
            ("B3", "0".to_owned(), ""),
            ("Traceparent", "00-a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned(), ""),
            ("X-B3-Traceid", "0".repeat(32), ""),
            ("X-B3-Traceid", "eyJh.eyJi.c2ln".to_owned(), ""),
        ] {
            assert_eq!(of(None, &[(name, &value)]).trace_id, expected, "{name}: {value}");
            let mut metadata = MetadataMap::new();
            let key: tonic::metadata::MetadataKey<_> = name.to_lowercase().parse().unwrap();
            metadata.insert(key, value.parse().unwrap());
            assert_eq!(Trace::of(&metadata, None).trace_id, expected, "{name}: {value}, told");
        }
    }

    #[test]
    fn a_request_id_is_told_where_it_looks_like_one() {
        let id = "8b6f2d0e-5a7c-4f4e-9d3b-0a1b2c3d4e5f";
        assert_eq!(of(None, &[("X-Request-Id", id)]).request_id, id);
        assert_eq!(of(None, &[("X-Request-Id", "eyJh.eyJi.c2ln")]).request_id, "");
        assert_eq!(of(None, &[("X-Request-Id", &"a".repeat(65))]).request_id, "");
    }
}
