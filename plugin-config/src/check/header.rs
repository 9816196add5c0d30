//! Which headers may be written, and which may carry a token.

use attache_config_reader::HeaderName;

/// Returns why a header must not receive a claim; none if it may.
#[inline(never)]
pub(super) fn why_not_identity(header: &HeaderName) -> Option<&'static str> {
    // A backend may take `_` or `.` for `-`.
    let name = header.folded();
    let why = match name.as_str() {
        name if is_hop_by_hop(name) => "it belongs to the connection (RFC 9110 section 7.6.1)",
        "host" | "content-length" | "content-type" | "content-encoding" | "expect" | "range" => {
            "it says how to read the request"
        }
        "authorization" | "cookie" | "set-cookie" => "it carries credentials",
        "x-forwarded-for" | "x-forwarded-proto" | "x-forwarded-host" | "x-forwarded-port"
        | "forwarded" | "via" => "proxies write it, to say where a request comes from",
        "x-forwarded-client-cert" => "it is the mesh's own word on the caller's certificate",
        "x-request-id" | "traceparent" | "tracestate" | "baggage" | "b3" => "tracing writes it",
        "origin" => "browsers write it, and CORS depends on it",
        name if is_method_override(name) => "frameworks take it for the method",
        name if name.starts_with("x-envoy-") => "Envoy acts on it",
        name if name.starts_with("x-b3-") => "tracing writes it",
        name if name.starts_with("x-istio-") => "Istio writes it",
        name if name.starts_with("grpc-") => "gRPC acts on it",
        name if name.starts_with("access-control-") => "CORS depends on it",
        _ => return None,
    };
    Some(why)
}

/// Returns why a header cannot carry a token; none if it can.
#[inline(never)]
pub(super) fn why_not_location(header: &HeaderName) -> Option<&'static str> {
    match header.as_str() {
        "cookie" => Some("name the cookie in `fromCookies`"),
        "host" | "content-length" | "content-type" => Some("it says how to read the request"),
        _ if is_method_override(&header.folded()) => Some("frameworks take it for the method"),
        // A credential for a proxy, and Envoy is one.
        "proxy-authorization" => None,
        name if is_hop_by_hop(name) => {
            Some("it belongs to the connection (RFC 9110 section 7.6.1)")
        }
        name if name.starts_with("x-envoy-") => Some("Envoy acts on it"),
        _ => None,
    }
}

fn is_method_override(name: &str) -> bool {
    matches!(name, "x-http-method-override" | "x-http-method" | "x-method-override")
}

fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "http2-settings"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
    )
}
