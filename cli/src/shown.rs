//! Text of strangers, made fit for a terminal, a log of CI and Markdown.

use serde::Serialize;
use serde_json::Value;
use std::error::Error;
use std::path::Path;

/// The most characters of one text that are shown.
const MAX_CHARACTERS: usize = 600;

/// Returns what [`escaped`] does of the first 600 characters. What is beyond stands as `…`.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => escaped(text.get(..end).unwrap_or_default()) + "…",
        None => escaped(text),
    }
}

/// Returns a text in which nothing moves the cursor, colours, hides, or turns round what is
/// written: such characters stand as `\u{…}`.
pub(crate) fn escaped(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let is_command = matches!(character, ':' | '#') && is_command(text, at);
        if is_plain(character) && !is_command {
            whole.push(character);
        } else {
            whole.extend(character.escape_unicode());
        }
    }
    whole
}

/// Returns a path as a message may have it: on one line, whatever strangers call their files.
pub(crate) fn told_path(path: &Path) -> String {
    escaped(&path.display().to_string())
}

/// Returns what [`escaped`] does of each line of a text, without an end of the last.
pub(crate) fn escaped_lines(text: &str) -> String {
    text.lines().map(escaped).collect::<Vec<_>>().join("\n")
}

/// Returns whether a line would hold a command to GitHub Actions from here on: of the new form
/// where it begins so, whatever space is before, of the old one anywhere.
fn is_command(text: &str, at: usize) -> bool {
    let (before, rest) = text.split_at_checked(at).unwrap_or_default();
    (before.trim().is_empty() && rest.starts_with("::")) || rest.starts_with("##[")
}

/// Returns a value as JSON on lines of its own, for programs and on a terminal: what is not plain
/// stands as `\uXXXX`.
pub(crate) fn json_text(value: &Value) -> String {
    escaped_json(&format!("{value:#}")) + "\n"
}

/// Returns a value as YAML; as JSON, which is YAML too, where something in it is not plain.
///
/// # Errors
/// It has no form in them.
pub(crate) fn yaml_text(value: &impl Serialize) -> Result<String, Box<dyn Error>> {
    let yaml = serde_saphyr::to_string(value)?;
    if yaml.chars().all(|character| character == '\n' || is_plain(character))
        && !yaml.contains("##[")
    {
        return Ok(yaml);
    }
    Ok(json_text(&serde_json::to_value(value)?))
}

/// Returns JSON that says the same, in which what is not plain stands as `\uXXXX` (RFC 8259 section
/// 7).
pub(crate) fn escaped_json(json: &str) -> String {
    let mut whole = String::with_capacity(json.len());
    for (at, character) in json.char_indices() {
        let is_command = character == '#' && is_command(json, at);
        // Beyond strings JSON has no other characters than these.
        if character == '\n' || (is_plain(character) && !is_command) {
            whole.push(character);
        } else {
            let mut units = [0; 2];
            character
                .encode_utf16(&mut units)
                .iter()
                .for_each(|unit| whole.push_str(&format!("\\u{unit:04x}")));
        }
    }
    whole
}

/// Returns what [`escaped`] does in backticks, as code is in Markdown: no backtick of its own ends
/// it, and nothing in it is markup, a mention or a link.
pub(crate) fn quoted(text: &str) -> String {
    format!("`{}`", escaped(text).replace('`', r"\u{60}"))
}

/// Returns whether a character stands for itself, at one place, where it is written.
pub(crate) fn is_plain(character: char) -> bool {
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
            ("::error::a", r"\u{3a}:error::a"),
            (" ::error::a", r" \u{3a}:error::a"),
            ("a::b", "a::b"),
            ("a ##[error]b", r"a \u{23}#[error]b"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn json_says_the_same() {
        let value = serde_json::json!({"a\u{202e}": "\u{1b}[31m\u{9b}\u{e0001}ä\n##[error]", "b": [1, null]});
        let text = json_text(&value);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert!(text.chars().all(|character| character == '\n' || is_plain(character)), "{text}");
        assert!(!text.contains("##["), "{text}");
    }

    #[test]
    fn yaml_says_the_same() {
        for text in ["a", "a\u{202e}", "##[error]"] {
            let value = serde_json::json!({"a": [text]});
            let yaml = yaml_text(&value).unwrap();
            let read = attache_config_reader::read_yaml(&yaml).unwrap();
            assert_eq!(serde_json::to_value(read).unwrap(), value);
            assert_eq!(yaml == "a:\n- a\n", text == "a", "{yaml}");
            assert!(
                yaml.chars().all(|character| character == '\n' || is_plain(character)),
                "{yaml}"
            );
        }
    }

    #[test]
    fn nothing_ends_a_quotation() {
        assert_eq!(quoted("a`b\n"), r"`a\u{60}b\u{a}`");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(shown(&"ä".repeat(601)), format!("{}…", "ä".repeat(600)));
        assert_eq!(shown(&"ä".repeat(600)), "ä".repeat(600));
        assert_eq!(escaped(&"ä".repeat(601)), "ä".repeat(601));
    }
}
