//! base64url as RFC 7515 section 2 has it: no padding, no line breaks, no stray bits. Each byte
//! string has exactly one such text, so a token cannot be respelled.

use attache_plugin_config::Padding;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Decodes one part of a token, or tells that it is not canonical.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Decodes a part that its signature covers: it may have padding where that is allowed, since a
/// token so spelled is another one.
pub(super) fn decode_signed(text: &str, padding: Padding) -> Option<Vec<u8>> {
    match padding {
        Padding::Refused => decode(text),
        Padding::Allowed => decode(without_padding(text)),
    }
}

/// Returns a part without its padding (RFC 4648 section 4); as it is where it has none, or not what
/// it should have.
pub(super) fn without_padding(part: &str) -> &str {
    let digits = part.trim_end_matches('=');
    let padding = part.len().saturating_sub(digits.len());
    if padding <= 2 && part.len().is_multiple_of(4) { digits } else { part }
}

#[cfg(test)]
mod tests {
    use super::{decode, decode_signed, without_padding};
    use attache_plugin_config::Padding;

    #[test]
    fn only_the_canonical_text_is_read() {
        assert_eq!(decode(""), Some(vec![]));
        assert_eq!(decode("-_8"), Some(vec![0xfb, 0xff]));
        for bad in ["-_8=", "-_9", "+/8", "-_ 8", "-_8\n", "A", "AA==", "AB", "-_8?", "\u{e9}A"] {
            assert_eq!(decode(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn padding_is_exact_where_it_is_allowed() {
        let allowed = |text| decode_signed(text, Padding::Allowed);
        assert_eq!(allowed("-_8="), Some(vec![0xfb, 0xff]));
        assert_eq!(allowed("AA=="), Some(vec![0]));
        for canonical in ["", "-_8", "AA", "AAAA"] {
            assert_eq!(allowed(canonical), decode(canonical), "{canonical}");
        }
        for bad in [
            "=", "==", "====", "-_8==", "AA=", "AA===", "AAAA=", "AAAA====", "-_9=", "AB==",
            "A===", "A=A=", "=AAA",
        ] {
            assert_eq!(allowed(bad), None, "{bad}");
            assert_eq!(
                without_padding(bad).contains('='),
                !matches!(bad, "-_9=" | "AB=="),
                "{bad}"
            );
        }
        for padded in ["-_8=", "AA=="] {
            assert_eq!(decode_signed(padded, Padding::Refused), None, "{padded}");
        }
    }
}
