//! What is wrong with a file of tests that has the right form.

use super::document::{Expectation, Step, TestDocument, TestRequest};
use crate::methods::meant_by;
use attache_config_reader::{Diagnostic, Path, quote, suggestion};
use attache_engine::Reason;
use std::collections::BTreeSet;

/// Returns everything that is wrong with the requests of a file and with what is expected of them.
pub(super) fn faults(document: &TestDocument) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    let mut names = BTreeSet::new();
    for (index, step) in document.steps() {
        let at = Path::default().key("steps").index(index);
        let Step { name, request, expect } = step;
        if let Ok(name) = name.get()
            && !names.insert(name)
        {
            let message =
                format!("{} is the name of an earlier step, too; give each its own", quote(name));
            faults.push(Diagnostic::error(at.clone().key("name"), message));
        }
        if let Ok(request) = request.get() {
            faults.extend(of_request(request, &at.clone().key("request"), document));
        }
        if let Some(expect) = expect {
            faults.extend(of_expectation(expect, &at.key("expect")));
        }
    }
    faults
}

fn of_request(request: &TestRequest, at: &Path, document: &TestDocument) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    if let Some(path) = &request.path
        && !path.starts_with('/')
        && path != "*"
    {
        let message = format!(
            "{} does not begin with `/`; write {}",
            quote(path),
            quote(&format!("/{path}"))
        );
        faults.push(Diagnostic::error(at.clone().key("path"), message));
    }
    // In other letter case it is another method, and may be tested as that.
    if let Some(method) = &request.method
        && method.bytes().all(|byte| byte.is_ascii_uppercase())
        && let Some(meant) = meant_by(method)
    {
        let message = format!("{} is no registered method; did you mean `{meant}`?", quote(method));
        faults.push(Diagnostic::error(at.clone().key("method"), message));
    }
    let tokens = document.tokens.as_ref();
    if let Some(token) = &request.token
        && !tokens.is_some_and(|tokens| tokens.contains_key(token))
    {
        let names = tokens.into_iter().flat_map(|tokens| tokens.keys().map(String::as_str));
        let message = match suggestion(token, names) {
            Some(meant) => format!("there is no token {}; did you mean `{meant}`?", quote(token)),
            None => format!("there is no token {}; write it below `tokens`", quote(token)),
        };
        faults.push(Diagnostic::error(at.clone().key("token"), message));
    }
    faults
}

fn of_expectation(expect: &Expectation, at: &Path) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    let reasons = || Reason::ALL.iter().map(|reason| reason.as_str());
    if let Some(reason) = &expect.reason
        && !reasons().any(|known| known == reason)
    {
        let message = match suggestion(reason, reasons()) {
            Some(meant) => format!("there is no reason {}; did you mean `{meant}`?", quote(reason)),
            None => format!("there is no reason {}; docs/metrics.md lists them", quote(reason)),
        };
        faults.push(Diagnostic::error(at.clone().key("reason"), message));
    }
    if let Some(status @ 200..=299) = expect.status {
        let message =
            format!("`{status}` is no status of a refusal; leave `status` out for what is allowed");
        faults.push(Diagnostic::error(at.clone().key("status"), message));
    }
    faults
}
