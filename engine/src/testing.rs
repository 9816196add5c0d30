//! A store for tests.

use crate::host::SharedStore;
use std::cell::RefCell;
use std::collections::HashMap;

/// A store as Envoy's shared data: versions count up from 1.
#[derive(Default)]
pub(crate) struct Table(RefCell<HashMap<String, (Vec<u8>, u32)>>);

impl Table {
    /// Returns the keys of all that was written.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.0.borrow().keys().cloned().collect()
    }
}

impl SharedStore for Table {
    fn read(&self, key: &str) -> Option<(Vec<u8>, Option<u32>)> {
        self.0.borrow().get(key).map(|(value, version)| (value.clone(), Some(*version)))
    }

    fn compare_and_set(&self, key: &str, value: &[u8], version: Option<u32>) -> bool {
        let mut table = self.0.borrow_mut();
        let current = table.get(key).map(|(_, version)| *version);
        if version.is_some() && current.is_some() && version != current {
            return false;
        }
        table.insert(key.to_owned(), (value.to_vec(), current.unwrap_or(0).wrapping_add(1)));
        true
    }
}
