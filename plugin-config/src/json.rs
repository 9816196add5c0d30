//! JSON, read strictly: no member twice, every error with its place.

mod de;
mod foreign;
mod place;
mod quote;
mod suggest;

pub(crate) use de::Problem;
pub(crate) use place::{At, Fault, Place, Step};
pub(crate) use quote::quote;
pub(crate) use suggest::suggestion;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor,
};
use std::collections::BTreeSet;
use std::fmt;

/// A JSON value. Numbers are what a WasmPlugin makes of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(f64),
    String(String),
    Array(Vec<Self>),
    /// In the document's order, no name twice.
    Object(Vec<(String, Self)>),
    /// Something was wrong here, and was reported.
    Spoiled,
}

impl Node {
    /// The member of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Such a value, as serde names it.
    pub(crate) fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Self::Null | Self::Spoiled => Unexpected::Unit,
            Self::Bool(value) => Unexpected::Bool(*value),
            Self::Number(value) => Unexpected::Float(*value),
            Self::String(value) => Unexpected::Str(value),
            Self::Array(_) => Unexpected::Seq,
            Self::Object(_) => Unexpected::Map,
        }
    }

    /// What a message calls such a value.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null | Self::Spoiled => "null",
            Self::Bool(_) => "a Boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// Reads one JSON text. What is repeated in an object is reported, and the first kept; all else that is wrong ends
/// the reading. Nesting is bounded at 127 levels by the parser.
pub(crate) fn read(json: &[u8], at: &At<'_>, faults: &mut Vec<Fault>) -> Option<Node> {
    let text = match str::from_utf8(json) {
        Ok(text) => text,
        Err(error) => {
            let (line, column) = position(json, error.valid_up_to());
            faults.push(at.fault(format!("not UTF-8 at line {line} column {column}; save it as UTF-8")));
            return None;
        }
    };
    if text.starts_with('\u{feff}') {
        faults.push(at.fault("begins with a byte order mark; save it without one"));
        return None;
    }
    let mut parser = serde_json::Deserializer::from_str(text);
    match (Builder { at, faults }).deserialize(&mut parser).and_then(|node| parser.end().map(|()| node)) {
        Ok(node) => Some(node),
        Err(error) => {
            faults.push(at.fault(format!("not JSON: {error}")));
            None
        }
    }
}

/// Line and column, from 1, of a byte.
fn position(text: &[u8], byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let lines = before.iter().filter(|&&c| c == b'\n').count();
    let column = before.iter().rev().take_while(|&&c| c != b'\n').count();
    (lines.saturating_add(1), column.saturating_add(1))
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Builder { at: &At::Root, faults: &mut Vec::new() }.deserialize(deserializer)
    }
}

/// Builds a node from whatever comes.
struct Builder<'a> {
    at: &'a At<'a>,
    faults: &'a mut Vec<Fault>,
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
        while let Some(item) =
            seq.next_element_seed(Builder { at: &self.at.index(items.len()), faults: self.faults })?
        {
            items.push(item);
        }
        Ok(Node::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members: Vec<(String, Node)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Builder { at: &self.at.key(&key), faults: self.faults })?;
            members.push((key, value));
        }
        for name in drop_repeated(&mut members) {
            let message = format!("{} is repeated in this object; keep one of them", quote(&name));
            self.faults.push(self.at.key(&name).fault(message));
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

#[cfg(test)]
mod suite_tests;
