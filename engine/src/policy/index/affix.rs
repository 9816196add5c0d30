//! All texts of a set that a value begins with, or ends with, found in one binary search.

use crate::order::sorted;
use smallvec::SmallVec;

/// Values under texts, found by what begins with their text.
#[derive(Debug)]
pub(in super::super) struct Prefixes<T> {
    /// In the order of their texts.
    entries: Box<[Entry<T>]>,
}

#[derive(Debug)]
struct Entry<T> {
    text: Box<[u8]>,
    /// The longest other text that this one begins with.
    parent: Option<u32>,
    value: T,
}

impl<T> Prefixes<T> {
    pub(in super::super) fn new(values: Vec<(Box<[u8]>, T)>) -> Self {
        let mut entries: Vec<Entry<T>> = Vec::with_capacity(values.len());
        for (text, value) in sorted(values, |one, other| one.0.cmp(&other.0)) {
            // Texts come in order, so those that this one begins with are the one before and its
            // ancestors.
            let mut parent = entries.len().checked_sub(1);
            while let Some(entry) = parent.and_then(|parent| entries.get(parent)) {
                if text.starts_with(&entry.text) {
                    break;
                }
                parent = entry.parent.map(|parent| parent as usize);
            }
            let parent = parent.and_then(|parent| u32::try_from(parent).ok());
            entries.push(Entry { text, parent, value });
        }
        Self { entries: entries.into() }
    }

    pub(in super::super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Visits the values of all texts that this one begins with.
    ///
    /// Whatever stands between a text and `value` in the order begins with that text too, so all of
    /// them are the last entry not above `value` and its ancestors.
    pub(in super::super) fn visit<'m>(&'m self, value: &[u8], found: &mut impl FnMut(&'m T)) {
        let above = self.entries.partition_point(|entry| *entry.text <= *value);
        let mut next = above.checked_sub(1);
        let Some(nearest) = next.and_then(|next| self.entries.get(next)) else { return };
        let common = nearest.text.iter().zip(value).take_while(|(a, b)| a == b).count();
        while let Some(entry) = next.and_then(|next| self.entries.get(next)) {
            if entry.text.len() <= common {
                found(&entry.value);
            }
            next = entry.parent.map(|parent| parent as usize);
        }
    }
}

/// Values under texts, found by what ends with their text.
#[derive(Debug)]
pub(in super::super) struct Suffixes<T> {
    reversed: Prefixes<T>,
    longest: usize,
}

impl<T> Suffixes<T> {
    pub(in super::super) fn new(mut values: Vec<(Box<[u8]>, T)>) -> Self {
        let longest = values.iter().map(|(text, _)| text.len()).max().unwrap_or(0);
        for (text, _) in &mut values {
            text.reverse();
        }
        Self { reversed: Prefixes::new(values), longest }
    }

    /// Visits the values of all texts that this one ends with.
    pub(in super::super) fn visit<'m>(&'m self, value: &[u8], found: &mut impl FnMut(&'m T)) {
        if !self.reversed.is_empty() {
            let end: SmallVec<[u8; 128]> = value.iter().rev().take(self.longest).copied().collect();
            self.reversed.visit(&end, found);
        }
    }
}
