//! What of assertions is legal and seldom meant, and what makes two of them one.

use super::document::{AssertionDocument, ProofDocument};
use crate::methods::{is_registered, meant_by};
use attache_config_reader::{Diagnostic, Node, Path};
use std::collections::BTreeSet;

/// Returns an error for each name that an earlier assertion has.
pub(super) fn repeated_names(document: &ProofDocument) -> Vec<Diagnostic> {
    let mut seen = BTreeSet::new();
    let mut errors = Vec::new();
    for (at, assertion) in placed(document) {
        if let Ok(name) = assertion.name.get()
            && !seen.insert(name)
        {
            let message =
                format!("an assertion before is named `{name}`, too; give each a name of its own");
            errors.push(Diagnostic::error(at.key("name"), message));
        }
    }
    errors
}

/// Returns a warning for each method that is no registered one: what is said of a misspelt method
/// holds of nothing that anybody sends.
pub(super) fn unregistered_methods(document: &ProofDocument) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    for (at, assertion) in placed(document) {
        in_operations(assertion.to.as_ref(), &at.clone().key("to"), &mut warnings);
        if let Some(unless) = &assertion.unless {
            in_operations(unless.to.as_ref(), &at.key("unless").key("to"), &mut warnings);
        }
    }
    warnings
}

fn placed(document: &ProofDocument) -> impl Iterator<Item = (Path, &AssertionDocument)> {
    let items = document.assertions.get().into_iter().flat_map(|list| list.iter());
    items.map(|(number, assertion)| (Path::default().key("assertions").index(number), assertion))
}

fn in_operations(to: Option<&Node>, at: &Path, warnings: &mut Vec<Diagnostic>) {
    let Some(Node::Array(operations)) = to else { return };
    for (number, operation) in operations.iter().enumerate() {
        for key in ["methods", "notMethods"] {
            let Some(Node::Array(methods)) = operation.get(key) else { continue };
            for (index, method) in methods.iter().enumerate() {
                if let Node::String(method) = method
                    && !is_registered(method)
                {
                    let remedy = match meant_by(method) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => "see that it is spelt as clients send it".to_owned(),
                    };
                    let message = format!("`{method}` is no registered method; {remedy}");
                    let path = at.clone().index(number).key(key).index(index);
                    warnings.push(Diagnostic::warning(path, message));
                }
            }
        }
    }
}
