//! Numbers and certificates of a key, as base64.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Decodes base64url (RFC 7515 section 2), with or without padding and in the other alphabet of RFC
/// 4648 too: providers write a key's numbers in all of these, and each has one reading.
///
/// # Errors
/// What is wrong with the text, without repeating it.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, String> {
    let digits = text.trim_end_matches('=');
    let padding = text.len().saturating_sub(digits.len());
    if padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) {
        return Err(
            "has more or less `=` at its end than base64 wants; copy the key anew".to_owned()
        );
    }
    if let Some(at) = digits.bytes().position(|c| !is_digit(c)) {
        return Err(format!(
            "has a character at position {} that is none of base64url (RFC 7515 section 2); copy the key anew",
            at.saturating_add(1)
        ));
    }
    let digits = digits.replace('+', "-").replace('/', "_");
    match URL_SAFE_NO_PAD.decode(digits) {
        Ok(value) if value.is_empty() => Err("is empty; copy the key anew".to_owned()),
        Ok(value) => Ok(value),
        Err(_) => Err("is base64url that was cut off; copy the key anew".to_owned()),
    }
}

/// Returns the number without zero bytes in front, which say nothing.
pub(super) fn without_zeros(number: &[u8]) -> &[u8] {
    let start = number.iter().position(|&byte| byte != 0).unwrap_or(number.len());
    number.get(start..).unwrap_or_default()
}

fn is_digit(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'+' | b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_with_one_reading_is_read() {
        for text in ["-_8", "-_8=", "+/8", "+/8=", "-/8"] {
            assert_eq!(decode(text), Ok(vec![0xfb, 0xff]), "{text}");
        }
        for (text, why) in [
            ("", "empty"),
            ("=", "`=`"),
            ("-_8==", "`=`"),
            ("AAAA====", "`=`"),
            ("A=AA", "position 2"),
            ("-_ 8", "position 3"),
            ("\u{e9}A", "position 1"),
            ("-_9", "cut off"),
            ("A", "cut off"),
        ] {
            let found = decode(text).expect_err(text);
            assert!(found.contains(why), "{text}: {found}");
        }
    }
}
