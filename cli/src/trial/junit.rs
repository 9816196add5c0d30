//! What ran, in JUnit's form: what CI systems show.

use super::Suite;
use std::fmt::Write as _;

/// Returns the suites as one JUnit document.
pub(crate) fn junit(suites: &[Suite]) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for suite in suites {
        _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">",
            escaped(&suite.file),
            suite.outcomes.len(),
            suite.failed()
        );
        for outcome in &suite.outcomes {
            let (name, class) = (escaped(&outcome.name), escaped(&suite.title));
            if outcome.differences.is_empty() {
                _ = writeln!(xml, "    <testcase name=\"{name}\" classname=\"{class}\"/>");
            } else {
                let message = escaped(&outcome.differences.join("; "));
                _ = writeln!(
                    xml,
                    "    <testcase name=\"{name}\" classname=\"{class}\"><failure message=\"{message}\"/></testcase>"
                );
            }
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

/// Returns a text as an attribute's value. What XML has no place for is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(' '),
            control if control.is_control() => {}
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
        assert_eq!(escaped("a<b> & \"c\"\n\u{1}d"), "a&lt;b&gt; &amp; &quot;c&quot; d");
    }
}
