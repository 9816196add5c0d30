//! What is wrong with a document, and where.

use std::fmt;

/// One thing wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Where, as a path from the document's root: `policies[2].rules[0].to[0].paths[1]`. Empty for the document itself.
    pub at: String,
    /// What is wrong and what to do: lower case, no final stop, the user's input in backticks.
    pub message: String,
}

impl ConfigError {
    /// An error at a place.
    pub fn new(at: impl Into<String>, message: impl Into<String>) -> Self {
        Self { at: at.into(), message: message.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at.as_str() {
            "" => f.write_str(&self.message),
            at => write!(f, "{at}: {}", self.message),
        }
    }
}

/// Everything that is wrong with a document, in its order. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Errors(Vec<ConfigError>);

impl Errors {
    /// `Err` with all the errors, or `Ok` where there are none.
    ///
    /// # Errors
    /// The given errors, unless empty.
    pub fn check(errors: Vec<ConfigError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self(errors)) }
    }

    /// Errors that are known to be some.
    pub(crate) fn of(errors: Vec<ConfigError>) -> Self {
        debug_assert!(!errors.is_empty(), "an error without a reason");
        Self(errors)
    }

    /// The errors, in the document's order.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl From<ConfigError> for Errors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}
