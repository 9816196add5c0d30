//! JSON as two readers can only read it in one way: no member twice, no nesting past [`MAX_DEPTH`],
//! no digit lost that 64 bits can't hold, nothing before or after the value. The rest of RFC 8259
//! is serde_json's to hold: it refuses a byte order mark, lone surrogates, invalid UTF-8, and
//! numbers past every double by itself.

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
}

/// The members of a JOSE header and of a claims set that the engine reads by their type: there a
/// number is a number.
const REGISTERED: [&str; 10] =
    ["alg", "kid", "typ", "iss", "sub", "aud", "jti", "exp", "nbf", "iat"];

/// Reads an object. A number that 64 bits can't hold becomes the text of its digits, unless it is
/// or lies in a registered member.
///
/// # Errors
/// The first [`Flaw`].
pub(super) fn object(text: &[u8]) -> Result<Map<String, Value>, Flaw> {
    let flaw = Cell::new(Flaw::NotAnObject);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let numbers = Numbers { rest: Cell::new(text), ahead: Cell::new(0) };
    let strict = Strict { depth: MAX_DEPTH, member: "", numbers: &numbers, flaw: &flaw };
    let value = strict.deserialize(&mut reader).map_err(|_| flaw.get())?;
    match value {
        Value::Object(members) if reader.end().is_ok() => Ok(members),
        _ => Err(Flaw::NotAnObject),
    }
}

/// The numbers of a text, which are read in the order in which they stand there.
struct Numbers<'t> {
    /// What of the text was not looked through yet.
    rest: Cell<&'t [u8]>,
    /// How many numbers of it have been read since.
    ahead: Cell<usize>,
}

impl<'t> Numbers<'t> {
    fn count(&self) {
        self.ahead.set(self.ahead.get().saturating_add(1));
    }

    /// Returns the number that was read last, as it stands in the text.
    #[inline(never)]
    fn last(&self) -> Option<&'t [u8]> {
        let mut rest = self.rest.get();
        let mut number = None;
        for _ in 0..self.ahead.take() {
            let (next, after) = next_number(rest)?;
            (number, rest) = (Some(next), after);
        }
        self.rest.set(rest);
        number
    }
}

/// Returns the first number of a valid text that begins outside a string, and what comes after it.
fn next_number(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = text;
    loop {
        match rest.split_first()? {
            (b'"', after) => rest = after_string(after)?,
            (b'-' | b'0'..=b'9', _) => {
                let is_of_number =
                    |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                let length = rest.iter().take_while(|byte| is_of_number(byte)).count();
                return rest.split_at_checked(length);
            }
            (_, after) => rest = after,
        }
    }
}

/// Returns what comes after the string whose quote was opened.
fn after_string(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        rest = match rest.split_first()? {
            (b'"', after) => return Some(after),
            (b'\\', after) => after.split_first()?.1,
            (_, after) => after,
        };
    }
}

/// Reads one value.
#[derive(Clone, Copy)]
struct Strict<'f, 't> {
    /// How many levels may still open.
    depth: u8,
    /// The member of the outermost object that the value is or lies in.
    member: &'f str,
    numbers: &'f Numbers<'t>,
    /// Told apart here: serde's errors are texts.
    flaw: &'f Cell<Flaw>,
}

impl Strict<'_, '_> {
    fn below<E: Error>(self) -> Result<Self, E> {
        self.depth
            .checked_sub(1)
            .map(|depth| Self { depth, ..self })
            .ok_or_else(|| self.refuse(Flaw::TooDeep))
    }

    fn number(self, value: impl Into<Value>) -> Value {
        self.numbers.count();
        value.into()
    }

    fn refuse<E: Error>(self, flaw: Flaw) -> E {
        self.flaw.set(flaw);
        E::custom("flaw")
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_, '_> {
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
        Ok(self.number(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(self.number(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = self.number(value);
        if value.abs() < MAX_FLOAT || REGISTERED.contains(&self.member) {
            return Ok(number);
        }
        let digits = self.numbers.last().and_then(|digits| str::from_utf8(digits).ok());
        digits.map(Value::from).ok_or_else(|| self.refuse(Flaw::NotAnObject))
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
            let member = if self.depth == MAX_DEPTH { name.as_str() } else { self.member };
            let value = members.next_value_seed(Strict { member, ..below })?;
            if object.insert(name, value).is_some() {
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
        let text =
            br#" {"s":"\u00e9\ud83d\ude00","n":[1,-2,3.5,18446744073709551615,null,true],"o":{}} "#;
        let read = serde_json::Value::Object(object(text).unwrap());
        let expected =
            serde_json::json!({"s": "é😀", "n": [1, -2, 3.5, u64::MAX, null, true], "o": {}});
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
        assert_eq!(
            object(b"{\"a\":\"\xed\xa0\x80\"}"),
            Err(Flaw::NotAnObject),
            "a surrogate in UTF-8"
        );
    }

    #[test]
    fn a_flaw_is_told_by_its_kind() {
        for (text, flaw) in [
            (r#"{"a":1,"a":1}"#, Flaw::DuplicateMember),
            (r#"{"o":[{"a":1,"b":2,"a":3}]}"#, Flaw::DuplicateMember),
            (r#"{"a":1e400}"#, Flaw::NotAnObject),
            (r#"{"a":1,"#, Flaw::NotAnObject),
            ("{} {}", Flaw::NotAnObject),
            ("[]", Flaw::NotAnObject),
        ] {
            assert_eq!(object(text.as_bytes()), Err(flaw), "{text}");
        }
    }

    #[test]
    fn a_number_past_64_bits_is_kept_as_its_digits() {
        let text =
            br#"{"a":18446744073709551616,"\"1":[1,"2\\",-9223372036854775809,{"b":1E+30}],"c":3,"d":-1e30,
            "e":123456789012345678901234567890,"f":9223372036854775808,"g":0.5}"#;
        let expected = serde_json::json!({
            "a": "18446744073709551616", "\"1": [1, "2\\", "-9223372036854775809", {"b": "1E+30"}], "c": 3, "d": "-1e30",
            "e": "123456789012345678901234567890", "f": 9_223_372_036_854_775_808_u64, "g": 0.5,
        });
        assert_eq!(object(text).map(serde_json::Value::Object), Ok(expected));
    }

    #[test]
    fn a_registered_member_never_turns_into_text() {
        for name in super::REGISTERED {
            let read =
                object(format!(r#"{{"x":1e30,"{name}":1e30,"y":2e30}}"#).as_bytes()).unwrap();
            assert!(read[name].is_f64(), "{name}");
            assert_eq!((&read["x"], &read["y"]), (&"1e30".into(), &"2e30".into()), "beside {name}");
            let below =
                object(format!(r#"{{"{name}":[{{"a":1e30}}],"x":{{"{name}":1e30}}}}"#).as_bytes())
                    .unwrap();
            assert!(below[name][0]["a"].is_f64(), "below {name}");
            assert_eq!(below["x"][name], "1e30", "{name} is registered at the root only");
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
mod properties;
