//! What is new in a key set.

use crate::token::IssuerKeys;

/// The keys that came and went. A key is named by its `kid`, or by its fingerprint in hexadecimal
/// where it has none; one whose `kid` stayed while its material changed is in both lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Those that came.
    pub added: Vec<String>,
    /// Those that went.
    pub removed: Vec<String>,
}

impl Change {
    /// Returns what is new in a set as against the one that held before, if there was one.
    pub(super) fn between(old: Option<&IssuerKeys>, new: &IssuerKeys) -> Self {
        let missing_in = |keys: Option<&IssuerKeys>, from: &IssuerKeys| {
            let gone = from
                .entries()
                .filter(|(fingerprint, _)| !keys.is_some_and(|keys| keys.has_key(*fingerprint)));
            gone.map(|(fingerprint, key_id)| {
                key_id.map_or_else(|| format!("{fingerprint:016x}"), str::to_owned)
            })
            .collect()
        };
        Self {
            added: missing_in(old, new),
            removed: old.map(|old| missing_in(Some(new), old)).unwrap_or_default(),
        }
    }

    /// Returns whether the keys are the same.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}
