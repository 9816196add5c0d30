//! The line of a text that a finding is about.

use attache_config_reader::Span;
use std::ops::Range;

/// The longest part of a line that is shown, in bytes: a key set may stand on a line of megabytes.
const MAX_LINE: usize = 240;
/// How much of a longer line is shown before what is underlined.
const BEFORE: usize = 80;

/// The line on which something begins, and what of it to underline.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt<'t> {
    /// The line, or the part of it that is shown.
    pub(super) line: &'t str,
    /// The number of the line, from 1.
    pub(super) number: usize,
    /// The bytes of `line` to underline; empty at a place between two characters.
    pub(super) marked: Range<usize>,
}

impl<'t> Excerpt<'t> {
    /// Cuts the line out of a text on which a span begins.
    pub(super) fn of(text: &'t str, span: Span) -> Self {
        let start = text.floor_char_boundary(span.start.byte);
        let end = text.floor_char_boundary(span.end.byte).max(start);
        let before = text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let rest = text.get(start..).unwrap_or_default();
        let line_end = start.saturating_add(rest.find(['\n', '\r']).unwrap_or(rest.len()));
        let (from, to) = if line_end.saturating_sub(line_start) <= MAX_LINE {
            (line_start, line_end)
        } else {
            let from = text.floor_char_boundary(start.saturating_sub(BEFORE)).max(line_start);
            (from, text.floor_char_boundary(from.saturating_add(MAX_LINE)).min(line_end))
        };
        let marked = start.saturating_sub(from)..end.min(to).saturating_sub(from);
        Self { line: text.get(from..to).unwrap_or_default(), number: span.start.line, marked }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attache_config_reader::Position;

    fn excerpt(text: &str, start: usize, end: usize) -> (&str, &str) {
        let position = |byte| Position { line: 1, column: 1, byte };
        let excerpt = Excerpt::of(text, Span { start: position(start), end: position(end) });
        (excerpt.line, excerpt.line.get(excerpt.marked).unwrap())
    }

    #[test]
    fn the_line_is_shown_and_no_other() {
        assert_eq!(excerpt("a: 1\nb: 22\r\nc: 3", 8, 10), ("b: 22", "22"));
        assert_eq!(excerpt("a: 1\nb:\n  c: 3\n", 5, 14), ("b:", "b:"));
        assert_eq!(excerpt("a", 1, 1), ("a", ""));
        assert_eq!(excerpt("", 9, 9), ("", ""));
        assert_eq!(excerpt("ä: ö", 4, 6), ("ä: ö", "ö"));
        assert_eq!(excerpt("ä: ö", 1, 5), ("ä: ö", "ä: "));
    }

    #[test]
    fn of_a_long_line_what_is_round_the_place_is_shown() {
        let text = format!("{}x{}", "ä".repeat(1000), "b".repeat(1000));
        let (line, marked) = excerpt(&text, 2000, 2001);
        assert_eq!((marked, line.len() <= MAX_LINE, line.starts_with('ä')), ("x", true, true));
        let (line, marked) = excerpt(&text, 2000, 3001);
        assert_eq!((line.ends_with(marked), marked.len()), (true, MAX_LINE - BEFORE));
    }
}
