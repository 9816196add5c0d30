//! base64url as RFC 7515 section 2 has it: no padding, no line breaks, no stray bits. Each byte string has exactly one
//! such text, so a token cannot be respelled.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Decodes one part of a token, or tells that it is not canonical.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn only_the_canonical_text_is_read() {
        assert_eq!(decode(""), Some(vec![]));
        assert_eq!(decode("-_8"), Some(vec![0xfb, 0xff]));
        for bad in ["-_8=", "-_9", "+/8", "-_ 8", "-_8\n", "A", "AA==", "AB", "-_8?", "\u{e9}A"] {
            assert_eq!(decode(bad), None, "{bad:?}");
        }
    }
}
