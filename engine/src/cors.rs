//! What lets a page in a browser read a refusal (Fetch standard, HTTP CORS protocol). Without it a
//! script can't tell a 401 from a broken network, and so can't log its user in again.

use attache_plugin_config::{AllowedOrigins, RefusalCors};

/// The headers of a refusal that a script may read beside the few that every script may.
const EXPOSED: &str = "www-authenticate, retry-after";

/// Returns the headers of an answer to a page of this origin; none to others, and none to what
/// names no origin.
///
/// An origin is named in the answer only if the configuration names it, byte for byte, so that
/// credentials are never allowed to whoever asks. Where answers depend on the origin, caches are
/// told.
#[inline(never)]
pub(crate) fn headers(cors: &RefusalCors, origin: Option<&[u8]>) -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    let allowed = match &cors.allow_origins {
        AllowedOrigins::Any => origin.map(|_| "*"),
        AllowedOrigins::These(origins) => {
            headers.push(("vary", "origin".to_owned()));
            let known = |origin: &[u8]| origins.iter().find(|known| known.as_bytes() == origin);
            origin.and_then(known).map(String::as_str)
        }
    };
    let Some(allowed) = allowed else { return headers };
    headers.push(("access-control-allow-origin", allowed.to_owned()));
    headers.push(("access-control-expose-headers", EXPOSED.to_owned()));
    if cors.allow_credentials && allowed != "*" {
        headers.push(("access-control-allow-credentials", "true".to_owned()));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn these(origins: &[&str], allow_credentials: bool) -> RefusalCors {
        let origins = origins.iter().map(|&origin| origin.to_owned()).collect();
        RefusalCors { allow_origins: AllowedOrigins::These(origins), allow_credentials }
    }

    fn value(headers: &[(&'static str, String)], name: &str) -> Option<String> {
        headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }

    #[test]
    fn a_named_origin_may_read_the_answer_and_what_it_says_of_logging_in() {
        let cors = these(&["https://shop.example", "http://localhost:3000"], true);
        for origin in ["https://shop.example", "http://localhost:3000"] {
            let headers = headers(&cors, Some(origin.as_bytes()));
            assert_eq!(value(&headers, "access-control-allow-origin").as_deref(), Some(origin));
            assert_eq!(
                value(&headers, "access-control-allow-credentials").as_deref(),
                Some("true")
            );
            assert_eq!(value(&headers, "access-control-expose-headers").as_deref(), Some(EXPOSED));
            assert_eq!(value(&headers, "vary").as_deref(), Some("origin"));
        }
    }

    #[test]
    fn an_origin_is_never_reflected() {
        let cors = these(&["https://shop.example"], true);
        for origin in [
            "https://evil.example",
            "https://shop.example.evil.example",
            "https://shop.example:8443",
            "http://shop.example",
            "https://SHOP.example",
            "https://shop.example/",
            "https://shop.exampl",
            "https://shop.example, https://evil.example",
            "null",
            "*",
            "",
        ] {
            let headers = headers(&cors, Some(origin.as_bytes()));
            assert_eq!(headers, [("vary", "origin".to_owned())], "{origin}");
        }
        assert_eq!(headers(&cors, None), [("vary", "origin".to_owned())]);
        assert_eq!(headers(&cors, Some(b"https://\xff")), [("vary", "origin".to_owned())]);
    }

    #[test]
    fn where_any_origin_may_read_none_may_with_credentials() {
        for allow_credentials in [false, true] {
            let cors = RefusalCors { allow_origins: AllowedOrigins::Any, allow_credentials };
            let headers = headers(&cors, Some(b"https://evil.example"));
            assert_eq!(value(&headers, "access-control-allow-origin").as_deref(), Some("*"));
            assert_eq!(value(&headers, "access-control-allow-credentials"), None);
        }
    }
}
