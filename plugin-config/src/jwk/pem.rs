//! PEM (RFC 7468): what stands between `-----BEGIN …-----` and `-----END …-----`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN ";

/// One block.
pub(super) struct Block<'t> {
    /// What it is said to hold: `PUBLIC KEY`, `CERTIFICATE`.
    pub(super) label: &'t str,
    /// Base64, with white space in it.
    body: &'t str,
}

/// Returns whether a text is meant to be PEM.
pub(super) fn is_pem(text: &str) -> bool {
    text.trim_start().starts_with(BEGIN)
}

/// Takes a text of blocks apart. Lines may be of any length, and be folded into one, as YAML does
/// it; between blocks there is only white space, so that nothing is read that its author did not
/// see as a key.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn blocks(text: &str) -> Result<Vec<Block<'_>>, &'static str> {
    let mut blocks = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (label, after) = rest.strip_prefix(BEGIN).and_then(|rest| rest.split_once("-----")).ok_or(
            "there is more than PEM blocks here; give only what stands from `-----BEGIN` to `-----END`",
        )?;
        let (body, after) = after
            .split_once("-----END ")
            .filter(|(body, _)| !body.contains('-'))
            .ok_or("a PEM block has no end; copy it anew")?;
        rest = after
            .strip_prefix(label)
            .and_then(|after| after.strip_prefix("-----"))
            .ok_or("a PEM block ends as another than it began; copy it anew")?
            .trim_start();
        blocks.push(Block { label, body });
    }
    Ok(blocks)
}

impl Block<'_> {
    /// Returns whether it holds what must not be known to others.
    pub(super) fn is_private(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }

    /// Returns what the block holds; `None` where that is no base64.
    pub(super) fn content(&self) -> Option<Vec<u8>> {
        base64(self.body)
    }
}

/// Decodes base64 with padding (RFC 4648 section 4), white space aside.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(digits).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_taken_apart_however_their_lines_are_folded() {
        for text in [
            "-----BEGIN A B-----\nAAEC\nAw==\n-----END A B-----\n",
            "\r\n-----BEGIN A B-----\r\nAAEC\r\nAw==\r\n-----END A B-----\r\n",
            "-----BEGIN A B----- AAEC Aw== -----END A B-----",
        ] {
            let blocks = blocks(text).unwrap();
            assert_eq!((blocks.len(), blocks[0].label), (1, "A B"));
            assert_eq!(blocks[0].content(), Some(vec![0, 1, 2, 3]));
        }
        let two =
            "-----BEGIN A-----\nAA==\n-----END A-----\n\n-----BEGIN B-----\nAQ==\n-----END B-----";
        assert_eq!(
            blocks(two).unwrap().iter().map(|block| block.label).collect::<Vec<_>>(),
            ["A", "B"]
        );
    }

    #[test]
    fn whatever_else_stands_there_is_refused() {
        for text in [
            "-----BEGIN A-----\nAA==",
            "-----BEGIN A-----\nAA==\n-----END B-----",
            "-----BEGIN A-----\nAA==\n-----END A-----\ntrailing",
            "subject=x\n-----BEGIN A-----\nAA==\n-----END A-----",
            "-----BEGIN A-----\n-----BEGIN B-----\nAA==\n-----END B-----\n-----END A-----",
            "-----BEGIN A",
        ] {
            assert!(blocks(text).is_err(), "{text}");
        }
        for body in ["A", "AA=", "A*==", "AB==", "Proc-Type: 4"] {
            assert_eq!(base64(body), None, "{body}");
        }
    }
}
