//! What is said of values that do not belong where they stand.

use crate::{quote, suggestion};

/// What a message calls `true` and `false`.
pub(crate) const A_BOOLEAN: &str = "a Boolean";

/// What a message says of where a length of time belongs.
pub(crate) const A_DURATION: &str = "a duration such as `30s`";

/// Returns the message about a value of another kind than the one that belongs there. What stands
/// there is not repeated, in case it is a secret.
pub(crate) fn mismatch(expected: &str, got: &str) -> String {
    let hint = match got {
        A_BOOLEAN if expected.starts_with("a string") => {
            ", as YAML reads a bare yes, no, on, off, y or n; put it in quotes"
        }
        "null" => "",
        _ if expected == "a list" => "; a list of one has brackets around it: `[…]`",
        _ => "",
    };
    format!("expected {expected}, got {got}{hint}")
}

/// Returns the message about a key that is missing in an object.
pub(crate) fn missing_key(key: &str) -> String {
    format!("`{key}` is missing")
}

/// Returns the message about a text that is none of the words which may stand there.
pub(crate) fn unknown_word(text: &str, words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    let list = quoted.join(", ");
    match suggestion(text, words.iter().copied()) {
        Some(word) => format!("{} is none of {list}; did you mean `{word}`?", quote(text)),
        None => format!("{} is none of {list}", quote(text)),
    }
}

/// Returns the message about a text that is no duration.
pub(crate) fn not_a_duration(text: &str) -> String {
    let text = quote(text);
    format!("{text} is no duration; write whole numbers with h, m, s or ms, as `1h30m`")
}

/// Returns the message about a number where a duration belongs.
pub(crate) fn without_unit(value: f64) -> String {
    format!("`{value}` has no unit; write `{value}s` if these are seconds, `{value}m` if minutes")
}
