//! What is said of a document, and where.

use crate::{Path, PathRef};
use std::fmt;

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The document is taken, but may mean something else than its author thinks.
    Warning,
    /// The document is refused.
    Error,
}

/// One thing to say of a document.
///
/// A message is lower case, has no final stop and the author's input in backticks. It says what is
/// wrong and, after the first semicolon, what to do.
///
/// ```
/// use attache_config_reader::PathRef;
///
/// let diagnostic = PathRef::Root.key("isuers").error("unknown key `isuers`; did you mean `issuers`?");
/// assert_eq!(diagnostic.to_string(), "isuers: unknown key `isuers`; did you mean `issuers`?");
/// assert_eq!(diagnostic.problem(), "unknown key `isuers`");
/// assert_eq!(diagnostic.remedy(), Some("did you mean `issuers`?"));
///
/// use attache_config_reader::{Diagnostic, Path, Severity};
///
/// assert_eq!(Diagnostic::error(Path::default(), "no document").severity, Severity::Error);
/// assert_eq!(Diagnostic::warning(Path::default(), "empty").severity, Severity::Warning);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The value that it is about; a key that is missing is told of the object that lacks it.
    pub path: Path,
    /// Whether the document is refused for it.
    pub severity: Severity,
    /// What is wrong and what to do.
    pub message: String,
}

impl PathRef<'_> {
    /// Returns an error at this path, which nobody is told of until it is added to a
    /// [`Report`](crate::Report).
    pub fn error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(self.to_path(), message)
    }
}

impl Diagnostic {
    /// Creates a reason to refuse a document.
    pub fn error(path: Path, message: impl Into<String>) -> Self {
        Self { path, severity: Severity::Error, message: message.into() }
    }

    /// Creates a warning of a document that is taken.
    pub fn warning(path: Path, message: impl Into<String>) -> Self {
        Self { path, severity: Severity::Warning, message: message.into() }
    }

    /// Moves the diagnostic of a part to where that part stands in the whole.
    #[must_use]
    pub fn below(self, parent: &Path) -> Self {
        Self { path: parent.clone().join(self.path), ..self }
    }

    /// Returns what is wrong, without what to do.
    pub fn problem(&self) -> &str {
        self.split().0
    }

    /// Returns what to do, where the message says so.
    pub fn remedy(&self) -> Option<&str> {
        self.split().1
    }

    /// Splits the message at the first semicolon that is not part of something quoted.
    fn split(&self) -> (&str, Option<&str>) {
        let mut is_quoted = false;
        for (index, c) in self.message.char_indices() {
            match c {
                '`' => is_quoted = !is_quoted,
                ';' if !is_quoted => {
                    let Some((problem, rest)) = self.message.split_at_checked(index) else { break };
                    return (problem, rest.strip_prefix("; "));
                }
                _ => {}
            }
        }
        (&self.message, None)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.steps().is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// One or more diagnostics: why a document is refused. Each is a line where they are shown.
///
/// ```
/// use attache_config_reader::{Diagnostics, PathRef};
///
/// let [first, second] = ["a", "b"].map(|key| PathRef::Root.key(key).error("missing"));
/// let diagnostics = Diagnostics::new(first, [second]);
/// assert_eq!(diagnostics.to_string(), "a: missing\nb: missing");
/// assert!(Diagnostics::check(Vec::new()).is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Creates the list of a diagnostic and those that come after it.
    pub fn new(first: Diagnostic, rest: impl IntoIterator<Item = Diagnostic>) -> Self {
        let mut all = vec![first];
        all.extend(rest);
        Self(all)
    }

    /// Returns `Err` with the diagnostics, or `Ok` where there are none.
    ///
    /// # Errors
    /// The given diagnostics, unless there are none.
    pub fn check(diagnostics: Vec<Diagnostic>) -> Result<(), Self> {
        if diagnostics.is_empty() { Ok(()) } else { Err(Self(diagnostics)) }
    }

    /// Adds others, of which there may be none.
    #[must_use]
    pub fn and(mut self, others: impl IntoIterator<Item = Diagnostic>) -> Self {
        self.0.extend(others);
        self
    }

    /// Moves the diagnostics of a part to where that part stands in the whole.
    #[must_use]
    pub fn below(self, parent: &Path) -> Self {
        Self(self.0.into_iter().map(|diagnostic| diagnostic.below(parent)).collect())
    }

    /// Returns the diagnostics in the document's order.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            diagnostic.fmt(f)?;
        }
        Ok(())
    }
}
