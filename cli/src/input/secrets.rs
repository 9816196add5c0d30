//! The secrets of a text, so that nothing of it is shown with them.

use crate::redact::{
    MIN_OF_SHORT_NAME, in_source, is_likely_name, is_secret_name, is_secret_text, is_short_name,
    merged, redacted,
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

/// The longest word of a JWK (`ECDH-ES+A128KW` is one for keys that sign nothing).
const MAX_WORD: usize = 14;

/// Words that tell of a secret somewhere in a text that nobody can read.
const TELLING: [&str; 4] = ["private", "secret", "passw", "oct"];

/// The shortest run of letters that is hidden in such a text.
const MIN_RUN: usize = 8;

/// The secrets of a text.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    /// What they say, each without whitespace.
    words: BTreeSet<String>,
    /// The text, with something else in the place of each, byte by byte.
    text: String,
}

impl Secrets {
    /// Finds the secrets of a text and its documents; of a text that can't be read there are none.
    pub(super) fn of(text: &str, documents: &[SourceDocument]) -> Self {
        let mut search =
            Search { text, document: None, words: BTreeSet::new(), ranges: Vec::new() };
        for document in documents {
            let (node, _) = document.as_kubernetes_reads();
            search.document = Some(document);
            search.node(&node, &Path::default(), Within::Other);
        }
        let mut ranges = search.ranges;
        ranges.extend(in_source(text, !documents.is_empty()));
        let lower = text.to_ascii_lowercase();
        if documents.is_empty()
            && (!ranges.is_empty() || TELLING.iter().any(|word| lower.contains(word)))
        {
            ranges.extend(words_of(text));
        }
        Self { words: search.words, text: hidden(text, &merged(ranges)) }
    }

    /// Returns the text without its secrets and without what a terminal would obey. Every byte
    /// stands where it stood.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns a message about the text without its secrets.
    pub(crate) fn redacted(&self, message: &str) -> String {
        let mut message = redacted(message);
        for word in &self.words {
            message = without(&message, word);
        }
        message
    }
}

/// Returns a message without a word, also where it was cut; of a short word, which may be part of
/// another, where it is quoted.
fn without(message: &str, word: &str) -> String {
    /// So much of a word tells that it is the word.
    const BEGINNING: usize = 8;
    if word.len() < BEGINNING {
        let quoted = ['`', '"', '\''].map(|quote| format!("{quote}{word}{quote}"));
        return quoted
            .iter()
            .fold(message.to_owned(), |message, quoted| message.replace(quoted, "`…`"));
    }
    let end = word.floor_char_boundary(BEGINNING);
    let beginning = word.get(..end).unwrap_or_default();
    let mut parts = message.split(beginning);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    let rest = word.get(end..).unwrap_or_default();
    for part in parts {
        let same = part.bytes().zip(rest.bytes()).take_while(|(one, other)| one == other).count();
        shown.push('…');
        shown.push_str(part.get(part.floor_char_boundary(same)..).unwrap_or_default());
    }
    shown
}

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

/// The documents of a text on the way.
struct Search<'d> {
    text: &'d str,
    document: Option<&'d SourceDocument>,
    words: BTreeSet<String>,
    ranges: Vec<Range<usize>>,
}

impl Search<'_> {
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
                    let is_variable = within == Within::Variables && name == "value";
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

/// Returns the runs of letters that are no key of a member.
fn words_of(text: &str) -> Vec<Range<usize>> {
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/_=-".contains(byte);
    let mut ranges = Vec::new();
    let mut start = None;
    for (at, byte) in text.bytes().chain([b'\n']).enumerate() {
        if is_of_word(&byte) {
            start.get_or_insert(at);
        } else if let Some(start) = start.take()
            && at.saturating_sub(start) >= MIN_RUN
            && byte != b':'
        {
            ranges.push(start..at);
        }
    }
    ranges
}

/// Returns a text with something else in the place of each of its secrets, and of what a terminal
/// or GitHub Actions would obey, byte by byte.
fn hidden(text: &str, ranges: &[Range<usize>]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut ranges = ranges.iter().peekable();
    for (at, character) in text.char_indices() {
        while ranges.next_if(|range| range.end <= at).is_some() {}
        let is_hidden =
            ranges.peek().is_some_and(|range| range.contains(&at)) && !character.is_whitespace();
        let is_command = text.get(at..).is_some_and(|rest| rest.starts_with("##["));
        if is_hidden {
            shown.extend(std::iter::repeat_n('*', character.len_utf8()));
        } else if !is_command
            && (matches!(character, '\n' | '\r' | '\t') || crate::shown::is_plain(character))
        {
            shown.push(character);
        } else {
            shown.push_str(match character.len_utf8() {
                1 => "?",
                2 => "¿",
                3 => "\u{fffd}",
                _ => "\u{fffd}?",
            });
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use attache_config_reader::SourceText;

    fn secrets(text: &str) -> Secrets {
        Secrets::of(
            text,
            SourceText::parse(text)
                .map(|text| text.documents().to_vec())
                .unwrap_or_default()
                .as_slice(),
        )
    }

    #[test]
    fn every_byte_stands_where_it_stood() {
        let text =
            "jwks: {keys: [{kty: oct, k: geheimä, kid: a}]} # \u{202e}\u{1b}[31m\u{9b}\u{e0001}\n";
        let shown = secrets(text);
        assert_eq!(shown.text().len(), text.len());
        assert!(
            shown
                .text()
                .starts_with("jwks: {keys: [{kty: oct, k: ********, kid: a}]} # \u{fffd}?[31m"),
            "{shown:?}"
        );
    }

    #[test]
    fn a_secret_is_found_by_its_name_its_form_or_its_place() {
        for (text, secret) in [
            ("jwks: {keys: [{kty: oct, k: hunter2}]}", "hunter2"),
            ("jwks: {keys: [{ky: oct, key: hunter2}]}", "hunter2"),
            ("jwks: {keys: [{kty: RSA, oth: [{r: hunter2}]}]}", "hunter2"),
            ("jwks: {keys: [{kty: oct, k: hunter1, k: hunter2}]}", "hunter2"),
            ("env: [{name: A, value: hunter2}]", "hunter2"),
            ("{kind: Secret, data: {a: hunter2}}", "hunter2"),
            ("a:\n  password: hunter2", "hunter2"),
            ("jwks: hunter2", "hunter2"),
            ("jwks: {keys: [hunter2]}", "hunter2"),
            ("secrets: hunter2", "hunter2"),
            ("secrets: [hunter2, {value: hunter3}]", "hunter2"),
            ("secrets: [{value: hunter2}]", "hunter2"),
            ("secrets: {value: hunter2}", "hunter2"),
            ("env: {name: A, value: hunter2}", "hunter2"),
            ("keys: {k: hunter2}", "hunter2"),
            ("signingKey: hunter2hunter2hunter2", "hunter2"),
            ("pem: |\n  -----BEGIN PRIVATE KEY-----\n  hunter2\n", "hunter2"),
            ("url: https://a:hunter2@b.example", "hunter2"),
            ("jwks: '{\"keys\":[{\"kty\":\"oct\",\"k\":\"hunter2\"}]}'", "hunter2"),
            ("a: [\npem: -----BEGIN PRIVATE KEY-----\nhunter2hunter2\n", "hunter2"),
            ("a: [\nkty: oct\n  hunter2hunter2\n", "hunter2"),
            ("a: [\nk: x hunter2", "hunter2"),
        ] {
            let shown = secrets(text);
            assert!(!shown.text().contains(secret), "{text}\n{}", shown.text());
            assert_eq!(shown.text().lines().count(), text.lines().count());
        }
        let harmless = "labels: {k: v}\nissuers: [{name: tyk, jwksUri: https://a.example/keys, secrets: [{env: HMAC}]}]\n";
        assert_eq!(secrets(harmless).text(), harmless);
    }

    #[test]
    fn a_message_about_a_text_holds_no_secret_of_it() {
        let shown = secrets("keys: [{kty: oct, k: AyM1SysPpbyDfg, kid: a}]");
        assert_eq!(
            shown.redacted("`AyM1SysPpbyDfg` and `AyM1SysPpb…` are no `kid`"),
            "`…` and `……` are no `kid`"
        );
    }
}
