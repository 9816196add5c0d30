//! A whole document into its types, with everything that is wrong in its form.

use crate::deserialize::Problem;
use crate::problem::{mismatch, missing_key};
use crate::{Diagnostic, Node, Path, Report, Reported, Step, quote, suggestion};
use serde::de::DeserializeOwned;

/// Errors of form after which no more are told: a document of another kind would have no end of
/// them, and where serde reads, each costs a pass over the document.
pub(crate) const MAX_ERRORS: usize = 100;

/// What to write for a key that means something elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct ForeignKey {
    /// The key as another product has it.
    pub key: &'static str,
    /// A key that may stand in the same object: where it may not, nothing is said.
    pub beside: &'static str,
    /// What to write for it, such as "write `jwksUri: https://…`".
    pub instead: &'static str,
}

/// Refuses a document that is longer than `max` bytes; `remedy` says what to do about it.
///
/// ```
/// let refused = attache_config_reader::check_length(b"{}", 1, "split it").unwrap_err();
/// assert_eq!(refused.to_string(), "a configuration has 1 bytes at most, this one 2; split it");
/// ```
///
/// # Errors
/// It is longer.
pub fn check_length(document: &[u8], max: usize, remedy: &str) -> Result<(), Diagnostic> {
    if document.len() <= max {
        return Ok(());
    }
    let message =
        format!("a configuration has {max} bytes at most, this one {}; {remedy}", document.len());
    Err(Diagnostic::error(Path::default(), message))
}

/// Reads a document into its types.
///
/// Where something is wrong, that is noted, its node is marked as invalid, and the document is read
/// again, until what is left can be read: so every error comes to light, and none because of
/// another. Types are derived with `#[serde(deny_unknown_fields)]`; a member that must be there is
/// a [`Slot`](crate::Slot).
///
/// ```
/// use attache_config_reader::{Node, Report, Slot, read_document, read_json};
///
/// #[derive(serde::Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Server {
///     port: Slot<u16>,
///     host: Option<String>,
/// }
///
/// let mut report = Report::default();
/// let mut tree = read_json(br#"{"prot": 80, "host": true}"#, &mut Vec::new()).unwrap();
/// let server = read_document::<Server>(&mut tree, &[], &mut report);
/// assert!(server.is_ok_and(|server| server.port.get().is_err() && server.host.is_none()));
/// let refused = report.finish(Ok(()), &tree).unwrap_err();
/// let messages: Vec<String> = refused.iter().map(ToString::to_string).collect();
/// assert_eq!(
///     messages,
///     [
///         "`port` is missing",
///         "prot: unknown key `prot`; did you mean `port`?",
///         "host: expected a string, got a Boolean, as YAML reads a bare yes, no, on, off, y or n; put it in quotes",
///     ]
/// );
/// ```
///
/// # Errors
/// The document itself is of another kind, or has too many errors.
pub fn read_document<D: DeserializeOwned>(
    tree: &mut Node,
    foreign_keys: &[ForeignKey],
    report: &mut Report,
) -> Result<D, Reported> {
    loop {
        let error = match D::deserialize(&*tree) {
            Ok(document) => return Ok(document),
            Err(error) => error,
        };
        let (path, problem) = error.into_parts();
        let (at, message, invalid) = match problem {
            Problem::Value(message) => (path.clone(), message, path),
            Problem::UnknownKey { key, known } => {
                let invalid = path.key(&key);
                (invalid.clone(), unknown_key(&key, known, foreign_keys), invalid)
            }
            Problem::MissingKey(key) => (path.clone(), missing_key(key), path.key(key)),
            Problem::Null(expected) => (path.clone(), mismatch(&expected, "null"), path),
            Problem::NoValue(expected) => (path.clone(), no_value(&path, &expected), path),
        };
        let reported = report.add(Diagnostic::error(at, message));
        if invalid.0.is_empty()
            || report.len() >= MAX_ERRORS
            || !invalidate(tree, &invalid.0, reported)
        {
            return Err(reported);
        }
        report.mark_invalid(invalid);
    }
}

/// Returns the message about a key that an object may not have.
pub(crate) fn unknown_key(key: &str, known: &[&str], foreign_keys: &[ForeignKey]) -> String {
    let quoted = quote(key);
    if let Some(foreign) =
        foreign_keys.iter().find(|it| it.key == key && known.contains(&it.beside))
    {
        return format!("unknown key {quoted}; {}", foreign.instead);
    }
    match suggestion(key, known.iter().copied()) {
        Some(word) => format!("unknown key {quoted}; did you mean `{word}`?"),
        None => format!("unknown key {quoted}; use one of {}", known.join(", ")),
    }
}

/// Returns the message about a key below which nothing stands.
pub(crate) fn no_value(path: &Path, expected: &str) -> String {
    match path.0.last() {
        Some(Step::Key(key)) => {
            format!("{} has no value; write {expected}, or remove the line", quote(key))
        }
        _ => format!("no value; write {expected}"),
    }
}

/// Marks a path of the tree as invalid. Returns false if there is none or it was marked before, so
/// that no error can come twice.
pub(crate) fn invalidate(tree: &mut Node, steps: &[Step], reported: Reported) -> bool {
    let mut node = tree;
    for (depth, step) in steps.iter().enumerate() {
        node = match (node, step) {
            (Node::Array(items), Step::Index(index)) => match items.get_mut(*index) {
                Some(item) => item,
                None => return false,
            },
            (Node::Object(members), Step::Key(key)) => {
                let found = members.iter().position(|(name, _)| name == key);
                let last = depth.saturating_add(1) == steps.len();
                let index = match found {
                    Some(index) => index,
                    None if last => {
                        members.push((key.clone(), Node::Null));
                        members.len().saturating_sub(1)
                    }
                    None => return false,
                };
                match members.get_mut(index) {
                    Some((_, value)) => value,
                    None => return false,
                }
            }
            _ => return false,
        };
    }
    !matches!(std::mem::replace(node, Node::Invalid(reported)), Node::Invalid(_))
}
