//! The author's input inside messages.

use std::fmt::Write;

/// Returns a text in backticks, on one line and of 100 characters at most.
///
/// ```
/// assert_eq!(attache_config_reader::quote("a\nb"), r"`a\nb`");
/// ```
pub fn quote(text: &str) -> String {
    const MAX_CHARS: usize = 100;
    let mut quoted = String::from("`");
    for (count, c) in text.chars().enumerate() {
        if count == MAX_CHARS {
            quoted.push('…');
            break;
        }
        if c.is_control() {
            // Writing to a String cannot fail.
            let _ = write!(quoted, "{}", c.escape_default());
        } else {
            quoted.push(c);
        }
    }
    quoted.push('`');
    quoted
}
