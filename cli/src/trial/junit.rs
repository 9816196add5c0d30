//! What ran, in JUnit's form: what CI systems show.

use super::Suite;
use crate::xml::attribute;
use std::fmt::Write as _;

/// Returns the suites as one JUnit document.
pub(crate) fn junit(suites: &[Suite]) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for suite in suites {
        _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\">",
            attribute(&suite.file),
            suite.outcomes.len(),
            suite.failed()
        );
        for outcome in &suite.outcomes {
            let (name, class) = (attribute(&outcome.name), attribute(&suite.title));
            if outcome.differences.is_empty() {
                _ = writeln!(xml, "    <testcase name=\"{name}\" classname=\"{class}\"/>");
            } else {
                let message = attribute(&outcome.differences.join("; "));
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
