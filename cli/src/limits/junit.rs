//! What was found, in JUnit's form: a suite for each target, a case for each step. What was not
//! tried is skipped.

use super::results::{Result, Results, running};
use super::text::expected;
use crate::xml::attribute;
use attache_tyk_limits::judge::Judgement;
use std::fmt::Write as _;

/// Returns all of it as one document.
pub(super) fn junit(results: &Results) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for idle in results.idle.iter().filter(|idle| idle.is_mistake) {
        let (name, reason) = (attribute(&idle.api), attribute(&idle.reason));
        _ = writeln!(xml, "  <testsuite name=\"{name}\" tests=\"1\" failures=\"1\">");
        _ = writeln!(
            xml,
            "    <testcase name=\"definition\"><failure message=\"{reason}\"/></testcase>"
        );
        xml.push_str("  </testsuite>\n");
    }
    for result in &results.list {
        let cases = match (&result.judgement, &result.not_tried) {
            (Some(judgement), _) => judged(result, judgement),
            (None, Some(reason)) => vec![Case::skipped("all steps", reason.clone())],
            (None, None) => continue,
        };
        suite(&mut xml, &result.target.name(), &cases);
    }
    xml.push_str("</testsuites>\n");
    xml
}

enum Outcome {
    Passed,
    Failed(String),
    Skipped(String),
}

struct Case {
    name: String,
    outcome: Outcome,
}

impl Case {
    fn skipped(name: &str, reason: String) -> Self {
        Self { name: name.to_owned(), outcome: Outcome::Skipped(reason) }
    }
}

fn judged(result: &Result, judgement: &Judgement) -> Vec<Case> {
    let mut cases = Vec::new();
    for step in &judgement.steps {
        // A step that failed is told as that, whenever it was sent.
        if step.holds && judgement.untried.iter().any(|untried| untried.kind == step.kind) {
            continue;
        }
        let message =
            format!("{} of {} passed, expected {}", step.passed, step.sent, expected(step));
        let outcome = if step.holds { Outcome::Passed } else { Outcome::Failed(message) };
        cases.push(Case { name: step.kind.name().to_owned(), outcome });
    }
    for untried in &judgement.untried {
        let name = untried.kind.name();
        if !cases.iter().any(|case| case.name == name) {
            cases.push(Case::skipped(name, untried.reason.clone()));
        }
    }
    for left_out in &result.plan.left_out {
        let (name, reason) = left_out.split_once(": ").unwrap_or((left_out, ""));
        cases.push(Case::skipped(name, reason.to_owned()));
    }
    let untried = judgement
        .untried
        .iter()
        .map(|step| format!("not tried: {}: {}", step.kind.name(), step.reason));
    let said = judgement.problems.iter().cloned().chain(untried);
    let said: Vec<String> =
        said.chain([format!("running: {}", running(&judgement.running))]).collect();
    let outcome = if judgement.holds { Outcome::Passed } else { Outcome::Failed(said.join("; ")) };
    cases.push(Case { name: "algorithm".to_owned(), outcome });
    cases
}

fn suite(xml: &mut String, name: &str, cases: &[Case]) {
    let name = attribute(name);
    let failed = cases.iter().filter(|case| matches!(case.outcome, Outcome::Failed(_))).count();
    let skipped = cases.iter().filter(|case| matches!(case.outcome, Outcome::Skipped(_))).count();
    let tests = cases.len();
    _ = writeln!(
        xml,
        "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\" skipped=\"{skipped}\">"
    );
    for case in cases {
        let own = attribute(&case.name);
        let within = match &case.outcome {
            Outcome::Passed => {
                _ = writeln!(xml, "    <testcase name=\"{own}\" classname=\"{name}\"/>");
                continue;
            }
            Outcome::Failed(message) => format!("<failure message=\"{}\"/>", attribute(message)),
            Outcome::Skipped(reason) => format!("<skipped message=\"{}\"/>", attribute(reason)),
        };
        _ = writeln!(xml, "    <testcase name=\"{own}\" classname=\"{name}\">{within}</testcase>");
    }
    xml.push_str("  </testsuite>\n");
}
