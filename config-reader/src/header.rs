//! Names of HTTP headers.

use std::fmt;
use std::sync::Arc;

/// The name of an HTTP header in lower case, as Envoy holds it: one or more RFC 9110 token
/// characters. Every session holds those that it writes, so a clone shares the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeaderName(Arc<str>);

impl HeaderName {
    /// Reads a header name in any letter case.
    ///
    /// ```
    /// use attache_config_reader::HeaderName;
    ///
    /// let name = HeaderName::new("X-User_Id").unwrap();
    /// assert_eq!((name.as_str(), name.folded().as_str()), ("x-user_id", "x-user-id"));
    /// assert!(HeaderName::new("a b").is_err());
    /// ```
    ///
    /// # Errors
    /// A sentence that says which characters a header name may have.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        let token = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&c);
        if !text.is_empty() && text.len() <= 256 && text.bytes().all(token) {
            Ok(Self(text.to_ascii_lowercase().into()))
        } else {
            Err(
                "use 1 to 256 characters that a header name may have: letters, digits and !#$%&'*+-.^_`|~",
            )
        }
    }

    /// Returns the name in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the spelling that stands for all which a backend may take for this name.
    pub fn folded(&self) -> String {
        fold(self.as_str())
    }
}

/// Returns the spelling of a header's name that stands for all which a backend may take for the
/// same: letters in lower case, every byte that is no letter or digit as `-`. CGI, and what grew
/// out of it, tells no more of a name (RFC 3875 section 4.1.18). It is as long as the name.
///
/// ```
/// assert_eq!(attache_config_reader::fold("X_User.Id"), "x-user-id");
/// ```
pub fn fold(name: &str) -> String {
    let folded =
        |byte: u8| if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' };
    name.bytes().map(|byte| char::from(folded(byte))).collect()
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
