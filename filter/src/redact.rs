//! Making what a client sent fit to be logged: bounded, printable, and without a token in it.

use std::fmt::Write as _;

/// From how many characters on a part is long enough for a token's header or signature:
/// `{"alg":"none"}` has 19.
const PART_MIN: usize = 16;

/// Returns the text of some bytes: what has the shape of a JWT left out, what is not UTF-8 as
/// `\xNN`, control characters as `\u{…}`, and `…` for what is beyond `limit` bytes.
pub(crate) fn redact(bytes: &[u8], limit: usize) -> String {
    let mut text = String::with_capacity(bytes.len().min(limit));
    for (part, is_token) in Parts(bytes) {
        if is_token {
            text.push_str("[token]");
        } else {
            append(&mut text, part, limit);
        }
        if text.len() > limit {
            let end = text.floor_char_boundary(limit);
            text.truncate(end);
            text.push('…');
            break;
        }
    }
    text
}

fn append(text: &mut String, bytes: &[u8], limit: usize) {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() {
                text.extend(character.escape_default());
            } else {
                text.push(character);
            }
            if text.len() > limit {
                return;
            }
        }
        for byte in chunk.invalid() {
            // Writing to a string can't fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
        if text.len() > limit {
            return;
        }
    }
}

/// Parts bytes into those that may be a token and those that are none.
struct Parts<'a>(&'a [u8]);

impl<'a> Iterator for Parts<'a> {
    type Item = (&'a [u8], bool);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let (start, end) = find_token(self.0).unwrap_or((self.0.len(), self.0.len()));
        let (end, is_token) = if start == 0 { (end, true) } else { (start, false) };
        let (part, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        Some((part, is_token))
    }
}

/// Returns the first run of bytes that has the shape of a token: where it begins and where it ends.
fn find_token(bytes: &[u8]) -> Option<(usize, usize)> {
    let (mut rest, mut characters) = (bytes, Vec::new());
    while !rest.is_empty() {
        let start = bytes.len().saturating_sub(rest.len());
        characters.clear();
        while let Some((character, after)) = token_character(rest) {
            characters.push(character);
            rest = after;
        }
        if is_token(&characters) {
            return Some((start, bytes.len().saturating_sub(rest.len())));
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    None
}

/// Returns the character of base64url, its padding, or the dot that bytes begin with,
/// percent-encoded any number of times or not at all; and what follows it.
fn token_character(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (character, after) = match bytes {
        [b'%', rest @ ..] => {
            let mut rest = rest;
            while let [b'2', b'5', after @ ..] = rest {
                rest = after;
            }
            let (digits, after) = rest.split_at_checked(2)?;
            (u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?, after)
        }
        [byte, after @ ..] => (*byte, after),
        [] => return None,
    };
    let fits = character.is_ascii_alphanumeric() || matches!(character, b'-' | b'_' | b'.' | b'=');
    fits.then_some((character, after))
}

/// Returns whether parts stand here as in a JWT: a long one and, not next to it, another, as header
/// and signature do; or one that is seen to be a header, whatever became of the rest.
fn is_token(characters: &[u8]) -> bool {
    let parts = || characters.split(|character| matches!(character, b'.' | b'='));
    let is_long = |part: &[u8]| part.len() >= PART_MIN;
    let Some(first) = parts().position(is_long) else { return false };
    parts().skip(first.saturating_add(2)).any(is_long)
        || parts().any(|part| is_long(part) && begins_as_object(part))
}

/// Returns whether base64url decodes to something that begins as a JSON object, after white space
/// or not.
fn begins_as_object(part: &[u8]) -> bool {
    let (mut bits, mut count, mut in_object) = (0_u32, 0_u32, false);
    for character in part {
        let sextet = match character {
            b'A'..=b'Z' => character.saturating_sub(b'A'),
            b'a'..=b'z' => character.saturating_sub(b'a').saturating_add(26),
            b'0'..=b'9' => character.saturating_sub(b'0').saturating_add(52),
            b'-' => 62,
            _ => 63,
        };
        bits = (bits << 6) | u32::from(sextet);
        count = count.saturating_add(6);
        if count < 8 {
            continue;
        }
        count = count.saturating_sub(8);
        match ((bits >> count) & 0xff, in_object) {
            (0x09 | 0x0a | 0x0d | 0x20, _) => {}
            (0x7b, false) => in_object = true,
            (0x22 | 0x7d, true) => return true,
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(redact("/orders/ä".as_bytes(), 100), "/orders/ä");
        assert_eq!(redact(b"", 100), "");
    }

    #[test]
    fn what_is_not_text_is_escaped() {
        assert_eq!(redact(b"a\xffb\xc3", 100), r"a\xffb\xc3");
        assert_eq!(redact(b"a\nb\x7f\x1b[0m", 100), r"a\nb\u{7f}\u{1b}[0m");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(redact("aää".as_bytes(), 2), "a…");
        assert_eq!(redact("aää".as_bytes(), 3), "aä…");
        assert_eq!(redact("aää".as_bytes(), 5), "aää");
        assert_eq!(redact(&[0xff; 1000], 10).len(), 10 + '…'.len_utf8());
    }

    #[test]
    fn tokens_are_left_out_wherever_they_stand() {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
        assert_eq!(redact(token.as_bytes(), 100), "[token]");
        assert_eq!(redact(format!("/a/{token}/b/{token}").as_bytes(), 100), "/a/[token]/b/[token]");
        assert_eq!(redact(format!("/eyJa/{token}").as_bytes(), 100), "/eyJa/[token]");
        assert_eq!(redact(format!("/{}", token.replace('.', "%2E")).as_bytes(), 100), "/[token]");
        assert_eq!(redact(format!("/{}", token.replace('.', "%252e")).as_bytes(), 100), "/[token]");
        assert_eq!(redact(format!("/t={token}").as_bytes(), 100), "/[token]");
        // Cutting must not come first: it would leave a piece of the token.
        assert_eq!(redact(format!("/a/{token}").as_bytes(), 20), "/a/[token]");
    }

    /// Returns `header` stands for that of a token whose signature is long, as every signature is.
    fn logged(header: &str) -> String {
        let token = format!("{header}.e30.{}", "c2lnbmF0dXJl".repeat(4));
        redact(format!("/a/{token}/b").as_bytes(), 100)
    }

    #[test]
    fn a_token_is_known_by_its_shape_and_not_by_its_first_letters() {
        let headers = [
            "eyAiYWxnIjoiSFMyNTYifQ",
            "ewogImFsZyI6IkhTMjU2In0",
            "IHsiYWxnIjoiSFMyNTYifQ",
            "DQp7ImFsZyI6IkhTMjU2In0",
            "%65yAiYWxnIjoiSFMyNTYifQ",
            "AAAAAAAAAAAAAAAAAAAA",
        ];
        for header in headers {
            assert_eq!(logged(header), "/a/[token]/b", "{header}");
        }
        for header in &headers[..5] {
            assert_eq!(redact(format!("/{header}/b").as_bytes(), 100), "/[token]/b", "{header}");
        }
    }

    #[test]
    fn hosts_versions_and_names_of_files_are_no_tokens() {
        for plain in [
            "orders.shop.svc.cluster.local",
            "a-service-with-a-long-name.shop.svc.cluster.local",
            "shop.example.com",
            "extraordinarily.example.com",
            "/assets/chunk-vendors-legacy.3f2a9c1b.css",
            "/v1.2.3/0190f7a4-95c2-7b3e-8c4d-1a2b3c4d5e6f",
            "2026-11-27T21.00.00",
        ] {
            assert_eq!(redact(plain.as_bytes(), 100), plain);
        }
    }
}
