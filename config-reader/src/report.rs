//! Everything that is wrong with a document.

use crate::{Diagnostic, Diagnostics, List, Node, Path, PathRef, Reported, Step, quote};
use std::collections::BTreeSet;

/// The most entries of a list, where nothing else is said: checks compare them with each other.
pub const MAX_ENTRIES: usize = 1000;

/// The most errors that are told one by one: a log line has an end.
const MAX_ERRORS: usize = 100;

/// Gathers what is wrong with one document.
///
/// ```
/// use attache_config_reader::{Node, PathRef, Report, Reported};
///
/// fn port(text: &str, at: &PathRef<'_>, report: &mut Report) -> Result<u16, Reported> {
///     report.ok_or_report(at, text.parse::<u16>().map_err(|_| format!("`{text}` is no port; use 1 to 65535")))
/// }
///
/// let mut report = Report::default();
/// let read = port("80a", &PathRef::Root.key("port"), &mut report);
/// let refused = report.finish(read, &Node::Null).unwrap_err();
/// assert_eq!(refused.to_string(), "port: `80a` is no port; use 1 to 65535");
/// ```
#[derive(Debug, Default)]
pub struct Report {
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    /// Where nothing could be read: what lies around such a place is not complete.
    invalid: Vec<Path>,
}

impl Report {
    /// Notes an error, unless something at that path could not be read: then this may only follow
    /// from that, which was noted.
    pub fn error(&mut self, at: &PathRef<'_>, message: impl Into<String>) -> Reported {
        if !self.is_invalid(at) {
            self.errors.push(at.error(message));
        }
        Reported::noted()
    }

    /// Notes an error, wherever it is.
    pub fn add(&mut self, error: Diagnostic) -> Reported {
        self.errors.push(error);
        Reported::noted()
    }

    /// Notes the errors of a part of the document that begins at a path.
    pub fn add_below(&mut self, at: &PathRef<'_>, errors: Diagnostics) -> Reported {
        self.errors.extend(errors.below(&at.to_path()));
        Reported::noted()
    }

    /// Notes what is not wrong, but may be other than its author thinks: the document is taken all
    /// the same.
    pub fn warn(&mut self, path: Path, message: impl Into<String>) {
        self.warnings.push(Diagnostic::warning(path, message));
    }

    /// Returns the value, or notes why there is none.
    ///
    /// # Errors
    /// The proof that it was noted.
    pub fn ok_or_report<T, E: Into<String>>(
        &mut self,
        at: &PathRef<'_>,
        result: Result<T, E>,
    ) -> Result<T, Reported> {
        result.map_err(|message| self.error(at, message))
    }

    /// Returns the proof where something at this path could not be read.
    ///
    /// # Errors
    /// That proof.
    pub fn readable(&self, at: &PathRef<'_>) -> Result<(), Reported> {
        if self.is_invalid(at) { Err(Reported::noted()) } else { Ok(()) }
    }

    /// Returns whether something at this path could not be read.
    pub fn is_invalid(&self, at: &PathRef<'_>) -> bool {
        if self.invalid.is_empty() {
            return false;
        }
        let path = at.to_path();
        self.invalid.iter().any(|invalid| invalid.starts_with(&path))
    }

    /// Marks a path at which nothing could be read.
    pub(crate) fn mark_invalid(&mut self, path: Path) {
        self.invalid.push(path);
    }

    /// Returns how many errors were noted.
    pub(crate) const fn len(&self) -> usize {
        self.errors.len()
    }

    /// Returns the elements of a list with their indices; notes an error if it is there and empty,
    /// or has more than [`MAX_ENTRIES`], and returns none of them then.
    pub fn non_empty<'d, T>(
        &mut self,
        list: Option<&'d List<T>>,
        at: &PathRef<'_>,
    ) -> impl Iterator<Item = (usize, &'d T)> + use<'d, T> {
        if list.is_some_and(List::is_empty) {
            let message = "an empty list can be read as `any` or as `none`; leave the key out or name at least one";
            self.error(at, message);
        }
        self.at_most(MAX_ENTRIES, list, at)
    }

    /// Returns the elements of a list with their indices; notes an error and returns none of them
    /// if there are more than `max`.
    pub fn at_most<'d, T>(
        &mut self,
        max: usize,
        list: Option<&'d List<T>>,
        at: &PathRef<'_>,
    ) -> impl Iterator<Item = (usize, &'d T)> + use<'d, T> {
        let fits = list.is_none_or(|list| list.len() <= max);
        if !fits {
            self.error(at, format!("this list has {max} entries at most"));
        }
        list.filter(|_| fits).into_iter().flat_map(List::iter)
    }

    /// Reads a list of strings, each in the same way, none twice, as [`Report::non_empty`] does;
    /// returns those that could be read.
    pub fn strings<T, E: Into<String>>(
        &mut self,
        list: Option<&List<String>>,
        at: &PathRef<'_>,
        read: fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        let mut values = Vec::new();
        for (index, text) in self.distinct(list, at) {
            values.extend(self.ok_or_report(&at.index(index), read(text)));
        }
        values
    }

    /// Returns the elements of a list of strings with their indices, as [`Report::non_empty`] does;
    /// notes an error at every one that stands a second time, and leaves it out.
    ///
    /// Apart from [`Report::strings`], since that is compiled once for each kind of value.
    #[inline(never)]
    fn distinct<'d>(
        &mut self,
        list: Option<&'d List<String>>,
        at: &PathRef<'_>,
    ) -> Vec<(usize, &'d str)> {
        let mut seen = BTreeSet::new();
        let mut distinct = Vec::with_capacity(list.map_or(0, List::len));
        for (index, text) in self.non_empty(list, at) {
            if seen.insert(text.as_str()) {
                distinct.push((index, text.as_str()));
            } else {
                let message = format!("{} is listed twice; keep one of them", quote(text));
                self.error(&at.index(index), message);
            }
        }
        distinct
    }

    /// Returns what was read and the warnings, if no error was noted.
    ///
    /// # Errors
    /// Every error, in the order of `tree`, which is the document. Past 100 the rest is counted.
    pub fn finish<T>(
        self,
        read: Result<T, Reported>,
        tree: &Node,
    ) -> Result<(T, Vec<Diagnostic>), Diagnostics> {
        match read {
            Ok(read) if self.errors.is_empty() => Ok((read, self.warnings)),
            _ => Err(in_order(self.errors, tree)),
        }
    }
}

/// Sorts errors by the document's order.
fn in_order(mut errors: Vec<Diagnostic>, tree: &Node) -> Diagnostics {
    errors.sort_by_cached_key(|error| rank(&error.path, tree));
    let more = errors.len().saturating_sub(MAX_ERRORS);
    errors.truncate(MAX_ERRORS);
    if more > 0 {
        errors.push(PathRef::Root.error(format!("there are {more} more errors; mend these first")));
    }
    // A proof from another report refuses this document too.
    Diagnostics::check(errors).err().unwrap_or_else(|| PathRef::Root.error("refused").into())
}

/// Returns where a path stands in the document: the position of each of its steps. What is not in
/// the document stands where it would be added.
fn rank(path: &Path, tree: &Node) -> Vec<usize> {
    let mut node = Some(tree);
    let mut rank = Vec::with_capacity(path.0.len());
    for step in &path.0 {
        let (position, next) = match (node, step) {
            (Some(Node::Object(members)), Step::Key(key)) => {
                let position = members.iter().position(|(name, _)| name == key);
                (
                    position.unwrap_or(members.len()),
                    position.and_then(|index| members.get(index)).map(|(_, node)| node),
                )
            }
            (Some(Node::Array(items)), Step::Index(index)) => (*index, items.get(*index)),
            (_, Step::Index(index)) => (*index, None),
            (_, Step::Key(_)) => (usize::MAX, None),
        };
        rank.push(position);
        node = next;
    }
    rank
}
