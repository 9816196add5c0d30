//! What stands behind `...`, the end of a document.

use super::{Position, SyntaxError};

/// Refuses a document that begins behind `...` without `---`. YAML 1.2 takes it, and kubectl, which
/// takes a text apart at `---` alone and reads one document of each part, passes over it unsaid.
pub(super) fn check(text: &str) -> Result<(), SyntaxError> {
    let (mut byte, mut is_after_end) = (0_usize, false);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if is_marker(line, "...") {
            is_after_end = true;
        } else if is_marker(line, "---") {
            is_after_end = false;
        } else if is_after_end && !is_empty(line) {
            let position = Position { line: index.saturating_add(1), column: 1, byte };
            let message =
                "kubectl passes over what stands after `...`; begin the document with `---`";
            return Err(SyntaxError::new(position, message));
        }
        byte = byte.saturating_add(line.len());
    }
    Ok(())
}

/// Returns whether a line is a marker of a document, which no content can begin with.
fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

/// Returns whether a line has no content: it is blank, a comment, or a directive of the document
/// that follows.
fn is_empty(line: &str) -> bool {
    let line = line.trim_start_matches('\u{feff}').trim();
    line.is_empty() || line.starts_with(['#', '%'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_begins_with_its_marker() {
        for (text, line) in [
            ("a: 1\n...\nb: 2\n", Some(3)),
            ("a: 1\n... # x\n# y\n\n[b]\n---\nc: 3\n", Some(5)),
            ("...\r\na: 1\r\n", Some(2)),
            ("a: 1\n...\n", None),
            ("a: 1\n...\n# x\n...\n%YAML 1.2\n---\nb: 2\n", None),
            ("a: |\n  ...\n  b\nc: ...\n...d: 1\n", None),
            ("", None),
        ] {
            let error = check(text).err();
            assert_eq!(error.map(|error| error.position.line), line, "{text}");
        }
    }
}
