//! Text of strangers, made fit for a terminal.

/// The most characters of one text that are shown.
const MAX_CHARACTERS: usize = 600;

/// Returns what [`escaped`] does of the first 600 characters. What is beyond stands as `…`.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => escaped(text.get(..end).unwrap_or_default()) + "…",
        None => escaped(text),
    }
}

/// Returns a text in which nothing moves the cursor, colours, hides, or turns round what is written: such characters stand
/// as `\u{…}`.
pub(crate) fn escaped(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    for character in text.chars() {
        if is_plain(character) {
            whole.push(character);
        } else {
            whole.extend(character.escape_unicode());
        }
    }
    whole
}

/// Returns whether a character stands for itself, at one place, where it is written.
fn is_plain(character: char) -> bool {
    let is_format = matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    );
    !character.is_control() && !is_format
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        for (text, expected) in [
            ("/orders/ä", "/orders/ä"),
            ("a\u{1b}[2Jb", r"a\u{1b}[2Jb"),
            ("a\u{9b}31mb", r"a\u{9b}31mb"),
            ("a\nb\rc\td", r"a\u{a}b\u{d}c\u{9}d"),
            ("a\u{202e}b\u{2066}c", r"a\u{202e}b\u{2066}c"),
            ("a\u{200b}b\u{feff}", r"a\u{200b}b\u{feff}"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(shown(&"ä".repeat(601)), format!("{}…", "ä".repeat(600)));
        assert_eq!(shown(&"ä".repeat(600)), "ä".repeat(600));
        assert_eq!(escaped(&"ä".repeat(601)), "ä".repeat(601));
    }
}
