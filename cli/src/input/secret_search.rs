//! Where the secrets of documents stand: by their names, by their forms, or by what they lie in.

use crate::redact::{
    MIN_OF_SHORT_NAME, in_source, is_likely_name, is_secret_name, is_secret_text, is_short_name,
};
use attache_config_reader::{Node, Path, SourceDocument};
use std::collections::BTreeSet;
use std::ops::Range;

/// The members of a JWK that say nothing secret (RFC 7517 section 4, RFC 7518 section 6, Entra's).
const PUBLIC_MEMBERS: [&str; 16] = [
    "kty", "use", "key_ops", "alg", "kid", "x5u", "x5c", "x5t", "x5t#S256", "crv", "x", "y", "n",
    "e", "issuer", "name",
];

/// The members of what names an HMAC secret.
const NAMING_MEMBERS: [&str; 5] = ["env", "algorithm", "algorithms", "keyId", "kid"];

/// The members of a variable that do not hold what it holds.
const NAMING_MEMBERS_OF_VARIABLE: [&str; 2] = ["name", "valueFrom"];

/// The longest word of a JWK (`ECDH-ES+A128KW` is one for keys that sign nothing).
const MAX_WORD: usize = 14;

/// What a value is one of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// The keys of a set.
    Keys,
    /// A set of keys, or what stands in its place: its keys.
    KeySet,
    /// What names HMAC secrets, and is none of them itself.
    Secrets,
    /// The variables of an environment.
    Variables,
    Other,
}

impl Within {
    /// Returns whether a text among such may be a key.
    const fn is_of_keys(self) -> bool {
        matches!(self, Self::Keys | Self::KeySet | Self::Secrets)
    }

    /// Returns what the items of a member are.
    fn of_member(name: &str) -> Self {
        match name {
            "keys" => Self::Keys,
            "jwks" => Self::KeySet,
            "secrets" => Self::Secrets,
            "env" => Self::Variables,
            _ => Self::Other,
        }
    }
}

/// The secrets of a text's documents, as far as these were looked at.
pub(super) struct SecretSearch<'d> {
    text: &'d str,
    document: Option<&'d SourceDocument>,
    /// What secrets say, each without whitespace.
    pub(super) words: BTreeSet<String>,
    /// Where they stand, in bytes.
    pub(super) ranges: Vec<Range<usize>>,
}

impl<'d> SecretSearch<'d> {
    /// Begins with none of a text's documents.
    pub(super) const fn new(text: &'d str) -> Self {
        Self { text, document: None, words: BTreeSet::new(), ranges: Vec::new() }
    }

    /// Looks at a document of the text.
    pub(super) fn document(&mut self, document: &'d SourceDocument) {
        let (node, _) = document.as_kubernetes_reads();
        self.document = Some(document);
        self.node(&node, &Path::default(), Within::Other);
    }

    /// Looks at a value.
    fn node(&mut self, node: &Node, at: &Path, within: Within) {
        match node {
            Node::Object(members) => {
                let is_key = within == Within::Keys
                    || node.get("kty").is_some()
                    || node.get("crv").is_some();
                let is_secret =
                    matches!(node.get("kind"), Some(Node::String(kind)) if kind == "Secret");
                if is_key {
                    self.hide_repeated(at);
                }
                for (name, value) in members {
                    let at = at.clone().key(name);
                    let is_data = is_secret && matches!(name.as_str(), "data" | "stringData");
                    let is_variable = within == Within::Variables
                        && !NAMING_MEMBERS_OF_VARIABLE.contains(&name.as_str());
                    let is_other =
                        within == Within::Secrets && !NAMING_MEMBERS.contains(&name.as_str());
                    let is_text = matches!(value, Node::String(text) if !is_public_text(text));
                    let is_whole = is_text && Within::of_member(name).is_of_keys();
                    if is_data
                        || is_variable
                        || is_other
                        || is_whole
                        || is_secret_member(name, value, is_key)
                    {
                        self.hide(value, &at);
                    } else {
                        self.items(value, &at, Within::of_member(name));
                    }
                }
            }
            Node::Array(_) => self.items(node, at, Within::Other),
            Node::String(text)
                if is_secret_text(text)
                    || holds_key(text)
                    || (within.is_of_keys() && !is_public_text(text)) =>
            {
                self.hide(node, at);
            }
            _ => {}
        }
    }

    /// Looks at the items of a list, or at what stands in the place of one, which is taken for an
    /// item.
    fn items(&mut self, node: &Node, at: &Path, within: Within) {
        match (node, within) {
            (Node::Array(items), _) => {
                let within = if within == Within::KeySet { Within::Keys } else { within };
                let items = items.iter().enumerate();
                items.for_each(|(index, item)| self.node(item, &at.clone().index(index), within));
            }
            // A set has its keys in a member.
            (Node::Object(_), Within::KeySet) => self.node(node, at, Within::Other),
            _ => self.node(node, at, within),
        }
    }

    /// Hides the members of a key that are there twice, of which a document has the first.
    fn hide_repeated(&mut self, at: &Path) {
        let Some(location) = self.document.map(|document| document.locate(at)) else { return };
        let start = location.value.start.byte;
        let text = self.text.get(start..location.value.end.byte).unwrap_or_default();
        let ranges = in_source(text, false).into_iter();
        self.ranges.extend(
            ranges.map(|range| start.saturating_add(range.start)..start.saturating_add(range.end)),
        );
    }

    /// Hides all texts and numbers of a value.
    fn hide(&mut self, node: &Node, at: &Path) {
        match node {
            Node::Object(members) => {
                members.iter().for_each(|(name, value)| self.hide(value, &at.clone().key(name)))
            }
            Node::Array(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(index, item)| self.hide(item, &at.clone().index(index)));
            }
            Node::String(text) => {
                self.words.extend(
                    text.split_whitespace().filter(|word| word.len() >= 3).map(str::to_owned),
                );
                self.hide_place(at);
            }
            Node::Null => {}
            _ => self.hide_place(at),
        }
    }

    fn hide_place(&mut self, at: &Path) {
        if let Some(location) = self.document.map(|document| document.locate(at)) {
            self.ranges.push(location.value.start.byte..location.value.end.byte);
        }
    }
}

/// Returns whether a member holds a secret.
fn is_secret_member(name: &str, value: &Node, is_key: bool) -> bool {
    let length = match value {
        Node::String(text) => text.len(),
        Node::Object(_) | Node::Array(_) => {
            return name == "environment" || (is_key && is_secret_name(name));
        }
        _ => 0,
    };
    if is_key {
        // What is longer than any word that belongs there may be the key itself.
        let is_too_long = ["kty", "use", "alg", "crv"].contains(&name) && length > MAX_WORD;
        return !PUBLIC_MEMBERS.contains(&name) || is_too_long;
    }
    let is_likely = is_short_name(name) || !is_secret_name(name);
    (is_secret_name(name) || is_likely_name(name)) && (!is_likely || length >= MIN_OF_SHORT_NAME)
}

/// Returns whether a text is a public key in PEM or a certificate, or none at all.
fn is_public_text(text: &str) -> bool {
    text.contains("-----BEGIN ") && !text.contains("PRIVATE")
}

/// Returns whether a string is JSON that holds a key.
fn holds_key(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && !in_source(text, false).is_empty()
}
