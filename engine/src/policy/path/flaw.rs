//! What is wrong with a path that no rule judges. Not in the module.

use super::decode::{self, Next};
use super::{AmbiguousPaths, read_path};

/// Returns why a path can't be read, in words that follow "the path"; `None` where it can.
pub(crate) fn path_flaw(raw: &[u8], ambiguous: AmbiguousPaths) -> Option<String> {
    read_path(raw, ambiguous).err()?;
    if raw.is_empty() || !raw.starts_with(b"/") {
        return Some("does not begin with `/`".to_owned());
    }
    let decoded = match decoded(raw) {
        Ok(decoded) => decoded,
        Err(words) => return Some(words),
    };
    if std::str::from_utf8(&decoded).is_err() {
        return Some("is no UTF-8 once it is decoded".to_owned());
    }
    if ambiguous == AmbiguousPaths::Refuse {
        let oddity = oddity(raw, &decoded);
        return Some(format!(
            "{oddity}, and here such a path is refused (`paths: {{ambiguous: REFUSE}}`, or no rule names paths)"
        ));
    }
    if hides_control(&decoded) {
        return Some("has a control character that is encoded twice".to_owned());
    }
    Some("can be read in more ways than are compared: 32, or 64 KiB of them".to_owned())
}

/// Returns a path decoded once.
///
/// # Errors
/// What no server should be given, as words.
fn decoded(raw: &[u8]) -> Result<Vec<u8>, String> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw;
    loop {
        let Next { byte, encoded, after } = match decode::next(rest) {
            Ok(Some(next)) => next,
            Ok(None) => return Ok(decoded),
            Err(_) => return Err("has a `%` without two hexadecimal digits behind it".to_owned()),
        };
        if byte.is_ascii_control() {
            return Err(format!(
                "has the control character {byte:#04x}{}",
                if encoded { ", encoded" } else { "" }
            ));
        }
        if !encoded && matches!(byte, b' ' | b'#' | b'?') {
            return Err(format!("has a bare `{}`", char::from(byte)));
        }
        decoded.push(byte);
        rest = after;
    }
}

/// Returns what could be read in two ways.
fn oddity(raw: &[u8], decoded: &[u8]) -> &'static str {
    let segments = || decoded.split(|&byte| byte == b'/').skip(1);
    let count = |path: &[u8], byte: u8| path.iter().filter(|&&other| other == byte).count();
    if segments().any(|segment| matches!(segment, b"." | b"..")) {
        "has a dot segment"
    } else if decoded.contains(&b';') {
        "has a `;`"
    } else if decoded.contains(&b'\\') {
        "has a backslash"
    } else if count(decoded, b'/') > count(raw, b'/') {
        "has an encoded slash"
    } else if decoded.windows(2).any(|pair| pair == b"//") {
        "has an empty segment (`//`)"
    } else {
        "is encoded twice"
    }
}

/// Returns whether decoding a second time makes a control character.
fn hides_control(decoded: &[u8]) -> bool {
    decoded.windows(3).any(|window| {
        matches!(decode::next(window), Ok(Some(Next { byte, encoded: true, .. })) if byte.is_ascii_control())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_that_is_refused_has_its_words() {
        for (path, words) in [
            ("/a/%zz", "has a `%` without two hexadecimal digits behind it"),
            ("/a%", "has a `%` without two hexadecimal digits behind it"),
            ("/a%00b", "has the control character 0x00, encoded"),
            ("/a\u{1b}[0m", "has the control character 0x1b"),
            ("/a b", "has a bare ` `"),
            ("/a#b", "has a bare `#`"),
            ("a", "does not begin with `/`"),
            ("/%ff", "is no UTF-8 once it is decoded"),
            ("/a%2500", "has a control character that is encoded twice"),
            (
                "/a/b;c/x7%2f..//%5cz/z/%2e%2e/;d//%2f/e",
                "can be read in more ways than are compared: 32, or 64 KiB of them",
            ),
        ] {
            let found = path_flaw(path.as_bytes(), AmbiguousPaths::Compare);
            assert_eq!(found.as_deref(), Some(words), "{path:?}");
        }
        for path in ["/a", "/a/%2e%2e/b", "/a;b", "//a", "*"] {
            assert_eq!(path_flaw(path.as_bytes(), AmbiguousPaths::Compare), None, "{path}");
        }
    }

    #[test]
    fn where_all_are_refused_the_oddity_is_named() {
        for (path, words) in [
            ("/a/../b", "has a dot segment"),
            ("/a/%2E%2e", "has a dot segment"),
            ("/a;b", "has a `;`"),
            ("/a%3bb", "has a `;`"),
            ("/a\\b", "has a backslash"),
            ("/a%2fb", "has an encoded slash"),
            ("//a", "has an empty segment (`//`)"),
            ("/a%2541", "is encoded twice"),
        ] {
            let found = path_flaw(path.as_bytes(), AmbiguousPaths::Refuse).unwrap_or_default();
            assert!(found.starts_with(words), "{path}: {found}");
        }
    }
}
