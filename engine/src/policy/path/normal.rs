//! One form of all paths that RFC 3986 section 6.2.2 says are the same: what needs no encoding is
//! decoded, what needs it is encoded in capital letters, and dot segments are resolved.
//!
//! It loses no data: empty segments, parameters and encoded separators stay, so it may have several
//! readings still.

use super::PathAmbiguous;
use super::decode::{Next, next};
use super::readings::without_dots;

/// Returns the form of a path, percent-encoded.
///
/// # Errors
/// It does not begin with `/`, or is not encoded as RFC 3986 section 2.1 has it.
pub(super) fn form(raw: &[u8]) -> Result<String, PathAmbiguous> {
    if !raw.starts_with(b"/") {
        return Err(PathAmbiguous);
    }
    let mut form = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(Next { byte, encoded, after }) = next(rest)? {
        let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if unreserved || (!encoded && byte.is_ascii() && byte != b'\\') {
            form.push(char::from(byte));
        } else {
            form.push('%');
            form.extend([byte >> 4, byte & 15].map(hex_digit));
        }
        rest = after;
    }
    Ok(without_dots(&form))
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase()
}
