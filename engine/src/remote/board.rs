//! What workers share.

/// A table of byte strings that all workers of a proxy read and write, such as Envoy's shared data.
pub trait Board {
    /// A value, with the mark that a later [`Board::post`] proves its knowledge with.
    fn read(&self, key: &str) -> Option<(Vec<u8>, Option<u32>)>;

    /// Writes a value. With a mark, only if the value is still the one that the mark was read with, or if there is none;
    /// says whether it was written.
    fn post(&self, key: &str, value: &[u8], mark: Option<u32>) -> bool;
}

#[cfg(test)]
pub(super) mod testing {
    use super::Board;
    use std::cell::RefCell;
    use std::collections::HashMap;

    /// A board as Envoy's shared data: marks count up from 1.
    #[derive(Default)]
    pub(crate) struct Table(RefCell<HashMap<String, (Vec<u8>, u32)>>);

    impl Table {
        pub(crate) fn keys(&self) -> Vec<String> {
            self.0.borrow().keys().cloned().collect()
        }
    }

    impl Board for Table {
        fn read(&self, key: &str) -> Option<(Vec<u8>, Option<u32>)> {
            self.0.borrow().get(key).map(|(value, mark)| (value.clone(), Some(*mark)))
        }

        fn post(&self, key: &str, value: &[u8], mark: Option<u32>) -> bool {
            let mut table = self.0.borrow_mut();
            let current = table.get(key).map(|(_, mark)| *mark);
            if mark.is_some() && current.is_some() && mark != current {
                return false;
            }
            table.insert(key.to_owned(), (value.to_vec(), current.unwrap_or(0).wrapping_add(1)));
            true
        }
    }
}
