//! Texts that must have a form.

use crate::StringPattern;
use attache_config_reader::quote;

/// Reads a text that is compared with a claim or a header parameter: not empty, not endless.
pub(super) fn value(text: &str) -> Result<String, String> {
    if text.is_empty() {
        Err("an empty value; name one".to_owned())
    } else if text.len() > 2048 {
        Err("a value has 2048 bytes at most".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// Reads a cookie's name (RFC 6265 section 4.1.1).
pub(super) fn cookie(text: &str) -> Result<String, String> {
    let token = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c);
    if !text.is_empty() && text.len() <= 256 && text.bytes().all(token) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{} is no cookie name; use 1 to 256 letters, digits and !#$%&'*+-.^_`|~",
            quote(text)
        ))
    }
}

/// Reads a query parameter's name, of characters that no client encodes.
pub(super) fn param(text: &str) -> Result<String, String> {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"-._~".contains(&c);
    if !text.is_empty() && text.len() <= 256 && text.bytes().all(plain) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{} is no parameter name; use 1 to 256 letters, digits, `-`, `.`, `_` and `~`",
            quote(text)
        ))
    }
}

/// Reads a role.
pub(super) fn role(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > 256 {
        Err("a role has 1 to 256 bytes".to_owned())
    } else if text.contains('*') {
        Err(format!(
            "{} holds `*`, but roles are compared byte for byte; name each role",
            quote(text)
        ))
    } else {
        Ok(text.to_owned())
    }
}

/// Reads an HTTP method.
pub(super) fn method(text: &str) -> Result<String, String> {
    let upper = text.to_ascii_uppercase();
    let token = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c);
    if text == "*" {
        Err("leave the key out for every method".to_owned())
    } else if text.is_empty() || text.len() > 64 || text.contains('*') || !text.bytes().all(token) {
        Err(format!("{} is no HTTP method, such as `GET`", quote(text)))
    } else if upper == text {
        Ok(upper)
    } else {
        Err(format!("methods are in upper case: write `{upper}`"))
    }
}

/// Reads a pattern of principals.
pub(super) fn principal(text: &str) -> Result<StringPattern, String> {
    match text.strip_prefix("spiffe://") {
        Some(rest) => {
            Err(format!("a principal is written without `spiffe://`: write {}", quote(rest)))
        }
        None => StringPattern::parse(text),
    }
}

/// Reads the name of a namespace (RFC 1123 label).
pub(super) fn namespace(text: &str) -> Result<String, String> {
    if text.len() <= 63 && is_label(text) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{} is no namespace: use 1 to 63 of a-z, 0-9 and `-`, beginning and ending with a letter or digit",
            quote(text)
        ))
    }
}

/// Reads the name of a service account (RFC 1123 subdomain).
pub(super) fn service_account(text: &str) -> Result<String, String> {
    if is_subdomain(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("{} is no service account: use 1 to 253 of a-z, 0-9, `-` and `.`", quote(text)))
    }
}

/// Reads a service account, as `name` or `namespace/name`.
pub(super) fn service_account_anywhere(text: &str) -> Result<String, String> {
    if text.contains('*') {
        return Err(format!("{} holds `*`; for a pattern use `principals`", quote(text)));
    }
    match text.split_once('/') {
        Some((space, name)) => {
            namespace(space).and_then(|_| service_account(name)).map(|_| text.to_owned())
        }
        None => service_account(text),
    }
}

pub(super) fn is_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    let plain = |c: &u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(plain)
        && bytes.last().is_some_and(plain)
        && bytes.iter().all(|c| plain(c) || *c == b'-')
}
