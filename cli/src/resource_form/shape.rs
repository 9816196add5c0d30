//! What a value of a resource must look like, so that Kubernetes takes it.

use attache_config_reader::{Diagnostic, Node, Path, quote, suggestion};

/// What a value must look like. `null` is as if the key were not there.
pub(super) enum Shape {
    /// Whatever it likes.
    Any,
    /// A string.
    Text,
    /// One of some strings.
    Word(&'static [&'static str]),
    /// A whole number, from one to another.
    Integer(i32, i32),
    /// A list.
    List(&'static Self),
    /// An object whose keys are free and whose values are strings.
    Texts,
    /// An object of these keys.
    Object(&'static [(&'static str, Self)]),
    /// If an object, one of these keys, and of more that a release to come may add: none that is
    /// nearly one of these.
    Open(&'static [(&'static str, Self)]),
    /// If a list, one of such.
    OpenList(&'static Self),
}

impl Shape {
    /// Adds an error for each part of a value that Kubernetes refuses. `of` is what the value is
    /// called, or `None` where its path says it.
    pub(super) fn check(
        &self,
        node: &Node,
        at: &Path,
        of: Option<&str>,
        errors: &mut Vec<Diagnostic>,
    ) {
        match (self, node) {
            (Self::Any, _) | (_, Node::Null | Node::Invalid(_)) | (Self::Text, Node::String(_)) => {
            }
            (Self::Word(words), Node::String(word)) => errors.extend(wrong_word(word, at, words)),
            (Self::Integer(least, most), Node::Number(number))
                if number.fract() == 0.0
                    && (f64::from(*least)..=f64::from(*most)).contains(number) => {}
            (Self::List(shape) | Self::OpenList(shape), Node::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    shape.check(item, &at.clone().index(index), None, errors);
                }
            }
            (Self::Texts, Node::Object(members)) => {
                for (key, value) in members {
                    Self::Text.check(value, &at.clone().key(key), None, errors);
                }
            }
            (Self::Object(known) | Self::Open(known), Node::Object(members)) => {
                for (key, value) in members {
                    match known.iter().find(|(name, _)| name == key) {
                        Some((_, shape)) => shape.check(value, &at.clone().key(key), None, errors),
                        None => errors.extend(self.unknown_key(key, at, of, known)),
                    }
                }
            }
            (Self::Open(_) | Self::OpenList(_), _) => {}
            _ => {
                errors.push(Diagnostic::error(at.clone(), format!("expected {}", self.expected())))
            }
        }
    }

    fn expected(&self) -> String {
        match self {
            Self::Any => "any value".to_owned(),
            Self::Text => "a string; put it in quotes".to_owned(),
            Self::Word(words) => format!("a string; write one of {}", words.join(", ")),
            Self::Integer(i32::MIN, i32::MAX) => "a whole number of 32 bits; write one".to_owned(),
            Self::Integer(least, most) => {
                format!("a whole number from {least} to {most}; write one")
            }
            Self::List(_) | Self::OpenList(_) => {
                "a list; write `- ` before each of its items".to_owned()
            }
            Self::Texts => "an object of strings".to_owned(),
            Self::Object(known) | Self::Open(known) => format!("an object of {}", names(known)),
        }
    }

    /// Returns what is wrong with a key that is none of those that an object is known to have.
    fn unknown_key(
        &self,
        key: &str,
        at: &Path,
        of: Option<&str>,
        known: &[(&'static str, Self)],
    ) -> Option<Diagnostic> {
        let remedy = match suggestion(key, known.iter().map(|(name, _)| *name)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if matches!(self, Self::Open(_)) => return None,
            None => {
                let of = of.map_or_else(|| format!("`{at}`"), str::to_owned);
                format!("{of} has: {}", names(known))
            }
        };
        let message = format!("unknown key {}; {remedy}", quote(key));
        Some(Diagnostic::error(at.clone().key(key), message))
    }
}

fn names(known: &[(&'static str, Shape)]) -> String {
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// Returns what is wrong with a string that must be one of some words.
fn wrong_word(word: &str, at: &Path, words: &[&'static str]) -> Option<Diagnostic> {
    if words.contains(&word) {
        return None;
    }
    let remedy = match suggestion(word, words.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("write one of {}", words.join(", ")),
    };
    let message = format!("{} is no value that Istio knows here; {remedy}", quote(word));
    Some(Diagnostic::error(at.clone(), message))
}
