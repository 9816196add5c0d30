//! Why a configuration can't be used.

use attache_config_reader::{Diagnostic, Diagnostics, Position, SourceText};
use std::fmt;

/// Why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("can't read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Everything that is wrong with the document, in its order; one where it is no YAML.
    #[error("{}", Lines(.0))]
    Invalid(Vec<Problem>),
}

/// One thing wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, with the path from the document's root.
    pub diagnostic: Diagnostic,
    /// The file and where in it; absent where the document is no file, or no YAML.
    pub position: Option<(String, Position)>,
}

/// Writes `FILE:LINE:COLUMN: PATH: MESSAGE`, as far as each is known.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((file, Position { line, column, .. })) = &self.position {
            write!(f, "{file}:{line}:{column}: ")?;
        }
        self.diagnostic.fmt(f)
    }
}

impl ConfigError {
    /// Adds to errors where in a file they are.
    pub(crate) fn of_file(errors: &Diagnostics, text: &str, file: String) -> Self {
        // What is no YAML has no positions; the message has the line then.
        let source = SourceText::parse(text).ok();
        let document = source.as_ref().and_then(|source| source.documents().first());
        let problem = |diagnostic: &Diagnostic| {
            let location = document.map(|document| document.locate(&diagnostic.path));
            let position = location.map(|location| (file.clone(), location.span().start));
            Problem { diagnostic: diagnostic.clone(), position }
        };
        Self::Invalid(errors.iter().map(problem).collect())
    }
}

impl From<Diagnostics> for ConfigError {
    fn from(errors: Diagnostics) -> Self {
        Self::Invalid(
            errors.into_iter().map(|diagnostic| Problem { diagnostic, position: None }).collect(),
        )
    }
}

/// Problems, one a line.
struct Lines<'p>(&'p [Problem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}
