//! Bytes as text in which each character is one byte (ISO 8859-1): how scenarios write, and the
//! echoing service tells, header values and paths that need not be UTF-8.

use anyhow::{Result, anyhow};

/// The bytes that a text stands for.
///
/// # Errors
/// A character above U+00FF stands for no byte.
pub fn encode(text: &str) -> Result<Vec<u8>> {
    text.chars()
        .map(|c| {
            u8::try_from(u32::from(c))
                .map_err(|_| anyhow!("`{c}` is no byte: write UTF-8 as \\x escapes"))
        })
        .collect()
}

/// The text that stands for these bytes.
pub fn decode(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(encode(&decode(&bytes)).unwrap(), bytes);
        assert!(encode("Ā").is_err());
    }
}
