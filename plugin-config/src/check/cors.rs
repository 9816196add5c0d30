//! Which pages may read a refusal.

use super::Checker;
use crate::document::ResponsesCorsDocument;
use crate::{AllowedOrigins, RefusalCors};
use attache_config_reader::{List, PathRef, quote};

/// Reads `responses.cors`.
pub(super) fn refusal_cors(
    document: Option<&ResponsesCorsDocument>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Option<RefusalCors> {
    let document = document?;
    let allow_credentials = document.allow_credentials.unwrap_or(false);
    let list = document.allow_origins.get().ok();
    let origins = checker.strings(list, &at.key("allowOrigins"), origin);
    let any = origins.iter().any(|origin| origin == "*");
    if any && list.is_some_and(|list: &List<String>| list.len() > 1) {
        checker.error(
            &at.key("allowOrigins"),
            "`*` stands for every origin; leave it or the others out",
        );
    }
    if any && allow_credentials {
        let message = "browsers take no credentials where any origin may read; name the origins, or leave this out";
        checker.error(&at.key("allowCredentials"), message);
    }
    let allow_origins = if any { AllowedOrigins::Any } else { AllowedOrigins::These(origins) };
    Some(RefusalCors { allow_origins, allow_credentials })
}

/// Reads an origin as browsers send it (RFC 6454 section 6.2).
fn origin(text: &str) -> Result<String, String> {
    if text == "*" {
        return Ok(text.to_owned());
    }
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b".-_:[]".contains(&c);
    let (scheme, host) = text.split_once("://").unwrap_or_default();
    let is_scheme =
        scheme.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || b"+-.".contains(&c));
    let default_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => "://",
    };
    if host.ends_with(default_port) {
        Err(format!("{} has the port that browsers leave out; leave it out", quote(text)))
    } else if !scheme.is_empty()
        && is_scheme
        && !host.is_empty()
        && text.len() <= 256
        && host.bytes().all(plain)
    {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{} is no origin; write scheme, host and port as browsers send them: `https://shop.example.com`",
            quote(text)
        ))
    }
}
