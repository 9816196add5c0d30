//! The secrets of a text, so that nothing of it is shown with them.

use super::secret_search::SecretSearch;
use crate::redact::{in_source, merged, redacted};
use attache_config_reader::SourceDocument;
use std::collections::BTreeSet;
use std::ops::Range;

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
        let mut search = SecretSearch::new(text);
        for document in documents {
            search.document(document);
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
            ("env: [{name: A, vlue: hunter2}]", "hunter2"),
            ("env: {A: hunter2}", "hunter2"),
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
