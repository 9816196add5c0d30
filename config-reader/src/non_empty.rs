//! A list that has something in it.

use std::ops::Deref;

/// A list of one element at least: what is empty can't be made, so nobody has to ask.
///
/// ```
/// use attache_config_reader::NonEmpty;
///
/// assert_eq!(NonEmpty::<u8>::new(Vec::new()), None);
/// assert_eq!(NonEmpty::new(vec![1, 2]).as_deref(), Some([1, 2].as_slice()));
/// assert_eq!(NonEmpty::one(7).len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonEmpty<T>(Vec<T>);

impl<T> NonEmpty<T> {
    /// Takes a list; `None` for an empty one.
    pub fn new(list: Vec<T>) -> Option<Self> {
        if list.is_empty() { None } else { Some(Self(list)) }
    }

    /// Returns a list of one element.
    pub fn one(element: T) -> Self {
        Self(vec![element])
    }
}

impl<T> Deref for NonEmpty<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}
