//! Reading a node into document types with serde.

use crate::{Node, Path, Step, quote, suggestion};
use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use std::fmt;

/// What a message calls the value of a key below which nothing stands.
const NULL: &str = "null";
/// What a message calls `true` and `false`.
const A_BOOLEAN: &str = "a Boolean";

/// Why a node could not be read, and where: the error of `&Node` as a serde [`Deserializer`].
#[derive(Debug)]
pub struct ReadError {
    /// From the inside out.
    steps: Vec<Step>,
    problem: Problem,
}

/// Why a node could not be read.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The value itself is wrong.
    Value(String),
    /// An object has a member that it may not have; those that it may have.
    UnknownKey { key: String, known: &'static [&'static str] },
    /// An object lacks a member.
    MissingKey(&'static str),
    /// `null` stands where something else must: what that is, in a few words.
    Null(String),
    /// A key that may be left out has `null` for a value: what may stand there.
    NoValue(String),
}

impl ReadError {
    fn new(problem: Problem) -> Self {
        Self { steps: Vec::new(), problem }
    }

    fn within(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// A value of another kind than the one that belongs there.
    fn mismatch(expected: &str, got: &str) -> Self {
        Self::new(match got {
            NULL => Problem::Null(expected.to_owned()),
            // What stands there is not repeated, in case it is a secret.
            _ if expected == "a list" => Problem::Value(format!(
                "expected a list, got {got}; a list of one has brackets around it: `[…]`"
            )),
            A_BOOLEAN if expected == "a string" => Problem::Value(
                "expected a string, got a Boolean, as YAML reads a bare yes, no, on, off, y or n; put it in quotes".to_owned(),
            ),
            _ => Problem::Value(format!("expected {expected}, got {got}")),
        })
    }

    /// Returns what is wrong and where.
    pub(crate) fn into_parts(mut self) -> (Path, Problem) {
        self.steps.reverse();
        (Path(self.steps), self.problem)
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::Value(message) => f.write_str(message),
            Problem::UnknownKey { key, .. } => write!(f, "unknown key {}", quote(key)),
            Problem::MissingKey(key) => write!(f, "`{key}` is missing"),
            Problem::Null(expected) => write!(f, "expected {expected}, got null"),
            Problem::NoValue(expected) => write!(f, "no value; write {expected}, or leave the key out"),
        }
    }
}

impl std::error::Error for ReadError {}

impl Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Problem::Value(message.to_string()))
    }

    /// A value is never repeated: it may be a secret at the wrong place.
    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let got = match unexpected {
            Unexpected::Bool(_) => A_BOOLEAN,
            Unexpected::Float(_) | Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a number",
            Unexpected::Str(_) => "a string",
            Unexpected::Seq => "a list",
            Unexpected::Map => "an object",
            _ => NULL,
        };
        let expected = expected.to_string();
        let expected = match expected.as_str() {
            "a sequence" => "a list",
            "a map" => "an object",
            "a boolean" => "true or false",
            "f64" => "a number",
            "u16" | "u32" => "a whole number",
            text if text.starts_with("struct ") => "an object",
            text => text,
        };
        Self::mismatch(expected, got)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let words: Vec<String> = expected.iter().map(|word| format!("`{word}`")).collect();
        let words = words.join(", ");
        Self::new(Problem::Value(match suggestion(variant, expected.iter().copied()) {
            Some(word) => format!("{} is none of {words}; did you mean `{word}`?", quote(variant)),
            None => format!("{} is none of {words}", quote(variant)),
        }))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Problem::UnknownKey { key: field.to_owned(), known: expected })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Problem::MissingKey(field))
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Node::Null | Node::Invalid(_) => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(*value),
            Node::Number(value) => visitor.visit_f64(*value),
            Node::String(value) => visitor.visit_borrowed_str(value),
            Node::Array(items) => visitor.visit_seq(Items { rest: items, index: 0 }),
            Node::Object(members) => visitor.visit_map(Members { rest: members, fields: None, value: None }),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self {
            Node::Object(members) => {
                visitor.visit_map(Members { rest: members, fields: Some(fields), value: None })
            }
            // A derived struct would take a list for its fields in order.
            Node::Array(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            // A value that may also be a string has a visitor that takes one.
            _ => self.deserialize_any(visitor),
        }
    }

    /// `null` is what is left of a key whose lines were commented out or whose template was empty. It is refused:
    /// taken for absent, it would have a rule match more than its author wrote.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Node::Invalid(_) => visitor.visit_none(),
            Node::Null => Err(ReadError::new(Problem::NoValue(what_belongs_here(visitor)))),
            _ => visitor.visit_some(self),
        }
    }

    /// A `Slot`, which alone among the document's types is a newtype, has room for an invalid node.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self {
            Node::Invalid(_) => visitor.visit_none(),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_u64(self.whole(MAX_U32)?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_u64(self.whole(MAX_EXACT)?)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_u32(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self {
            Node::String(word) => visitor.visit_enum(Word(word)),
            _ => Err(ReadError::mismatch(&format!("one of {}", variants.join(", ")), self.kind())),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// What a visitor asks for, in a few words: what it says of a `null`.
fn what_belongs_here<'de, V: Visitor<'de>>(visitor: V) -> String {
    match visitor.visit_some(&Node::Null).map_err(|error| error.problem) {
        Err(Problem::Null(expected)) => expected,
        _ => "a value".to_owned(),
    }
}

/// The largest number of a setting that is read as 32 bits.
const MAX_U32: f64 = 4_294_967_295.0;
/// The largest whole number up to which float64 holds every one: 2^53 - 1.
const MAX_EXACT: f64 = 9_007_199_254_740_991.0;

impl Node {
    /// Returns a number of 0 to `max` that has no fraction: `2048`, `2048.0` and `2e3`.
    fn whole(&self, max: f64) -> Result<u64, ReadError> {
        let Self::Number(value) = self else {
            return Err(ReadError::mismatch("a whole number", self.kind()));
        };
        if value.fract() != 0.0 || *value < 0.0 {
            return Err(Error::custom(format_args!("`{value}` is no whole number of 0 or more")));
        }
        if *value > max {
            return Err(Error::custom(format_args!("`{value}` is too large; no value here exceeds {max}")));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, positive and in range"
        )]
        Ok(*value as u64)
    }
}

struct Items<'de> {
    rest: &'de [Node],
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Some((item, rest)) = self.rest.split_first() else { return Ok(None) };
        let index = self.index;
        self.rest = rest;
        self.index = index.saturating_add(1);
        seed.deserialize(item).map(Some).map_err(|error| error.within(Step::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Members<'de> {
    rest: &'de [(String, Node)],
    /// The keys that the object may have, where that is known.
    fields: Option<&'static [&'static str]>,
    value: Option<&'de (String, Node)>,
}

impl Members<'_> {
    /// Returns whether an invalid member has no field that would take it.
    fn is_gone(&self, key: &str, value: &Node) -> bool {
        matches!(value, Node::Invalid(_)) && self.fields.is_none_or(|fields| !fields.contains(&key))
    }
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        while let Some((member, rest)) = self.rest.split_first() {
            self.rest = rest;
            let (key, value) = member;
            if self.is_gone(key, value) {
                continue;
            }
            self.value = Some(member);
            return seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let Some((key, value)) = self.value.take() else {
            return Err(Error::custom("a value was asked for before its key"));
        };
        seed.deserialize(value).map_err(|error| error.within(Step::Key(key.clone())))
    }
}

/// A word that stands for a value of an enum.
struct Word<'de>(&'de str);

impl<'de> EnumAccess<'de> for Word<'de> {
    type Error = ReadError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), ReadError> {
        let word: StrDeserializer<'_, ReadError> = self.0.into_deserializer();
        Ok((seed.deserialize(word)?, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'de> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _seed: T) -> Result<T::Value, ReadError> {
        Err(Error::custom("a word stands alone"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, ReadError> {
        Err(Error::custom("a word stands alone"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, ReadError> {
        Err(Error::custom("a word stands alone"))
    }
}
