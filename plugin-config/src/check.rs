//! From a document to a configuration: everything that its types cannot say is checked here, once.

mod claim;
mod condition;
mod contradiction;
mod cookie;
mod cors;
mod dry_run;
mod header;
mod identity;
mod issuer;
mod issuer_id;
mod keys;
mod location;
mod metric;
mod operation;
mod policy;
mod remote;
mod roles;
mod rule;
mod selector;
mod settings;
mod source;
mod text;

use crate::document::Document;
use crate::{Config, Name, Regex};
use attache_config_reader::{Diagnostic, HeaderName, List, Path, PathRef, Report, Reported, quote};
use std::collections::BTreeSet;

/// The most issuers of a document.
const MAX_ISSUERS: usize = 64;
/// The most claims that an issuer's roles are read from, or that it writes.
const MAX_MAPPINGS: usize = 64;
/// The most regular expressions of a document: what they may weigh together is bounded by it.
const MAX_EXPRESSIONS: usize = 256;

/// Checks a document. Where something is wrong, the checker has it, and what is returned is not
/// complete.
#[inline(never)]
pub(crate) fn check(document: &Document, digest: [u8; 32], checker: &mut Checker) -> Config {
    let at = PathRef::Root;
    let issuers = issuer::issuers(document, checker);
    let mut identity_headers = BTreeSet::new();
    identity_headers.extend(issuers.iter().flat_map(crate::Issuer::identity_headers).cloned());
    identity::check_spelling(&issuers, document, checker);
    let role_hierarchy = roles::hierarchy(document, checker);
    let policies = {
        let context = rule::Context {
            identity_headers: &identity_headers,
            hierarchy: &role_hierarchy,
            has_remote_keys: remote::is_anywhere(document),
        };
        policy::policies(document.policies.as_ref(), &at.key("policies"), &context, checker)
    };
    roles::check_read(document, checker);
    identity::warn_of_headers(&issuers, checker);
    let parts = settings::Parts {
        digest,
        dry_run: dry_run::dry_run(document, checker),
        issuers,
        role_hierarchy,
        policies,
    };
    settings::config(document, parts, checker)
}

/// Gathers what is wrong with a document.
pub(crate) struct Checker {
    report: Report,
    expressions: usize,
    /// Noted once for all that are too many.
    too_many_expressions: Option<Reported>,
}

impl Checker {
    /// Creates a checker of a document that has been read, which goes on with the report of that.
    pub(crate) const fn new(report: Report) -> Self {
        Self { report, expressions: 0, too_many_expressions: None }
    }

    /// Returns everything that was noted.
    pub(crate) fn into_report(self) -> Report {
        self.report
    }

    /// Notes what is not wrong, as [`Report::warn`] does.
    fn warn(&mut self, path: Path, message: impl Into<String>) {
        self.report.warn(path, message);
    }

    /// Notes an error, as [`Report::error`] does.
    fn error(&mut self, at: &PathRef<'_>, message: impl Into<String>) -> Reported {
        self.report.error(at, message)
    }

    /// Returns the value or notes why there is none, as [`Report::ok_or_report`] does.
    fn ok_or_report<T, E: Into<String>>(
        &mut self,
        at: &PathRef<'_>,
        result: Result<T, E>,
    ) -> Result<T, Reported> {
        self.report.ok_or_report(at, result)
    }

    /// Returns whether something at this path could not be read.
    fn is_invalid(&self, at: &PathRef<'_>) -> bool {
        self.report.is_invalid(at)
    }

    /// Returns the elements of a list, as [`Report::non_empty`] does.
    fn non_empty<'d, T>(
        &mut self,
        list: Option<&'d List<T>>,
        at: &PathRef<'_>,
    ) -> impl Iterator<Item = (usize, &'d T)> + use<'d, T> {
        self.report.non_empty(list, at)
    }

    /// Reads a list of strings, as [`Report::strings`] does.
    fn strings<T, E: Into<String>>(
        &mut self,
        list: Option<&List<String>>,
        at: &PathRef<'_>,
        read: fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        self.report.strings(list, at, read)
    }

    fn name(
        &mut self,
        text: Result<&String, Reported>,
        at: &PathRef<'_>,
    ) -> Result<Name, Reported> {
        let text = text?;
        self.ok_or_report(
            at,
            Name::new(text).map_err(|why| format!("{} is no name: {why}", quote(text))),
        )
    }

    fn header(&mut self, text: &str, at: &PathRef<'_>) -> Result<HeaderName, Reported> {
        if text.starts_with(':') {
            let message =
                format!("{} is a pseudo header of HTTP/2; name an ordinary one", quote(text));
            return Err(self.error(at, message));
        }
        self.ok_or_report(
            at,
            HeaderName::new(text)
                .map_err(|why| format!("{} is no header name: {why}", quote(text))),
        )
    }

    fn regex(&mut self, text: &str, at: &PathRef<'_>) -> Result<Regex, Reported> {
        if let Some(reported) = self.too_many_expressions {
            return Err(reported);
        }
        self.expressions = self.expressions.saturating_add(1);
        if self.expressions > MAX_EXPRESSIONS {
            let message = format!(
                "a document has {MAX_EXPRESSIONS} regular expressions at most; use `prefix`, `suffix` or `in`"
            );
            let reported = self.error(at, message);
            self.too_many_expressions = Some(reported);
            return Err(reported);
        }
        self.ok_or_report(at, Regex::new(text))
    }
}

/// Notes an error at every name that stands a second time.
#[inline(never)]
fn unique(names: &mut dyn Iterator<Item = (Path, &str)>, what: &str, checker: &mut Checker) {
    let mut seen: std::collections::BTreeMap<&str, Path> = std::collections::BTreeMap::new();
    for (path, name) in names {
        match seen.get(name) {
            Some(first) => {
                let message =
                    format!("{} is already {what} of `{first}`; give each its own", quote(name));
                checker.report.add(Diagnostic::error(path, message));
            }
            None => {
                seen.insert(name, path);
            }
        }
    }
}
