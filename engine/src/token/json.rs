//! JSON as two readers can only read it in one way: no member twice, no nesting past [`MAX_DEPTH`], no number that
//! would lose digits in 64 bits, nothing before or after the value. The rest of RFC 8259 is serde_json's to hold:
//! it refuses a byte order mark, lone surrogates and invalid UTF-8 by itself.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::cell::Cell;
use std::fmt;

/// Objects and lists that may lie in one another, the outermost included.
const MAX_DEPTH: u8 = 32;

/// 2^63: a number past it came from a literal that 64 bits can't hold.
const MAX_FLOAT: f64 = 9_223_372_036_854_775_808.0;

/// Why a text is not an object that all read alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It is not JSON, or not an object.
    NotAnObject,
    /// An object in it has a member twice.
    DuplicateMember,
    /// It nests past [`MAX_DEPTH`].
    TooDeep,
    /// A number is past what 64 bits hold.
    NumberTooLarge,
}

/// Reads an object.
///
/// # Errors
/// The first [`Flaw`].
pub(super) fn object(text: &[u8]) -> Result<Map<String, Value>, Flaw> {
    let flaw = Cell::new(Flaw::NotAnObject);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Strict { depth: MAX_DEPTH, flaw: &flaw }.deserialize(&mut reader).map_err(|_| flaw.get())?;
    match value {
        Value::Object(members) if reader.end().is_ok() => Ok(members),
        _ => Err(Flaw::NotAnObject),
    }
}

/// Reads one value; `depth` is how many levels may still open.
#[derive(Clone, Copy)]
struct Strict<'f> {
    depth: u8,
    /// Told apart here: serde's errors are texts.
    flaw: &'f Cell<Flaw>,
}

impl Strict<'_> {
    fn below<E: Error>(self) -> Result<Self, E> {
        self.depth
            .checked_sub(1)
            .map(|depth| Self { depth, ..self })
            .ok_or_else(|| self.refuse(Flaw::TooDeep))
    }

    fn refuse<E: Error>(self, flaw: Flaw) -> E {
        self.flaw.set(flaw);
        E::custom("flaw")
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        if value.abs() < MAX_FLOAT { Ok(value.into()) } else { Err(self.refuse(Flaw::NumberTooLarge)) }
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(below)? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.insert(name, members.next_value_seed(below)?).is_some() {
                return Err(self.refuse(Flaw::DuplicateMember));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::{Flaw, MAX_DEPTH, object};

    #[test]
    fn an_object_is_read_whole() {
        let text = br#" {"s":"\u00e9\ud83d\ude00","n":[1,-2,3.5,18446744073709551615,null,true],"o":{}} "#;
        let read = serde_json::Value::Object(object(text).unwrap());
        let expected = serde_json::json!({"s": "é😀", "n": [1, -2, 3.5, u64::MAX, null, true], "o": {}});
        assert_eq!(read, expected);
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for (text, why) in [
            (r#"{"a":1,"a":1}"#, "member twice"),
            (r#"{"a":1,"\u0061":1}"#, "member twice, spelled differently"),
            (r#"{"o":[{"a":1,"b":2,"a":3}]}"#, "member twice, deep down"),
            ("{} {}", "text after the value"),
            ("{}\0", "a byte after the value"),
            ("\u{feff}{}", "byte order mark"),
            (r#"{"a":"\ud800"}"#, "lone surrogate"),
            (r#"{"a":"\udc00x"}"#, "lone low surrogate"),
            (r#"{"a":1e400}"#, "no such double"),
            (r#"{"a":18446744073709551616}"#, "more than 64 bits"),
            (r#"{"a":-9223372036854775809}"#, "more than 64 bits, negative"),
            (r#"{"a":1e30}"#, "more than 64 bits, with an exponent"),
            (r#"{"a":01}"#, "leading zero"),
            (r#"{"a":NaN}"#, "not a number"),
            (r#"{"a":1,}"#, "trailing comma"),
            (r#"{'a':1}"#, "single quotes"),
            ("{\"a\":\"\n\"}", "control character"),
            ("[]", "a list"),
            ("\"a\"", "a string"),
            ("", "nothing"),
        ] {
            assert!(object(text.as_bytes()).is_err(), "{why}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(Flaw::NotAnObject), "invalid UTF-8");
        assert_eq!(object(b"{\"a\":\"\xed\xa0\x80\"}"), Err(Flaw::NotAnObject), "a surrogate in UTF-8");
    }

    #[test]
    fn a_flaw_is_told_by_its_kind() {
        for (text, flaw) in [
            (r#"{"a":1,"a":1}"#, Flaw::DuplicateMember),
            (r#"{"o":[{"a":1,"b":2,"a":3}]}"#, Flaw::DuplicateMember),
            (r#"{"a":18446744073709551616}"#, Flaw::NumberTooLarge),
            (r#"{"a":1,"#, Flaw::NotAnObject),
            ("{} {}", Flaw::NotAnObject),
            ("[]", Flaw::NotAnObject),
        ] {
            assert_eq!(object(text.as_bytes()), Err(flaw), "{text}");
        }
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let nested = |lists: usize| format!("{{\"a\":{}{}}}", "[".repeat(lists), "]".repeat(lists));
        let limit = usize::from(MAX_DEPTH);
        assert!(object(nested(limit - 1).as_bytes()).is_ok());
        assert_eq!(object(nested(limit).as_bytes()), Err(Flaw::TooDeep));
        assert_eq!(object(nested(100_000).as_bytes()), Err(Flaw::TooDeep));
    }
}

#[cfg(test)]
#[path = "json_properties.rs"]
mod properties;
