//! User input inside messages.

use std::fmt::Write;

/// The text in backticks, on one line and not too long.
pub(crate) fn quote(text: &str) -> String {
    const LONGEST: usize = 100;
    let mut quoted = String::from("`");
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
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
