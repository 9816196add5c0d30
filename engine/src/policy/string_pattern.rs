//! Matching one pattern against one value.

use attache_plugin_config::StringPattern;

/// A pattern of mTLS callers, made ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalMatch(StringPattern);

impl PrincipalMatch {
    /// Makes a pattern ready.
    pub fn new(pattern: &StringPattern) -> Self {
        Self(pattern.clone())
    }

    /// Returns whether a principal, without `spiffe://`, is one of these.
    pub fn matches(&self, principal: &str) -> bool {
        matches(&self.0, principal)
    }
}

/// Returns whether a pattern matches a value. `*` asks for a value that is not empty.
pub(super) fn matches(pattern: &StringPattern, value: &str) -> bool {
    match pattern {
        StringPattern::Exact(text) => value == text,
        StringPattern::Prefix(text) => value.starts_with(text.as_str()),
        StringPattern::Suffix(text) => value.ends_with(text.as_str()),
        StringPattern::Any => !value.is_empty(),
    }
}
