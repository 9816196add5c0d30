//! From a document to a configuration: everything that its types cannot say is checked here, once.

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

use crate::document::{Document, List};
use crate::json::{At, Fault, Place, quote};
use crate::reported::{Reported, kept};
use crate::{Config, ConfigError, HeaderName, Name, Regex};
use std::collections::BTreeSet;
use std::fmt;

/// The most issuers of a document.
const MOST_ISSUERS: usize = 64;
/// The most entries of a list, where nothing else is said: checks compare them with each other.
const MOST_ENTRIES: usize = 1000;
/// The most regular expressions of a document: what they may weigh together is bounded by it.
const MOST_EXPRESSIONS: usize = 256;

/// Checks a document. Where something is wrong, the checker has it, and what is returned is not complete.
pub(crate) fn check(document: &Document, digest: [u8; 32], checker: &mut Checker) -> Config {
    let at = At::Root;
    let issuers = issuer::issuers(document, checker);
    let mut identity_headers = BTreeSet::new();
    identity_headers.extend(issuers.iter().flat_map(crate::Issuer::identity_headers).cloned());
    identity::check_spelling(&issuers, document, checker);
    let role_hierarchy = roles::hierarchy(document, checker);
    let policies = {
        let context = policy::Context {
            identity_headers: &identity_headers,
            hierarchy: &role_hierarchy,
            has_remote_keys: remote::is_anywhere(document),
        };
        policy::policies(document.policies.as_ref(), &at.key("policies"), &context, checker)
    };
    roles::check_read(document, checker);
    checker.warnings.extend(identity::warnings(&issuers));
    Config {
        digest,
        warnings: Vec::new(),
        dry_run: dry_run::dry_run(document, checker),
        issuers,
        role_hierarchy,
        policies,
        preflight: document.cors.as_ref().and_then(|cors| cors.preflight).unwrap_or_default(),
        ambiguous_paths: document.paths.as_ref().and_then(|paths| paths.ambiguous).unwrap_or_default(),
        method_override: document.methods.as_ref().and_then(|methods| methods.r#override).unwrap_or_default(),
        responses: settings::responses(document.responses.as_ref(), &at.key("responses"), checker),
        cache: settings::cache(document.cache.as_ref(), &at.key("cache"), checker),
        audit: settings::audit(document.audit.as_ref(), &at.key("audit"), checker),
    }
}

/// Gathers faults.
#[derive(Default)]
pub(crate) struct Checker {
    faults: Vec<Fault>,
    warnings: Vec<ConfigError>,
    spoiled: Vec<Place>,
    expressions: usize,
    /// Noted once for all that are too many.
    too_many_expressions: Option<Reported>,
}

impl Checker {
    /// A checker of a document of which some places could not be read.
    pub(crate) fn new(spoiled: Vec<Place>) -> Self {
        Self { spoiled, ..Self::default() }
    }

    /// What is wrong, and what is not but should be told.
    pub(crate) fn into_faults_and_warnings(self) -> (Vec<Fault>, Vec<ConfigError>) {
        (self.faults, self.warnings)
    }

    /// Notes what is not wrong, but may be other than its author thinks: the document is taken all the same.
    fn warn(&mut self, place: impl fmt::Display, message: impl Into<String>) {
        self.warnings.push(ConfigError::new(place.to_string(), message));
    }

    /// Notes a fault, unless something in that place could not be read: then this may only follow from that, and that was
    /// noted.
    pub(crate) fn fault(&mut self, at: &At<'_>, message: impl Into<String>) -> Reported {
        if !self.is_spoiled(at) {
            self.faults.push(at.fault(message));
        }
        Reported::noted()
    }

    /// Notes faults of what lies below a place.
    fn faults_below(&mut self, at: &At<'_>, faults: impl IntoIterator<Item = Fault>) -> Reported {
        self.faults.extend(faults.into_iter().map(|fault| fault.below(at)));
        Reported::noted()
    }

    /// Returns the proof where something in this place could not be read.
    fn readable(&self, at: &At<'_>) -> Result<(), Reported> {
        if self.is_spoiled(at) { Err(Reported::noted()) } else { Ok(()) }
    }

    /// Whether something in this place could not be read.
    fn is_spoiled(&self, at: &At<'_>) -> bool {
        if self.spoiled.is_empty() {
            return false;
        }
        let place = at.place();
        self.spoiled.iter().any(|spoiled| spoiled.is_in(&place))
    }

    /// The value, or its fault noted.
    fn take<T, E: Into<String>>(&mut self, at: &At<'_>, result: Result<T, E>) -> Result<T, Reported> {
        result.map_err(|message| self.fault(at, message))
    }

    /// The elements of a list; a fault if it is there and empty, or too long.
    fn filled<'d, T>(
        &mut self,
        list: Option<&'d List<T>>,
        at: &At<'_>,
    ) -> impl Iterator<Item = (usize, &'d T)> + use<'d, T> {
        if list.is_some_and(List::is_empty) {
            let message =
                "an empty list can be read as `any` or as `none`; leave the key out or name at least one";
            self.fault(at, message);
        }
        self.at_most(MOST_ENTRIES, list, at)
    }

    /// The elements of a list; a fault and none of them if there are too many.
    fn at_most<'d, T>(
        &mut self,
        most: usize,
        list: Option<&'d List<T>>,
        at: &At<'_>,
    ) -> impl Iterator<Item = (usize, &'d T)> + use<'d, T> {
        let fits = list.is_none_or(|list| list.len() <= most);
        if !fits {
            self.fault(at, format!("this list has {most} entries at most"));
        }
        list.filter(|_| fits).into_iter().flat_map(List::iter)
    }

    /// A list of texts, each read in the same way, none twice.
    fn texts<T: PartialEq, E: Into<String>>(
        &mut self,
        list: Option<&List<String>>,
        at: &At<'_>,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        let mut seen = BTreeSet::new();
        let mut values = Vec::with_capacity(list.map_or(0, List::len));
        for (index, text) in self.filled(list, at) {
            let at = at.index(index);
            if !seen.insert(text.as_str()) {
                self.fault(&at, format!("{} is listed twice; keep one of them", quote(text)));
                continue;
            }
            values.push(self.take(&at, read(text)));
        }
        kept(values)
    }

    fn name(&mut self, text: Result<&String, Reported>, at: &At<'_>) -> Result<Name, Reported> {
        let text = text?;
        self.take(at, Name::new(text).map_err(|why| format!("{} is no name: {why}", quote(text))))
    }

    fn header(&mut self, text: &str, at: &At<'_>) -> Result<HeaderName, Reported> {
        if text.starts_with(':') {
            let message = format!("{} is a pseudo header of HTTP/2; name an ordinary one", quote(text));
            return Err(self.fault(at, message));
        }
        self.take(
            at,
            HeaderName::new(text).map_err(|why| format!("{} is no header name: {why}", quote(text))),
        )
    }

    fn regex(&mut self, text: &str, at: &At<'_>) -> Result<Regex, Reported> {
        if let Some(reported) = self.too_many_expressions {
            return Err(reported);
        }
        self.expressions = self.expressions.saturating_add(1);
        if self.expressions > MOST_EXPRESSIONS {
            let message = format!(
                "a document has {MOST_EXPRESSIONS} regular expressions at most; use `prefix`, `suffix` or `in`"
            );
            let reported = self.fault(at, message);
            self.too_many_expressions = Some(reported);
            return Err(reported);
        }
        self.take(at, Regex::new(text))
    }
}

/// Notes every name that stands a second time.
fn unique<'n>(names: impl Iterator<Item = (Place, &'n str)>, what: &str, checker: &mut Checker) {
    let mut seen: std::collections::BTreeMap<&str, Place> = std::collections::BTreeMap::new();
    for (place, name) in names {
        match seen.get(name) {
            Some(first) => {
                let message = format!("{} is already {what} of `{first}`; give each its own", quote(name));
                checker.faults.push(Fault { place, message });
            }
            None => {
                seen.insert(name, place);
            }
        }
    }
}
