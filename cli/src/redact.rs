//! Secrets in texts: tokens, private keys, passwords. Whatever is told of a text leaves them out.

use std::ops::Range;

/// What stands for a secret in a message.
const HIDDEN: &str = "…";

/// Names of members that hold a secret, in lower case and without `-` and `_`: those of a JWK (RFC
/// 7518 section 6), and what others call a secret.
const NAMES: [&str; 19] = [
    "k",
    "d",
    "p",
    "q",
    "dp",
    "dq",
    "qi",
    "oth",
    "priv",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "clientsecret",
    "sharedsecret",
    "hmacsecret",
    "privatekey",
    "apikey",
    "jwtsource",
];

/// The least length of a value that is a secret by a name of one or two letters alone, where these
/// may be other names, too.
pub(crate) const MIN_OF_SHORT_NAME: usize = 16;

/// Returns whether a member of this name holds a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| !matches!(c, '-' | '_')).collect();
    NAMES.iter().any(|known| plain.eq_ignore_ascii_case(known))
}

/// Returns whether a name tells of a secret, or only of its own name: `signingKey`, `pullSecret`.
pub(crate) fn is_likely_name(name: &str) -> bool {
    // What is called `key` alone is the name of something nearly everywhere.
    let lower = name.to_ascii_lowercase();
    lower != "key" && ["key", "secret", "password"].iter().any(|end| lower.ends_with(end))
}

/// Returns whether a name is one of a JWK's, so short that others may mean something else by it.
pub(crate) fn is_short_name(name: &str) -> bool {
    name.len() <= 2
}

/// Returns whether a text is a secret whatever its name: a private key in PEM, or a token.
pub(crate) fn is_secret_text(text: &str) -> bool {
    // The second is how the first begins in base64.
    (text.contains("-----BEGIN ") && text.contains("PRIVATE KEY"))
        || text.contains("LS0tLS1CRUdJTi")
        || tokens(text).next().is_some()
}

/// Returns a message without the secrets that can be told from other words by their form: tokens,
/// credentials behind a scheme, private keys in PEM or as members of JSON, user and password of a
/// URL.
pub(crate) fn redacted(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut end = 0;
    for range in merged(found(text, true, 1)) {
        shown.push_str(text.get(end..range.start).unwrap_or_default());
        shown.push_str(HIDDEN);
        end = range.end;
    }
    shown.push_str(text.get(end..).unwrap_or_default());
    shown
}

/// Returns where secrets stand in a source text, as far as its lines tell. `is_read`: its members
/// are known, so that a short name may be another's than a key's.
pub(crate) fn in_source(text: &str, is_read: bool) -> Vec<Range<usize>> {
    let least = if is_read { MIN_OF_SHORT_NAME } else { 1 };
    found(text, false, least)
}

/// Returns where secrets stand in a text, in no order. `needs_quotes` and `least` are as in
/// [`members`].
fn found(text: &str, needs_quotes: bool, least: usize) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = tokens(text).collect();
    ranges.extend(credentials(text));
    ranges.extend(private_pem(text));
    ranges.extend(userinfo(text));
    ranges.extend(members(text, needs_quotes, least));
    ranges
}

/// Returns ranges in their order, those that meet as one.
pub(crate) fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// Finds what looks like a JWT (RFC 7519): `eyJ`, which is how an object begins in base64url, and
/// what belongs to it.
fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.=".contains(&byte);
    text.match_indices("eyJ").filter_map(move |(start, _)| {
        let before = text.as_bytes().get(..start).and_then(|before| before.last());
        if before.is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let range = start..run(text, start, is_of_token);
        (range.len() >= 12).then_some(range)
    })
}

/// Finds what stands behind the name of a scheme (RFC 9110 section 11.4).
fn credentials(text: &str) -> Vec<Range<usize>> {
    let is_of_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    let lower = text.to_ascii_lowercase();
    let mut ranges = Vec::new();
    for scheme in ["bearer ", "basic "] {
        for (at, _) in lower.match_indices(scheme) {
            let start = at.saturating_add(scheme.len());
            let range = start..run(text, start, is_of_token);
            if range.len() >= 8 {
                ranges.push(range);
            }
        }
    }
    ranges
}

/// Finds private keys in PEM (RFC 7468): all of it, up to the end of the text where no end is
/// marked.
fn private_pem(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for (start, begin) in text.match_indices("-----BEGIN ") {
        let rest = text.get(start.saturating_add(begin.len())..).unwrap_or_default();
        let label = rest.split("-----").next().unwrap_or_default();
        if label.contains("PRIVATE") {
            let end = rest.find("-----END").map_or(rest.len(), |at| at);
            ranges.push(start..start.saturating_add(begin.len()).saturating_add(end));
        }
    }
    ranges
}

/// Finds user and password of URLs (RFC 3986 section 3.2.1), also where the password holds what it
/// may not.
fn userinfo(text: &str) -> Vec<Range<usize>> {
    let is_of_url = |byte: u8| !byte.is_ascii_whitespace() && !b"\"'`<>,".contains(&byte);
    let mut ranges = Vec::new();
    for (at, separator) in text.match_indices("://") {
        let start = at.saturating_add(separator.len());
        let url = text.get(start..run(text, start, is_of_url)).unwrap_or_default();
        let authority = url.split(['/', '?', '#']).next().unwrap_or_default();
        let port = authority.split_once(':').map(|(_, port)| port);
        let is_torn = port.is_some_and(|port| port.bytes().any(|byte| !byte.is_ascii_digit()));
        let end = authority.rfind('@').or_else(|| url.rfind('@').filter(|_| is_torn));
        ranges.extend(end.map(|end| start..start.saturating_add(end)));
    }
    ranges
}

/// Finds values of members that hold secrets: `"k": "…"`, and where names need no quotes, `k: …`
/// too, up to the end of what may be the value. `least` is the least length of what a short name is
/// followed by.
fn members(text: &str, needs_quotes: bool, least: usize) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for (colon, _) in text.match_indices(':') {
        let before = text.get(..colon).unwrap_or_default().trim_end_matches([' ', '\t']);
        let quoted = before.trim_end_matches(['"', '\'', '\\']);
        if needs_quotes && quoted.len() == before.len() {
            continue;
        }
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let name_start = quoted.rfind(|c| !is_of_name(c)).map_or(0, |at| {
            at.saturating_add(
                quoted.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8),
            )
        });
        let name = quoted.get(name_start..).unwrap_or_default().trim_start_matches('-');
        if !is_secret_name(name) {
            continue;
        }
        let range = value_behind(text, colon.saturating_add(1));
        if !is_short_name(name) || range.len() >= least {
            ranges.push(range);
        }
    }
    ranges
}

/// Returns where the value ends that begins behind a colon: at its second quote, else where a flow
/// goes on or the line ends.
fn value_behind(text: &str, colon: usize) -> Range<usize> {
    let start = run(text, colon, |byte| b" \t\\".contains(&byte));
    let rest = text.get(start..).unwrap_or_default();
    let end = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let inner = rest.get(1..).unwrap_or_default();
            inner.find([quote, '\\']).map_or(rest.len(), |at| at.saturating_add(1))
        }
        _ => rest.find([',', '}', ']', '\n', '\r']).unwrap_or(rest.len()),
    };
    let inner = usize::from(matches!(rest.chars().next(), Some('"' | '\'')));
    start.saturating_add(inner)..start.saturating_add(end)
}

/// Returns where a run of such bytes ends that begins here.
fn run(text: &str, start: usize, is_part: impl Fn(u8) -> bool) -> usize {
    let rest = text.as_bytes().get(start..).unwrap_or_default();
    start.saturating_add(rest.iter().position(|byte| !is_part(*byte)).unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_holds_no_secret() {
        for (text, expected) in [
            ("can't read `eyJhbGciOiJFUzI1NiJ9.e30.AQEB`: no file", "can't read `…`: no file"),
            (
                "header authorization: Bearer abcdef123456, which",
                "header authorization: Bearer …, which",
            ),
            ("Basic dXNlcjpwYXNzd29yZA==", "Basic …"),
            ("ask `http://admin:hunter2@gw:8080/tyk`", "ask `http://…@gw:8080/tyk`"),
            ("ask `http://admin:hun/ter2@gw/tyk`", "ask `http://…@gw/tyk`"),
            ("ask `http://gw:8080/a@b`", "ask `http://gw:8080/a@b`"),
            (r#"`{"kty":"oct","k":"AyM1SysPpby"}`"#, r#"`{"kty":"oct","k":"…"}`"#),
            (r#"`{\"kty\":\"oct\",\"k\":\"AyM1\"}`"#, r#"`{\"kty\":\"oct\",\"k\":\"…\"}`"#),
            ("issuers[0].jwks.keys[0].k: is private", "issuers[0].jwks.keys[0].k: is private"),
            (
                "a -----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY----- b",
                "a …-----END EC PRIVATE KEY----- b",
            ),
            ("-----BEGIN PRIVATE KEY-----\nMHcC", "…"),
            ("-----BEGIN PUBLIC KEY-----\nMFkw", "-----BEGIN PUBLIC KEY-----\nMFkw"),
            ("give the token alone, without `Bearer`", "give the token alone, without `Bearer`"),
            ("the key journeyJump stays", "the key journeyJump stays"),
        ] {
            assert_eq!(redacted(text), expected);
        }
    }

    #[test]
    fn a_source_line_has_its_secrets_found() {
        let found = |text: &str, is_read| -> Vec<String> {
            merged(in_source(text, is_read))
                .into_iter()
                .filter_map(|range| text.get(range).map(str::to_owned))
                .collect()
        };
        assert_eq!(found("- {kty: oct, k: abc, use: sig}", false), ["abc"]);
        assert_eq!(found("- {k: 'a b', d: \"c\"}", false), ["a b", "c"]);
        assert_eq!(found("labels: {k: v}", true), [""; 0]);
        assert_eq!(
            found("k: AyM1SysPpbyDfgZld3umj1qzKObwVMko", true),
            ["AyM1SysPpbyDfgZld3umj1qzKObwVMko"]
        );
        assert_eq!(found("  client_secret: hunter2 # old", true), ["hunter2 # old"]);
        assert_eq!(found("task: x\nbook: y", false), [""; 0]);
        assert_eq!(found("url: oci://u:p@registry.example/a", true), ["u:p"]);
    }
}
