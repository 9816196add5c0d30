//! JSON, read strictly: no member twice, every error with its path.

use crate::node::Builder;
use crate::{Diagnostic, Node, PathRef};
use serde::de::DeserializeSeed;

/// Reads one JSON text (RFC 8259) in UTF-8, nested 127 levels deep at most.
///
/// What is repeated in an object is added to `repeated`, and the first kept.
///
/// ```
/// use attache_config_reader::{Node, read_json};
///
/// let mut repeated = Vec::new();
/// let node = read_json(br#"{"a": 1, "a": 2}"#, &mut repeated).unwrap();
/// assert_eq!(node.get("a"), Some(&Node::Number(1.0)));
/// assert_eq!(repeated[0].to_string(), "a: `a` is repeated in this object; keep one of them");
/// ```
///
/// # Errors
/// What else is wrong, with line and column: it ends the reading.
pub fn read_json(json: &[u8], repeated: &mut Vec<Diagnostic>) -> Result<Node, Diagnostic> {
    let at = &PathRef::Root;
    let text = match str::from_utf8(json) {
        Ok(text) => text,
        Err(error) => {
            let (line, column) = position(json, error.valid_up_to());
            return Err(
                at.error(format!("not UTF-8 at line {line} column {column}; save it as UTF-8"))
            );
        }
    };
    if text.starts_with('\u{feff}') {
        return Err(at.error("begins with a byte order mark; save it without one"));
    }
    // As bytes, as all that the filter reads: so its module has one parser.
    let mut parser = serde_json::Deserializer::from_slice(json);
    let read = (Builder { at, repeated }).deserialize(&mut parser);
    read.and_then(|node| parser.end().map(|()| node))
        .map_err(|error| at.error(format!("not JSON: {error}")))
}

/// Returns line and column, from 1, of a byte.
fn position(text: &[u8], byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let lines = before.iter().filter(|&&c| c == b'\n').count();
    let column = before.iter().rev().take_while(|&&c| c != b'\n').count();
    (lines.saturating_add(1), column.saturating_add(1))
}

#[cfg(test)]
mod suite_tests;
