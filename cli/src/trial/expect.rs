//! Whether a request fared as it must.

use super::document::Expectation;
use super::text_match::{TextMatch, told};
use attache_engine::{Answer, Decided, Decision, Engine, HeaderEdit, Outcome};

/// What a test expects as the rule where none must decide.
pub(super) const NO_RULE: &str = "none";

/// Headers as a request has them: names in lower case.
pub(super) type HeaderMap = [(String, Vec<u8>)];

/// Returns what is other than it must be, a line each; nothing where all is as it must be.
pub(super) fn differences(
    expected: &Expectation,
    decision: &Decision<'_>,
    sent: &HeaderMap,
    engine: &Engine,
) -> Vec<String> {
    let Decision::Decided(decided) = decision else {
        return vec!["it waits for keys".to_owned()];
    };
    let mut differences = Vec::new();
    verdict(expected, decided, &mut differences);
    if let Some(wanted) = &expected.rule {
        let rule = decided.rule.and_then(|rule| engine.rule(rule));
        let rule = rule.map_or_else(|| NO_RULE.to_owned(), |names| names.to_string());
        if rule != *wanted {
            differences.push(format!("rule: expected {wanted}, was {rule}"));
        }
    }
    match &decided.outcome {
        Outcome::Forward => service(expected, &forwarded(decided, sent), &mut differences),
        Outcome::Refuse { answer, .. } => refusal(expected, answer, &mut differences),
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

/// Returns the headers that the service sees.
fn forwarded(decided: &Decided<'_>, sent: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let mut headers = sent.to_vec();
    for edit in decided.edits.iter() {
        match edit {
            HeaderEdit::Remove(name) => headers.retain(|(known, _)| known != name),
            HeaderEdit::Set(name, value) => {
                headers.retain(|(known, _)| known != name);
                headers.push((name.to_owned(), value.to_vec()));
            }
            HeaderEdit::Add(name, value) => headers.push((name.to_owned(), value.to_vec())),
        }
    }
    headers
}

fn service(expected: &Expectation, headers: &HeaderMap, differences: &mut Vec<String>) {
    let Some(expected) = &expected.service else { return };
    for (pseudo, what, wanted) in
        [(":path", "path", &expected.path), (":method", "method", &expected.method)]
    {
        if let Some(wanted) = wanted {
            compare(what, &TextMatch::Is(wanted.clone()), &values(headers, pseudo), differences);
        }
    }
    for (name, wanted) in expected.headers.iter().flatten() {
        compare(&format!("header {name}"), wanted, &values(headers, name), differences);
    }
    for name in expected.absent.iter().flatten() {
        let absent = TextMatch::Absent { absent: true };
        compare(&format!("header {name}"), &absent, &values(headers, name), differences);
    }
}

fn refusal(expected: &Expectation, answer: &Answer, differences: &mut Vec<String>) {
    for (name, wanted) in expected.answer.iter().flatten() {
        let named = answer.headers.iter().filter(|(known, _)| known == name);
        let mut values: Vec<String> = named.map(|(_, value)| value.clone()).collect();
        if let Some((content_type, _)) = &answer.body
            && name == "content-type"
        {
            values.push((*content_type).to_owned());
        }
        compare(&format!("the answer's {name}"), wanted, &values, differences);
    }
    if let Some(wanted) = &expected.body {
        let body = answer.body.as_ref().map(|(_, body)| body.clone()).unwrap_or_default();
        compare("the answer's body", wanted, &[body], differences);
    }
}

fn compare(what: &str, wanted: &TextMatch, values: &[String], differences: &mut Vec<String>) {
    if !wanted.fits(values) {
        differences.push(format!("{what}: expected {wanted}, was {}", told(values)));
    }
}

/// Returns the values of a header as text: a byte is a character of Latin-1 where it is no UTF-8.
fn values(headers: &HeaderMap, name: &str) -> Vec<String> {
    let name = name.to_ascii_lowercase();
    let text = |value: &Vec<u8>| match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().copied().map(char::from).collect(),
    };
    headers.iter().filter(|(known, _)| *known == name).map(|(_, value)| text(value)).collect()
}
