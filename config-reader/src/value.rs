//! Values that documents are made of.

use crate::Reported;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A value that must be there, or was there and could not be read, which has been reported.
#[derive(Debug)]
pub struct Slot<T>(Result<T, Reported>);

impl<T> Slot<T> {
    pub(crate) const fn new(value: Result<T, Reported>) -> Self {
        Self(value)
    }

    /// Returns the value, or the proof that its error was noted.
    ///
    /// # Errors
    /// That proof.
    pub fn get(&self) -> Result<&T, Reported> {
        self.0.as_ref().map_err(|reported| *reported)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Slot<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SlotVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for SlotVisitor<T> {
            type Value = Slot<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_none<E: Error>(self) -> Result<Slot<T>, E> {
                // An invalid node, and nothing else: `null` is an error of the deserializer's.
                Ok(Slot(Err(Reported::noted())))
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Slot<T>, D::Error> {
                T::deserialize(deserializer).map(|value| Slot(Ok(value)))
            }
        }

        deserializer.deserialize_newtype_struct("Slot", SlotVisitor(PhantomData))
    }
}

/// A list; elements that could not be read have been reported and leave their index unused.
#[derive(Debug)]
pub struct List<T>(Vec<Slot<T>>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> List<T> {
    pub(crate) fn push(&mut self, element: Slot<T>) {
        self.0.push(element);
    }

    /// Returns the elements that could be read, with their indices.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.0
            .iter()
            .enumerate()
            .filter_map(|(index, slot)| slot.get().ok().map(|item| (index, item)))
    }

    /// Returns how many elements were written, readable or not.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether nothing was written between the brackets.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(List)
    }
}

/// An object whose keys are the author's own, in the document's order, none of them twice; values
/// that could not be read have been reported.
#[derive(Debug)]
pub struct Map<T>(Vec<(String, Slot<T>)>);

impl<T> Map<T> {
    pub(crate) fn insert(&mut self, key: String, value: Slot<T>) {
        self.0.push((key, value));
    }

    /// Returns the members.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Slot<T>)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Returns how many members were written, readable or not.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether nothing was written between the braces.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Map<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}
