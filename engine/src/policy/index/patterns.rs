//! All patterns of a set that match a value.

use super::affix::{Prefixes, Suffixes};
use crate::hash::{self, HashMap};
use attache_plugin_config::StringPattern;

/// Values under patterns, found by what matches their pattern.
#[derive(Debug)]
pub(in super::super) struct Patterns<T> {
    exact: HashMap<Box<[u8]>, T>,
    prefixes: Prefixes<T>,
    suffixes: Suffixes<T>,
    any: Option<T>,
}

impl<T> FromIterator<(StringPattern, T)> for Patterns<T> {
    fn from_iter<I: IntoIterator<Item = (StringPattern, T)>>(patterns: I) -> Self {
        let (mut exact, mut any) = (hash::map(), None);
        let (mut prefixes, mut suffixes) = (Vec::new(), Vec::new());
        for (pattern, value) in patterns {
            match pattern {
                StringPattern::Exact(text) => _ = exact.insert(text.into_bytes().into(), value),
                StringPattern::Prefix(text) => prefixes.push((text.into_bytes().into(), value)),
                StringPattern::Suffix(text) => suffixes.push((text.into_bytes().into(), value)),
                StringPattern::Any => any = Some(value),
            }
        }
        Self { exact, prefixes: Prefixes::new(prefixes), suffixes: Suffixes::new(suffixes), any }
    }
}

impl<T> Patterns<T> {
    pub(in super::super) fn visit<'m>(&'m self, value: &str, found: &mut impl FnMut(&'m T)) {
        let bytes = value.as_bytes();
        if !self.exact.is_empty()
            && let Some(value) = self.exact.get(bytes)
        {
            found(value);
        }
        self.prefixes.visit(bytes, found);
        self.suffixes.visit(bytes, found);
        if let Some(any) = self.any.as_ref().filter(|_| !value.is_empty()) {
            found(any);
        }
    }
}
