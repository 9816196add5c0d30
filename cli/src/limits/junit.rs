//! What was found, in JUnit's form: a suite for each target, a case for each step.

use super::results::{Results, running};
use super::text::expected;
use crate::xml::attribute;
use std::fmt::Write as _;

/// Returns all of it as one document.
pub(super) fn junit(results: &Results) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for idle in results.idle.iter().filter(|idle| idle.is_mistake) {
        let (name, reason) = (attribute(&idle.api), attribute(&idle.reason));
        _ = writeln!(xml, "  <testsuite name=\"{name}\" tests=\"1\" failures=\"1\">");
        _ = writeln!(xml, "    <testcase name=\"definition\"><failure message=\"{reason}\"/></testcase>");
        xml.push_str("  </testsuite>\n");
    }
    for result in &results.list {
        let Some(judgement) = &result.judgement else { continue };
        let failed = judgement.steps.iter().filter(|step| !step.holds).count();
        let failures = failed.saturating_add(usize::from(!judgement.holds));
        let (name, tests) = (attribute(&result.name()), judgement.steps.len().saturating_add(1));
        _ = writeln!(xml, "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\">");
        for step in &judgement.steps {
            let kind = step.kind.name();
            if step.holds {
                _ = writeln!(xml, "    <testcase name=\"{kind}\" classname=\"{name}\"/>");
            } else {
                let message = format!("{} of {} passed, expected {}", step.passed, step.sent, expected(step));
                let message = attribute(&message);
                _ = writeln!(
                    xml,
                    "    <testcase name=\"{kind}\" classname=\"{name}\"><failure message=\"{message}\"/></testcase>"
                );
            }
        }
        let said =
            judgement.problems.iter().cloned().chain([format!("running: {}", running(&judgement.running))]);
        let said = attribute(&said.collect::<Vec<_>>().join("; "));
        let failure = if judgement.holds { String::new() } else { format!("<failure message=\"{said}\"/>") };
        _ = writeln!(xml, "    <testcase name=\"algorithm\" classname=\"{name}\">{failure}</testcase>");
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}
