//! A discovery document (OpenID Connect Discovery 1.0 section 3), as far as it is read.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// What is read of a discovery document. Others of its members are ignored; none of these may be
/// repeated.
///
/// Read by hand and not derived: what is derived puts the value that it did not expect into the
/// error, and takes all that writes an `f64` as text into the module, for an error of
/// which only the place is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DiscoveryDocument {
    pub(super) issuer: String,
    pub(super) jwks_uri: String,
}

/// Reads the document.
struct Outermost;

/// Reads a member of the document.
struct Text(String);

impl<'de> Deserialize<'de> for DiscoveryDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Outermost)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self(String::new()))
    }
}

fn unfit<E: Error>() -> E {
    E::custom("another value than expected")
}

/// Methods of a visitor that refuse whatever is neither text nor object.
macro_rules! refuse_others {
    () => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("another value")
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Err(unfit())
        }

        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Err(unfit())
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Err(unfit())
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Err(unfit())
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Err(unfit())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
            Err(unfit())
        }
    };
}

impl<'de> Visitor<'de> for Outermost {
    type Value = DiscoveryDocument;

    refuse_others!();

    fn visit_str<E: Error>(self, _: &str) -> Result<DiscoveryDocument, E> {
        Err(unfit())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<DiscoveryDocument, A::Error> {
        let (mut issuer, mut jwks_uri) = (None, None);
        while let Some(name) = members.next_key::<String>()? {
            let member = match name.as_str() {
                "issuer" => &mut issuer,
                "jwks_uri" => &mut jwks_uri,
                _ => {
                    members.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let Text(text) = members.next_value()?;
            if member.replace(text).is_some() {
                return Err(unfit());
            }
        }
        let document = issuer.zip(jwks_uri);
        document.map(|(issuer, jwks_uri)| DiscoveryDocument { issuer, jwks_uri }).ok_or_else(unfit)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Self;

    refuse_others!();

    fn visit_str<E: Error>(self, text: &str) -> Result<Self, E> {
        Ok(Self(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Self, A::Error> {
        Err(unfit())
    }
}

#[cfg(test)]
mod tests {
    use super::DiscoveryDocument;

    #[test]
    fn both_members_are_read_and_others_are_ignored() {
        let text =
            r#"{"a": [1.5, {"issuer": 1, "issuer": 2}], "issuer": "i", "jwks_uri": "j\u0021"}"#;
        let expected = DiscoveryDocument { issuer: "i".to_owned(), jwks_uri: "j!".to_owned() };
        assert_eq!(serde_json::from_str::<DiscoveryDocument>(text).unwrap(), expected);
    }

    #[test]
    fn what_has_another_form_is_refused_as_such() {
        for other in ["1", "null", "true", "-1", "1.5", r#""a""#, r#"["i", "j"]"#, "{}"] {
            let error = serde_json::from_str::<DiscoveryDocument>(other).unwrap_err();
            assert!(error.is_data() && error.line() == 1 && error.column() > 0, "{other}: {error}");
            let text = format!(r#"{{"issuer": {other}, "jwks_uri": "j"}}"#);
            let is_text = other.starts_with('"');
            let read = serde_json::from_str::<DiscoveryDocument>(&text);
            assert_eq!(read.is_ok(), is_text, "{text}");
            assert!(read.map_or_else(|error| error.is_data(), |_| is_text), "{text}");
        }
        for twice in [
            r#"{"issuer": "i", "jwks_uri": "j", "issuer": "i"}"#,
            r#"{"issuer": 1, "issuer": "i", "jwks_uri": "j"}"#,
            r#"{"jwks_uri": "j", "issuer": "i", "jwks_uri": 1}"#,
        ] {
            assert!(serde_json::from_str::<DiscoveryDocument>(twice).unwrap_err().is_data());
        }
    }

    #[test]
    fn half_a_document_is_no_json() {
        for cut in [r#"{"issuer": "i", "jwks_uri": "j"#, r#"{"issuer"#, r#"{"a": [1"#, "{"] {
            let error = serde_json::from_str::<DiscoveryDocument>(cut).unwrap_err();
            assert!(error.is_eof(), "{cut}: {error}");
        }
    }
}
