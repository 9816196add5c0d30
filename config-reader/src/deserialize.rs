//! Reading a node into document types with serde.

mod error;

pub(crate) use error::Problem;
pub use error::ReadError;

use crate::number::whole;
use crate::{Node, Step};
use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

impl<'de> Deserializer<'de> for &'de Node {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Node::Null | Node::Invalid(_) => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(*value),
            Node::Number(value) => visitor.visit_f64(*value),
            Node::String(value) => visitor.visit_borrowed_str(value),
            Node::Array(items) => visitor.visit_seq(Items { rest: items, index: 0 }),
            Node::Object(members) => {
                visitor.visit_map(Members { rest: members, fields: None, value: None })
            }
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
            _ => self.deserialize_any(visitor),
        }
    }

    /// Refuses `null`, which is what is left of a key whose lines were commented out or whose
    /// template was empty: taken for absent, it would have a rule match more than its author wrote.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Node::Invalid(_) => visitor.visit_none(),
            Node::Null => Err(ReadError::new(Problem::NoValue(what_belongs_here(visitor)))),
            _ => visitor.visit_some(self),
        }
    }

    /// Gives a `Slot`, which alone among the document's types is a newtype, an invalid node too.
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

/// Returns what a visitor asks for, in a few words: what it says of a `null`.
fn what_belongs_here<'de, V: Visitor<'de>>(visitor: V) -> String {
    match visitor.visit_some(&Node::Null).map_err(ReadError::into_problem) {
        Err(Problem::Null(expected)) => expected,
        _ => "a value".to_owned(),
    }
}

/// The largest number of a setting that is read as 32 bits.
const MAX_U32: f64 = 4_294_967_295.0;
/// The largest whole number up to which float64 holds every one: 2^53 - 1.
const MAX_EXACT: f64 = 9_007_199_254_740_991.0;

impl Node {
    /// Returns a whole number of 0 to `max`.
    fn whole(&self, max: f64) -> Result<u64, ReadError> {
        match self {
            Self::Number(value) => whole(*value, max).map_err(Error::custom),
            _ => Err(ReadError::mismatch("a whole number", self.kind())),
        }
    }
}

struct Items<'de> {
    rest: &'de [Node],
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ReadError> {
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

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, ReadError> {
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

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        self,
        _seed: T,
    ) -> Result<T::Value, ReadError> {
        Err(Error::custom("a word stands alone"))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        _len: usize,
        _visitor: V,
    ) -> Result<V::Value, ReadError> {
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
