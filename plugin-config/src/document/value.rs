//! Values that occur all over the document.

use attache_config_reader::{List, Node, Object, PathRef, Reader, Reported, Slot, Value};

/// A text that must be named, and may be named as `null`: the one place where `null` has a meaning.
#[derive(Debug)]
pub(crate) struct Nullable(pub(crate) Option<String>);

impl Value for Nullable {
    const EXPECTED: &'static str = "a string or null";

    fn read(node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) -> Result<Self, Reported> {
        match node {
            Node::Null => Ok(Self(None)),
            Node::String(text) => Ok(Self(Some(text.clone()))),
            _ => Err(reader.mismatch(at, Self::EXPECTED, node)),
        }
    }
}

/// A claim: `realm_access.roles`, or `["https://example.com/roles"]` where each step is named
/// literally.
#[derive(Debug)]
pub(crate) enum ClaimDocument {
    Dotted(String),
    Steps(List<String>),
}

impl Value for ClaimDocument {
    const EXPECTED: &'static str = "a string or a list of strings";

    fn read(node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) -> Result<Self, Reported> {
        match node {
            Node::String(dotted) => Ok(Self::Dotted(dotted.clone())),
            Node::Array(_) => List::read(node, at, reader).map(Self::Steps),
            _ => Err(reader.mismatch(at, Self::EXPECTED, node)),
        }
    }
}

/// A cookie that may carry a token: its name, or an object.
#[derive(Debug)]
pub(crate) enum CookieLocationDocument {
    Name(String),
    Form(CookieFormDocument),
}

/// A cookie that may carry a token, with its form.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CookieLocation"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
pub(crate) struct CookieFormDocument {
    /// The cookie.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub(crate) name: Slot<String>,
    /// Whether a token that is too long for one cookie may be cut into `name_0`, `name_1` and so
    /// on, up to `name_31`, as oauth2-proxy does it. All of them are removed. Default: false.
    #[cfg_attr(feature = "schema", schemars(extend("default" = false)))]
    pub(crate) chunked: Option<bool>,
}

impl Value for CookieLocationDocument {
    const EXPECTED: &'static str = "a string or an object";

    fn read(node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) -> Result<Self, Reported> {
        match node {
            Node::String(name) => Ok(Self::Name(name.clone())),
            Node::Object(_) => CookieFormDocument::read(node, at, reader).map(Self::Form),
            _ => Err(reader.mismatch(at, Self::EXPECTED, node)),
        }
    }
}

/// A value to compare a claim with: a string, a number or a Boolean.
#[derive(Debug)]
pub(crate) enum ScalarDocument {
    String(String),
    Number(f64),
    Bool(bool),
}

impl Value for ScalarDocument {
    const EXPECTED: &'static str = "a string, a number or a Boolean";

    fn read(node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) -> Result<Self, Reported> {
        match node {
            Node::String(text) => Ok(Self::String(text.clone())),
            Node::Number(value) => Ok(Self::Number(*value)),
            Node::Bool(value) => Ok(Self::Bool(*value)),
            _ => Err(reader.mismatch(at, Self::EXPECTED, node)),
        }
    }
}

/// Public keys, as an object or as text.
#[derive(Debug)]
pub(crate) struct KeySetDocument(pub(crate) Node);

impl Value for KeySetDocument {
    const EXPECTED: &'static str = "a JWK set, as an object or as text";

    fn read(node: &Node, at: &PathRef<'_>, reader: &mut Reader<'_>) -> Result<Self, Reported> {
        match node {
            Node::Object(_) | Node::String(_) => Ok(Self(node.clone())),
            _ => Err(reader.mismatch(at, Self::EXPECTED, node)),
        }
    }
}
