//! Reading a node into document types by tables of their keys.
//!
//! What serde derives for a type is code of its own. The filter's module would have a hundred
//! kilobytes of it, all of which V8 compiles in each sidecar before the first request. So a type
//! derives [`Object`](crate::Object) instead: a table of its [`Key`]s, which is data, and a way
//! from a key to its field. One [`Reader`] walks through tables and nodes.

mod leaf;
mod reader;

pub use reader::{Reader, read_by_table};

use crate::{Node, PathRef, Reported};

/// A kind of value that documents have.
pub trait Value: Sized {
    /// What belongs where such a value does, in a few words: `a list`.
    const EXPECTED: &'static str;

    /// Reads such a value.
    ///
    /// # Errors
    /// The proof that the reader was told what is wrong.
    fn read(node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) -> Result<Self, Reported>;
}

/// A field of a document's type: an `Option` or a [`Slot`](crate::Slot) of a value.
pub trait Field: Place + Sized {
    /// Whether its key must be there.
    const IS_REQUIRED: bool;
    /// What belongs there, in a few words.
    const EXPECTED: &'static str;

    /// Returns what stands there before its key has been come by; the reader tells of one that must
    /// be there and is not.
    fn unread(reader: &Reader<'_>) -> Self;
}

/// What takes the value of a key.
pub trait Place {
    /// Reads a value and holds it, or that there is none.
    fn fill(&mut self, node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>);
}

/// The fields of an object, in the order of its table of keys.
pub trait Fields {
    /// Returns the field of a key; `None` past the last.
    fn field(&mut self, index: usize) -> Option<&mut dyn Place>;
}

/// What takes the values of a list or of an object with keys of the author's own.
pub(crate) trait Elements {
    /// Reads a value and adds it; one of a list has an empty key.
    fn add(&mut self, key: &str, node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>);
}

/// One line of the table of an object's keys.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The key.
    name: &'static str,
    /// Whether it must be there.
    is_required: bool,
    /// What belongs there, in a few words.
    expected: &'static str,
}

impl Key {
    /// Returns the line of a field.
    ///
    /// ```
    /// use attache_config_reader::{Key, Slot};
    ///
    /// static KEYS: &[Key] = &[Key::of::<Slot<String>>("name"), Key::of::<Option<u32>>("port")];
    /// assert!(format!("{KEYS:?}").contains("is_required: true"));
    /// ```
    pub const fn of<F: Field>(name: &'static str) -> Self {
        Self { name, is_required: F::IS_REQUIRED, expected: F::EXPECTED }
    }
}
