//! Making what a client sent fit to be logged: bounded, printable, and without a token in it.

use std::fmt::Write as _;

/// How every JWT begins: `{"` in base64url.
const TOKEN_START: &[u8] = b"eyJ";

/// From how many bytes on something that begins like a token is taken for one.
const TOKEN_MIN: usize = 16;

/// The text of some bytes: what looks like a JWT left out, what is not UTF-8 as `\xNN`, control characters as `\u{…}`,
/// and `…` for what is beyond `limit` bytes.
pub(crate) fn printable(bytes: &[u8], limit: usize) -> String {
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

/// The first run of bytes that looks like a token: where it begins and where it ends.
fn find_token(bytes: &[u8]) -> Option<(usize, usize)> {
    let starts = bytes.windows(TOKEN_START.len()).enumerate().filter(|(_, window)| *window == TOKEN_START);
    starts.map(|(at, _)| at).find_map(|at| {
        let run = bytes.get(at..)?.iter().take_while(|byte| is_token_byte(**byte)).count();
        (run >= TOKEN_MIN).then(|| (at, at.saturating_add(run)))
    })
}

/// Base64url and dots, percent-encoded or not.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'%' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(printable("/orders/ä".as_bytes(), 100), "/orders/ä");
        assert_eq!(printable(b"", 100), "");
    }

    #[test]
    fn what_is_not_text_is_escaped() {
        assert_eq!(printable(b"a\xffb\xc3", 100), r"a\xffb\xc3");
        assert_eq!(printable(b"a\nb\x7f\x1b[0m", 100), r"a\nb\u{7f}\u{1b}[0m");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(printable("aää".as_bytes(), 2), "a…");
        assert_eq!(printable("aää".as_bytes(), 3), "aä…");
        assert_eq!(printable("aää".as_bytes(), 5), "aää");
        assert_eq!(printable(&[0xff; 1000], 10).len(), 10 + '…'.len_utf8());
    }

    #[test]
    fn tokens_are_left_out_wherever_they_stand() {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl";
        assert_eq!(printable(token.as_bytes(), 100), "[token]");
        assert_eq!(printable(format!("/a/{token}/b/{token}").as_bytes(), 100), "/a/[token]/b/[token]");
        assert_eq!(printable(format!("/eyJa/{token}").as_bytes(), 100), "/eyJa/[token]");
        assert_eq!(printable(format!("/{}", token.replace('.', "%2E")).as_bytes(), 100), "/[token]");
        // Cutting must not come first: it would leave a piece of the token.
        assert_eq!(printable(format!("/a/{token}").as_bytes(), 20), "/a/[token]");
    }
}
