//! The kinds of values that documents are made of.

use super::{Elements, Field, Place, Reader, Value};
use crate::number::whole;
use crate::problem::{A_DURATION, not_a_duration, without_unit};
use crate::{DurationDocument, List, Map, Node, PathRef, Reported, Slot, parse_duration};

impl Value for String {
    const EXPECTED: &'static str = "a string";

    fn read(node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) -> Result<Self, Reported> {
        match node {
            Node::String(text) => Ok(text.clone()),
            _ => Err(reader.mismatch(at, Self::EXPECTED, node)),
        }
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) -> Result<Self, Reported> {
        match node {
            Node::Bool(value) => Ok(*value),
            _ => Err(reader.mismatch(at, Self::EXPECTED, node)),
        }
    }
}

impl Value for f64 {
    const EXPECTED: &'static str = "a number";

    fn read(node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) -> Result<Self, Reported> {
        match node {
            Node::Number(value) => Ok(*value),
            _ => Err(reader.mismatch(at, Self::EXPECTED, node)),
        }
    }
}

impl Value for u32 {
    const EXPECTED: &'static str = "a whole number";

    fn read(node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) -> Result<Self, Reported> {
        let number = match node {
            Node::Number(value) => whole(*value, f64::from(Self::MAX)),
            _ => return Err(reader.mismatch(at, Self::EXPECTED, node)),
        };
        let fitting =
            number.and_then(|number| Self::try_from(number).map_err(|error| error.to_string()));
        reader.ok_or_note(at, fitting)
    }
}

impl Value for DurationDocument {
    const EXPECTED: &'static str = A_DURATION;

    fn read(node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) -> Result<Self, Reported> {
        match node {
            Node::String(text) => {
                let duration = parse_duration(text).ok_or_else(|| not_a_duration(text));
                reader.ok_or_note(at, duration).map(Self)
            }
            Node::Number(value) => Err(reader.note(at, without_unit(*value))),
            _ => Err(reader.mismatch(at, Self::EXPECTED, node)),
        }
    }
}

impl<T: Value> Value for List<T> {
    const EXPECTED: &'static str = "a list";

    fn read(node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) -> Result<Self, Reported> {
        let mut list = Self::default();
        reader.list(node, at, &mut list)?;
        Ok(list)
    }
}

impl<T: Value> Elements for List<T> {
    fn add(&mut self, _: &str, node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) {
        self.push(Slot::new(T::read(node, at, reader)));
    }
}

impl<T: Value> Value for Map<T> {
    const EXPECTED: &'static str = "an object";

    fn read(node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) -> Result<Self, Reported> {
        let mut map = Self::default();
        reader.map(node, at, &mut map)?;
        Ok(map)
    }
}

impl<T: Value> Elements for Map<T> {
    fn add(&mut self, key: &str, node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) {
        self.insert(key.to_owned(), Slot::new(T::read(node, at, reader)));
    }
}

impl<T: Value> Place for Option<T> {
    fn fill(&mut self, node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) {
        *self = T::read(node, at, reader).ok();
    }
}

impl<T: Value> Field for Option<T> {
    const IS_REQUIRED: bool = false;
    const EXPECTED: &'static str = T::EXPECTED;

    fn unread(_: &Reader<'_>) -> Self {
        None
    }
}

impl<T: Value> Place for Slot<T> {
    fn fill(&mut self, node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) {
        *self = Self::new(T::read(node, at, reader));
    }
}

impl<T: Value> Field for Slot<T> {
    const IS_REQUIRED: bool = true;
    const EXPECTED: &'static str = T::EXPECTED;

    fn unread(_: &Reader<'_>) -> Self {
        // Without its key, the object is refused.
        Self::new(Err(Reported::noted()))
    }
}
