//! Whether a request fared as it must.

use super::file::Expectation;
use attache_engine::{Decided, Decision, Engine, Explanation, HeaderEdit, Outcome};

/// Returns what is other than it must be, a line each; nothing where all is as it must be.
pub(super) fn differences(
    expected: &Expectation,
    explanation: &Explanation<'_>,
    engine: &Engine,
) -> Vec<String> {
    let Decision::Decided(decided) = &explanation.decision else {
        return vec!["it waits for keys".to_owned()];
    };
    let mut differences = Vec::new();
    verdict(expected, decided, &mut differences);
    if let Some(wanted) = &expected.rule {
        let rule = decided.rule.and_then(|rule| engine.rule(rule));
        let rule = rule.map_or_else(|| "none".to_owned(), |names| names.to_string());
        if rule != *wanted {
            differences.push(format!("rule: expected {wanted}, was {rule}"));
        }
    }
    for (name, wanted) in &expected.service.headers {
        let value = written(decided, name);
        if value.as_deref() != Some(wanted) {
            let value = value.map_or_else(|| "not written".to_owned(), |value| format!("`{value}`"));
            differences.push(format!("header {name}: expected `{wanted}`, was {value}"));
        }
    }
    for name in &expected.service.absent {
        if let Some(value) = written(decided, name) {
            differences.push(format!("header {name}: expected none, was `{value}`"));
        }
    }
    differences
}

fn verdict(expected: &Expectation, decided: &Decided<'_>, differences: &mut Vec<String>) {
    let (reason, status) = match &decided.outcome {
        Outcome::Forward => (None, None),
        Outcome::Refuse { cause, answer } => (Some(cause.reason.as_str()), Some(answer.status)),
    };
    let refusal = |reason: &str| format!("refused with {reason}");
    let told = |reason: Option<&str>| reason.map_or_else(|| "allowed".to_owned(), refusal);
    // A status alone says that it is refused, whatever for.
    let must_be_refused = expected.reason.is_some() || expected.status.is_some();
    if must_be_refused != reason.is_some()
        || (expected.reason.is_some() && expected.reason.as_deref() != reason)
    {
        let wanted = match (&expected.reason, expected.status) {
            (None, Some(status)) => refusal(&status.to_string()),
            (reason, _) => told(reason.as_deref()),
        };
        differences.push(format!("expected {wanted}, was {}", told(reason)));
    } else if expected.status.is_some() && expected.status != status {
        let [wanted, was] = [expected.status, status].map(Option::unwrap_or_default);
        differences.push(format!("status: expected {wanted}, was {was}"));
    }
}

/// Returns what the filter writes into a header.
fn written(decided: &Decided<'_>, name: &str) -> Option<String> {
    decided.edits.iter().find_map(|edit| match edit {
        HeaderEdit::Set(known, value) | HeaderEdit::Add(known, value) if known == name => {
            Some(String::from_utf8_lossy(value).into_owned())
        }
        HeaderEdit::Set(..) | HeaderEdit::Add(..) | HeaderEdit::Remove(_) => None,
    })
}
