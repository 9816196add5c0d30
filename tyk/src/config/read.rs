//! Reads a document field by field and gathers everything that is wrong with it.

use serde_json::{Map, Value};
use std::cell::RefCell;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// One thing wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a path from the document's root: `apis[2].audiences`. Empty for the document itself.
    pub at: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at.as_str() {
            "" => f.write_str(&self.message),
            at => write!(f, "{at}: {}", self.message),
        }
    }
}

/// Where problems are gathered while a document is read. A reader that returns `None` has put one here, or the field is
/// absent and need not be there.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: RefCell<Vec<Problem>>,
    files: RefCell<Vec<Named>>,
}

/// Something outside of the document that it names.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) at: String,
    /// A path, or a variable's name.
    pub(super) name: String,
    pub(super) used: FileUse,
}

/// What something outside of the document is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileUse {
    /// A folder with keys.
    Keys,
    /// A PEM file with a certificate.
    Certificate,
    /// A PEM file with a private key.
    PrivateKey,
    /// A file with a secret.
    Secret,
    /// An environment variable with a secret.
    Variable,
}

impl Problems {
    pub(super) fn add(&self, at: &str, message: impl Into<String>) {
        self.found.borrow_mut().push(Problem { at: at.to_owned(), message: message.into() });
    }

    pub(super) fn take(self) -> (Vec<Problem>, Vec<Named>) {
        (self.found.into_inner(), self.files.into_inner())
    }
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub(super) at: String,
    value: &'a Value,
    problems: &'a Problems,
}

impl<'a> Node<'a> {
    pub(super) fn root(value: &'a Value, problems: &'a Problems) -> Self {
        Self { at: String::new(), value, problems }
    }

    pub(super) fn wrong<T>(&self, message: impl Into<String>) -> Option<T> {
        self.problems.add(&self.at, message);
        None
    }

    pub(super) fn section(&self) -> Option<Section<'a>> {
        match self.value {
            Value::Object(fields) => {
                Some(Section { at: self.at.clone(), fields, problems: self.problems, known: Vec::new() })
            }
            _ => self.wrong("expected a mapping of keys to values"),
        }
    }

    pub(super) fn items(&self) -> Option<Vec<Node<'a>>> {
        let Value::Array(items) = self.value else { return self.wrong("expected a list") };
        let node =
            |(index, value)| Node { at: format!("{}[{index}]", self.at), value, problems: self.problems };
        Some(items.iter().enumerate().map(node).collect())
    }

    /// A text that is not empty.
    pub(super) fn text(&self) -> Option<String> {
        match self.value {
            Value::String(text) if text.is_empty() => {
                self.wrong("is empty; give a text or leave the key out")
            }
            Value::String(text) => Some(text.clone()),
            _ => self.wrong("expected a text; put it in quotes"),
        }
    }

    /// The name of a file, a folder or a variable, which a check of the whole looks at.
    pub(super) fn file(&self, used: FileUse) -> Option<String> {
        let name = self.text()?;
        let named = Named { at: self.at.clone(), name: name.clone(), used };
        self.problems.files.borrow_mut().push(named);
        Some(name)
    }

    /// The place of a key of this mapping, whether the key is there or not.
    pub(super) fn below(&self, key: &str) -> Self {
        let at = if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) };
        Self { at, ..self.clone() }
    }

    pub(super) fn texts(&self) -> Option<Vec<String>> {
        all(self.items()?.iter().map(Node::text))
    }

    /// A text that may be empty.
    pub(super) fn any_text(&self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.clone()),
            _ => self.wrong("expected a text; put it in quotes"),
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self.value {
            Value::Bool(yes) => Some(*yes),
            _ => self.wrong("expected `true` or `false`"),
        }
    }

    pub(super) fn integer(&self, range: RangeInclusive<u64>) -> Option<u64> {
        match self.value.as_u64() {
            Some(number) if range.contains(&number) => Some(number),
            _ => self.wrong(format!("expected a whole number from {} to {}", range.start(), range.end())),
        }
    }

    pub(super) fn duration(&self, range: RangeInclusive<Duration>) -> Option<Duration> {
        match self.value.as_str().and_then(duration) {
            Some(span) if range.contains(&span) => Some(span),
            Some(_) => self.wrong(format!(
                "is out of range; use {} to {}",
                written(*range.start()),
                written(*range.end())
            )),
            None => self.wrong("expected a duration such as `500ms`, `30s`, `5m` or `1h`"),
        }
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let given = self.any_text()?;
        match words.iter().find(|(word, _)| *word == given) {
            Some((_, meaning)) => Some(*meaning),
            None => {
                let words: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
                self.wrong(format!("`{given}` is not known; use {}", words.join(" or ")))
            }
        }
    }

    /// Whether a mapping has a key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.value.get(key).is_some()
    }

    /// The texts that the entries of a list have at a key.
    pub(super) fn texts_at(&self, list: &str, key: &str) -> Vec<String> {
        let entries = self.value.get(list).and_then(Value::as_array);
        let text = |entry: &Value| entry.get(key).and_then(Value::as_str).map(str::to_owned);
        entries.into_iter().flatten().filter_map(text).collect()
    }

    pub(super) fn json(&self) -> &'a Value {
        self.value
    }
}

/// Those entries of a list whose text at `key` an earlier one has too: its place and the text.
pub(super) fn same_before<'a>(nodes: &[Node<'a>], key: &str) -> Vec<(Node<'a>, &'a str)> {
    let texts: Vec<_> = nodes.iter().map(|node| node.value.get(key).and_then(Value::as_str)).collect();
    let mut same = Vec::new();
    for (index, (node, text)) in nodes.iter().zip(&texts).enumerate() {
        if let Some(text) = text
            && texts.iter().take(index).any(|earlier| *earlier == Some(text))
        {
            same.push((node.below(key), *text));
        }
    }
    same
}

/// The keys of a mapping. Those not asked for are reported by [`Section::end`].
pub(super) struct Section<'a> {
    pub(super) at: String,
    fields: &'a Map<String, Value>,
    problems: &'a Problems,
    known: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub(super) fn wrong<T>(&self, message: impl Into<String>) -> Option<T> {
        self.problems.add(&self.at, message);
        None
    }

    /// The place of a key, whether it is there or not.
    pub(super) fn below(&self, key: &str) -> Node<'a> {
        Node { at: self.place(key), value: &Value::Null, problems: self.problems }
    }

    pub(super) fn place(&self, key: &str) -> String {
        if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) }
    }

    pub(super) fn get(&mut self, key: &'static str) -> Option<Node<'a>> {
        self.known.push(key);
        let value = self.fields.get(key)?;
        if value.is_null() {
            // What was commented out below a key must not become its default: that may allow more.
            self.problems.add(&self.place(key), "has no value; give it one, or leave the key out");
            return None;
        }
        Some(Node { at: self.place(key), value, problems: self.problems })
    }

    /// A field that must be there.
    pub(super) fn need(&mut self, key: &'static str) -> Option<Node<'a>> {
        let node = self.get(key);
        if node.is_none() && !self.fields.contains_key(key) {
            self.problems.add(&self.place(key), "is missing");
        }
        node
    }

    /// What `read` makes of a field, or the default where the field is absent.
    pub(super) fn or<T>(
        &mut self,
        key: &'static str,
        default: T,
        read: impl FnOnce(&Node<'a>) -> Option<T>,
    ) -> Option<T> {
        match self.get(key) {
            Some(node) => read(&node),
            None => Some(default),
        }
    }

    /// What `read` makes of a field that may be absent: the outer `None` is a problem, the inner one absence.
    #[expect(clippy::option_option, reason = "a field that is wrong differs from one that is absent")]
    pub(super) fn maybe<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Node<'a>) -> Option<T>,
    ) -> Option<Option<T>> {
        match self.get(key) {
            Some(node) => read(&node).map(Some),
            None => Some(None),
        }
    }

    /// Every key with its value, for mappings whose keys are the user's.
    pub(super) fn entries(&self) -> Vec<(&'a str, Node<'a>)> {
        let node = |(key, value): (&'a String, &'a Value)| {
            (key.as_str(), Node { at: format!("{}[`{key}`]", self.at), value, problems: self.problems })
        };
        self.fields.iter().map(node).collect()
    }

    /// Reports the keys that nothing asked for.
    pub(super) fn end(self) {
        for key in self.fields.keys().filter(|key| !self.known.contains(&key.as_str())) {
            let meant = self.known.iter().find(|known| alike(known, key));
            let hint = match meant {
                Some(meant) => format!("; did you mean `{meant}`?"),
                None => format!("; known here: {}", self.known.join(", ")),
            };
            self.problems.add(&self.place(key), format!("key `{key}` is not known{hint}"));
        }
    }
}

/// All, or nothing where one is wrong; reads to the end either way, so that every problem is found.
pub(super) fn all<T>(items: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let items: Vec<_> = items.collect();
    items.into_iter().collect()
}

/// Two names that a slip of the finger parts: equal but for letter case, `_` and `-`, or one letter more, less or other.
fn alike(known: &str, given: &str) -> bool {
    let plain = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (known, given) = (plain(known), plain(given));
    let head = known.iter().zip(&given).take_while(|(a, b)| a == b).count();
    let most = known.len().min(given.len()).saturating_sub(head);
    let tail = known.iter().rev().zip(given.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let differ = known.len().max(given.len()).saturating_sub(head.saturating_add(tail));
    differ <= 1
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

fn written(span: Duration) -> String {
    match (span.as_secs(), span.subsec_millis()) {
        (0, 0) => "0s".to_owned(),
        (0, millis) => format!("{millis}ms"),
        (secs, _) if secs % 3600 == 0 => format!("{}h", secs / 3600),
        (secs, _) if secs % 60 == 0 => format!("{}m", secs / 60),
        (secs, _) => format!("{secs}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("2h"), Some(Duration::from_secs(7200)));
        for wrong in ["", "5", "s", "-1s", "1.5s", "1 s", "99999999999999999999s", "9999999999999999999h"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
        assert_eq!(written(Duration::from_secs(90)), "90s");
        assert_eq!(written(Duration::from_secs(120)), "2m");
    }

    #[test]
    fn a_slip_is_seen() {
        assert!(alike("audiences", "audience"));
        assert!(alike("publishBefore", "publish_before"));
        assert!(alike("issuer", "isuer"));
        assert!(!alike("issuer", "iss"));
        assert!(!alike("id", "mode"));
    }
}
