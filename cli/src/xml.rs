//! Text in XML.

use crate::shown;

/// Returns a text as an attribute's value. What XML has no place for, and what is not plain, stands
/// as `\u{…}`.
pub(crate) fn attribute(text: &str) -> String {
    let mut escaped = String::new();
    for character in shown::escaped(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_holds_any_text() {
        let expected = r"a&lt;b&gt; &amp; &quot;c&quot;\u{a}\u{1}d\u{202e}";
        assert_eq!(attribute("a<b> & \"c\"\n\u{1}d\u{202e}"), expected);
    }
}
