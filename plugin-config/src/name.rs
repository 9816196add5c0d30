//! Names of issuers, policies and rules.

use std::fmt;

/// The name of an issuer, a policy or a rule: 1 to 63 of `a-z 0-9 - _ .`, beginning and ending with
/// a letter or digit, so that it can stand in a metric's name and a log line unescaped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<str>);

impl Name {
    /// Reads a name.
    ///
    /// ```
    /// use attache_plugin_config::Name;
    ///
    /// assert_eq!(Name::new("own-orders").unwrap().as_str(), "own-orders");
    /// assert!(Name::new("Own orders").is_err());
    /// ```
    ///
    /// # Errors
    /// A sentence that says which characters a name may have.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        let edge = |c: Option<&u8>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let bytes = text.as_bytes();
        let inner = |c: &u8| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_' | b'.')
        };
        if bytes.len() <= 63 && edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(inner)
        {
            Ok(Self(text.into()))
        } else {
            Err(
                "use 1 to 63 of a-z, 0-9, `-`, `_` and `.`, beginning and ending with a letter or digit",
            )
        }
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
