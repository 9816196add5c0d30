//! Values that occur all over the document.

use super::CookieFormDocument;
use crate::json::Node;
use crate::reported::Reported;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// A value that must be there, or was there and could not be read, which has been reported.
#[derive(Debug)]
pub(crate) struct Slot<T>(Result<T, Reported>);

impl<T> Slot<T> {
    /// Returns the value, or the proof that its fault was noted.
    pub(crate) fn get(&self) -> Result<&T, Reported> {
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
                // A spoiled node, and nothing else: `null` is an error of the deserializer's.
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

/// A text that must be named, and may be named as `null`: the one place where `null` has a meaning.
#[derive(Debug)]
pub(crate) struct Nullable(pub(crate) Option<String>);

impl<'de> Deserialize<'de> for Nullable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NullableVisitor;

        impl Visitor<'_> for NullableVisitor {
            type Value = Nullable;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or null")
            }

            fn visit_unit<E: Error>(self) -> Result<Nullable, E> {
                Ok(Nullable(None))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Nullable, E> {
                Ok(Nullable(Some(value.to_owned())))
            }
        }

        deserializer.deserialize_any(NullableVisitor)
    }
}

/// A list; elements that could not be read have been reported and leave their index unused.
#[derive(Debug)]
pub(crate) struct List<T>(Vec<Slot<T>>);

impl<T> List<T> {
    /// The elements that could be read, with their index.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.0.iter().enumerate().filter_map(|(index, slot)| slot.get().ok().map(|item| (index, item)))
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(List)
    }
}

/// A claim: `realm_access.roles`, or `["https://example.com/roles"]` where each step is named literally.
#[derive(Debug)]
pub(crate) enum ClaimDocument {
    Dotted(String),
    Steps(List<String>),
}

impl<'de> Deserialize<'de> for ClaimDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ClaimVisitor;

        impl<'de> Visitor<'de> for ClaimVisitor {
            type Value = ClaimDocument;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<ClaimDocument, E> {
                Ok(ClaimDocument::Dotted(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<ClaimDocument, A::Error> {
                List::deserialize(SeqAccessDeserializer::new(seq)).map(ClaimDocument::Steps)
            }
        }

        deserializer.deserialize_any(ClaimVisitor)
    }
}

/// A cookie that may carry a token: its name, or an object.
#[derive(Debug)]
pub(crate) enum CookieLocationDocument {
    Name(String),
    Form(CookieFormDocument),
}

impl<'de> Deserialize<'de> for CookieLocationDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CookieVisitor;

        impl<'de> Visitor<'de> for CookieVisitor {
            type Value = CookieLocationDocument;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an object")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<CookieLocationDocument, E> {
                Ok(CookieLocationDocument::Name(value.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CookieLocationDocument, A::Error> {
                let document = CookieFormDocument::deserialize(MapAccessDeserializer::new(map))?;
                Ok(CookieLocationDocument::Form(document))
            }
        }

        deserializer.deserialize_struct("CookieLocation", &["name", "chunked"], CookieVisitor)
    }
}

/// A value to compare a claim with: a string, a number or a Boolean.
#[derive(Debug)]
pub(crate) enum ScalarDocument {
    String(String),
    Number(f64),
    Bool(bool),
}

impl<'de> Deserialize<'de> for ScalarDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScalarVisitor;

        impl Visitor<'_> for ScalarVisitor {
            type Value = ScalarDocument;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a number or a Boolean")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<ScalarDocument, E> {
                Ok(ScalarDocument::String(value.to_owned()))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<ScalarDocument, E> {
                Ok(ScalarDocument::Number(value))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<ScalarDocument, E> {
                Ok(ScalarDocument::Bool(value))
            }
        }

        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// Public keys, as an object or as text.
#[derive(Debug)]
pub(crate) struct KeySetDocument(pub(crate) Node);

impl<'de> Deserialize<'de> for KeySetDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Node::deserialize(deserializer)? {
            node @ (Node::Object(_) | Node::String(_)) => Ok(Self(node)),
            node => Err(Error::invalid_type(node.unexpected(), &"a JWK set, as an object or as text")),
        }
    }
}

/// A length of time: one or more whole numbers with a unit each, from the largest: `h`, `m`, `s`, `ms`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DurationDocument(pub(crate) Duration);

impl<'de> Deserialize<'de> for DurationDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DurationVisitor;

        impl Visitor<'_> for DurationVisitor {
            type Value = DurationDocument;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as `30s`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<DurationDocument, E> {
                parse_duration(text).map(DurationDocument).ok_or_else(|| {
                    let text = crate::json::quote(text);
                    Error::custom(format_args!(
                        "{text} is no duration; write whole numbers with h, m, s or ms, as `1h30m`"
                    ))
                })
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<DurationDocument, E> {
                Err(Error::custom(format_args!(
                    "`{value}` has no unit; write `{value}s` if these are seconds, `{value}m` if minutes"
                )))
            }
        }

        deserializer.deserialize_any(DurationVisitor)
    }
}

/// No duration of a configuration is longer; it keeps sums of times far from any overflow.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    let mut last_unit = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (count, after) = rest.split_at_checked(digits)?;
        let letters = after.bytes().take_while(u8::is_ascii_lowercase).count();
        let (unit, after) = after.split_at_checked(letters)?;
        let millis = match unit {
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1000,
            "ms" => 1,
            _ => return None,
        };
        if millis >= last_unit {
            return None;
        }
        last_unit = millis;
        let part = count.parse::<u64>().ok()?.checked_mul(millis)?;
        total = total.checked_add(Duration::from_millis(part))?;
        rest = after;
    }
    (!text.is_empty() && total <= LONGEST).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units_from_the_largest() {
        for (text, millis) in [
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h", 3_600_000),
            ("250ms", 250),
            ("1h30m", 5_400_000),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "", "30", "s", "1d", "30m1h", "1s1s", "1.5s", "-1s", "+1s", " 1s", "1 s", "1S", "1h30",
            "1000000h",
        ] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
        assert_eq!(parse_duration("99999999999999999999s"), None);
    }
}
