//! Values of a document.

use crate::{Diagnostic, Path, PathRef, Reported, Step, quote};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;

/// A value of a document. Numbers are what a WasmPlugin makes of them: float64.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `null`, or nothing after the colon of YAML.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number; integers of 2^53 and more are not exact.
    Number(f64),
    /// A string.
    String(String),
    /// A list.
    Array(Vec<Self>),
    /// An object, in the document's order, no name twice.
    Object(Vec<(String, Self)>),
    /// What was here could not be read, which was reported.
    Invalid(Reported),
}

impl Node {
    /// Returns the member of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => {
                members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// Returns the value at a path from this one.
    pub fn at(&self, path: &Path) -> Option<&Self> {
        path.steps().iter().try_fold(self, |node, step| match (node, step) {
            (Self::Array(items), Step::Index(index)) => items.get(*index),
            (_, Step::Key(key)) => node.get(key),
            _ => None,
        })
    }

    /// Returns what a message calls such a value: `a list`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null | Self::Invalid(_) => "null",
            Self::Bool(_) => "a Boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Builder { at: &PathRef::Root, repeated: &mut Vec::new() }.deserialize(deserializer)
    }
}

/// Builds a node from whatever comes.
pub(crate) struct Builder<'a> {
    pub(crate) at: &'a PathRef<'a>,
    /// Where members are noted that are repeated in an object.
    pub(crate) repeated: &'a mut Vec<Diagnostic>,
}

impl<'de> DeserializeSeed<'de> for Builder<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Builder<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of 2^53 and more are refused wherever they are read"
    )]
    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of 2^53 and more are refused wherever they are read"
    )]
    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        Ok(Node::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Node, E> {
        Ok(Node::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Builder {
            at: &self.at.index(items.len()),
            repeated: self.repeated,
        })? {
            items.push(item);
        }
        Ok(Node::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members: Vec<(String, Node)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let value =
                map.next_value_seed(Builder { at: &self.at.key(&key), repeated: self.repeated })?;
            members.push((key, value));
        }
        for name in drop_repeated(&mut members) {
            let message = format!("{} is repeated in this object; keep one of them", quote(&name));
            self.repeated.push(self.at.key(&name).error(message));
        }
        Ok(Node::Object(members))
    }
}

/// Keeps the first of each name; returns the names that were dropped.
fn drop_repeated(members: &mut Vec<(String, Node)>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let repeated: Vec<bool> = members.iter().map(|(name, _)| !seen.insert(name.as_str())).collect();
    if !repeated.contains(&true) {
        return Vec::new();
    }
    let mut repeated = repeated.into_iter();
    let dropped = members.extract_if(.., |_| repeated.next() == Some(true));
    let mut names: Vec<String> = dropped.map(|(name, _)| name).collect();
    names.dedup();
    names
}
