//! What a text must be.

use serde::Deserialize;
use std::fmt;

/// What a text must be.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum TextMatch {
    /// This.
    Is(String),
    /// Several headers of one name, in this order.
    Are(Vec<String>),
    /// Something that holds this.
    Contains {
        /// This.
        contains: String,
    },
    /// Absent, or with `false` the contrary.
    Absent {
        /// Whether it is absent.
        absent: bool,
    },
}

impl TextMatch {
    /// Returns whether these values are such.
    pub(super) fn fits(&self, values: &[String]) -> bool {
        match self {
            Self::Is(text) => values == std::slice::from_ref(text),
            Self::Are(texts) => values == texts,
            Self::Contains { contains } => values.iter().any(|value| value.contains(contains)),
            Self::Absent { absent } => values.is_empty() == *absent,
        }
    }
}

/// Writes what is expected: `` `alice` ``, or a text with `` `alice` ``.
impl fmt::Display for TextMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(text) => write!(f, "`{text}`"),
            Self::Are(texts) => f.write_str(&told(texts)),
            Self::Contains { contains } => write!(f, "a text with `{contains}`"),
            Self::Absent { absent: true } => f.write_str("none"),
            Self::Absent { absent: false } => f.write_str("one"),
        }
    }
}

/// Returns what there is, as a message says it.
pub(super) fn told(values: &[String]) -> String {
    match values {
        [] => "absent".to_owned(),
        values => values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", "),
    }
}

/// One value, or several of the same name.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMany {
    /// One.
    One(String),
    /// Several, in this order.
    Many(Vec<String>),
}

impl OneOrMany {
    /// Returns all of them.
    pub(super) fn values(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}
