//! Which workloads a policy applies to.

use super::{Checker, text};
use crate::Selector;
use crate::document::SelectorDocument;
use attache_config_reader::{Map, PathRef, quote};

pub(super) fn selector(
    document: Option<&SelectorDocument>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Selector {
    let Some(document) = document else { return Selector::default() };
    let mut selector = Selector {
        namespaces: checker.strings(
            document.namespaces.as_ref(),
            &at.key("namespaces"),
            text::namespace,
        ),
        service_accounts: checker.strings(
            document.service_accounts.as_ref(),
            &at.key("serviceAccounts"),
            text::service_account,
        ),
        ..Selector::default()
    };
    let at = at.key("labels");
    if document.labels.as_ref().is_some_and(Map::is_empty) {
        checker.error(&at, "no label is named; leave the key out or name at least one");
    }
    for (key, value) in document.labels.iter().flat_map(Map::iter) {
        let at = at.key(key);
        let Ok(value) = value.get() else { continue };
        if !is_label_key(key) {
            let message = format!(
                "{} is no key of a label, such as `app` or `app.kubernetes.io/name`",
                quote(key)
            );
            checker.error(&at, message);
        } else if value.is_empty() {
            checker.error(
                &at,
                "an empty value looks like an absent label, so it fits no workload; name the value",
            );
        } else if value.contains('*') {
            checker.error(
                &at,
                format!(
                    "{} holds `*`, but labels are compared whole; name the value",
                    quote(value)
                ),
            );
        } else if !is_label_value(value) {
            let message = format!(
                "{} fits no workload: a label has 1 to 63 letters, digits, `-`, `_` and `.`, beginning and ending \
                 with a letter or digit",
                quote(value)
            );
            checker.error(&at, message);
        } else {
            selector.labels.insert(key.to_owned(), value.clone());
        }
    }
    selector
}

/// Returns whether this is `name` or `prefix/name`, the prefix a DNS subdomain.
fn is_label_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => text::is_subdomain(prefix) && is_label_value(name),
        None => is_label_value(key),
    }
}

fn is_label_value(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.'))
}
