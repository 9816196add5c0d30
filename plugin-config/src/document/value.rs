//! Values that occur all over the document.

use attache_config_reader::{List, Node, Slot};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

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

/// A claim: `realm_access.roles`, or `["https://example.com/roles"]` where each step is named
/// literally.
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

/// A cookie that may carry a token, with its form.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CookieLocation"))]
pub(crate) struct CookieFormDocument {
    /// The cookie.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub(crate) name: Slot<String>,
    /// Whether a token that is too long for one cookie may be cut into `name_0`, `name_1` and so
    /// on, up to `name_31`, as oauth2-proxy does it. All of them are removed. Default: false.
    #[cfg_attr(feature = "schema", schemars(extend("default" = false)))]
    pub(crate) chunked: Option<bool>,
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

            fn visit_map<A: MapAccess<'de>>(
                self,
                map: A,
            ) -> Result<CookieLocationDocument, A::Error> {
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
            node => {
                Err(Error::invalid_type(node.unexpected(), &"a JWK set, as an object or as text"))
            }
        }
    }
}
