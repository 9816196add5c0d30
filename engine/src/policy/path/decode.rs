//! Percent-decoding (RFC 3986 section 2.1).

use super::PathAmbiguous;

/// The first byte of a path, decoded, and what follows it.
pub(super) struct Next<'a> {
    pub byte: u8,
    pub encoded: bool,
    pub after: &'a [u8],
}

pub(super) fn next(raw: &[u8]) -> Result<Option<Next<'_>>, PathAmbiguous> {
    match raw {
        [] => Ok(None),
        [b'%', high, low, after @ ..] => {
            let byte = hex(*high).zip(hex(*low)).map(|(high, low)| (high << 4) | low);
            byte.map(|byte| Some(Next { byte, encoded: true, after })).ok_or(PathAmbiguous)
        }
        [b'%', ..] => Err(PathAmbiguous),
        [byte, after @ ..] => Ok(Some(Next { byte: *byte, encoded: false, after })),
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Returns whether something that is decoded could be decoded again.
pub(super) fn is_encoded(decoded: &[u8]) -> bool {
    decoded.windows(3).any(
        |window| matches!(window, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()),
    )
}
