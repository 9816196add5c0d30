//! What Kubernetes makes of YAML: `kubectl`, kustomize and Helm turn it into JSON by the rules of
//! YAML 1.1, as the Go module sigs.k8s.io/yaml has them (`tests/kubernetes/cases.json` holds what
//! it makes of some hundred texts). A bare `y`, `yes` or `on` is a Boolean there, as a key too, and
//! `0644` is octal.

use super::tree::{Scalar, Tree, Value};
use super::{SourceDocument, Span};
use crate::{Diagnostic, Node, PathRef, quote};
use std::collections::HashSet;
use std::rc::Rc;

/// The most values that a document may have once its aliases stand for what they name.
const MAX_VALUES: usize = 4_000_000;

impl SourceDocument {
    /// Returns the document as it reaches the API server, and what would keep it from there: keys
    /// that are repeated, keys that no JSON has, and more aliases than are looked into.
    ///
    /// ```
    /// use attache_config_reader::{Node, SourceText};
    ///
    /// let source = SourceText::parse("{methods: off, \"y\": 0o10}").unwrap();
    /// let (node, errors) = source.documents()[0].as_kubernetes_reads();
    /// assert_eq!(node.get("methods"), Some(&Node::Bool(false)));
    /// assert_eq!(node.get("y"), Some(&Node::Number(8.0)));
    /// assert!(errors.is_empty());
    /// ```
    pub fn as_kubernetes_reads(&self) -> (Node, Vec<Diagnostic>) {
        let mut reader = Reader { errors: Vec::new(), values: 0 };
        let node = reader.node(&self.0, &PathRef::Root);
        if reader.values > MAX_VALUES {
            let message = format!(
                "aliases make more than {MAX_VALUES} values of this document; write out what they stand for, or split it"
            );
            reader.errors.push(PathRef::Root.error(message));
        }
        (node, reader.errors)
    }

    /// Returns all of the document.
    pub fn span(&self) -> Span {
        self.0.span
    }
}

/// Next line, line separator and paragraph separator.
const LINE_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// 2^53: whole numbers below it are exact as float64.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

struct Reader {
    errors: Vec<Diagnostic>,
    values: usize,
}

impl Reader {
    fn node(&mut self, tree: &Tree, at: &PathRef<'_>) -> Node {
        self.values = self.values.saturating_add(1);
        if self.values > MAX_VALUES {
            return Node::Null;
        }
        match &tree.value {
            Value::Scalar(scalar) => self.scalar(scalar, at),
            Value::List(items) => {
                let item = |(index, item): (usize, &Rc<Tree>)| self.node(item, &at.index(index));
                Node::Array(items.iter().enumerate().map(item).collect())
            }
            Value::Object(members) => self.object(members, at),
        }
    }

    fn scalar(&mut self, scalar: &Scalar, at: &PathRef<'_>) -> Node {
        let node = resolve(scalar);
        if let Some(problem) = ambiguity(scalar, &node) {
            self.errors.push(at.error(problem));
        }
        if let Node::Number(number) = node
            && !number.is_finite()
        {
            self.errors.push(
                at.error(format!("{} is no number of JSON; write another", quote(&scalar.text))),
            );
            return Node::Null;
        }
        node
    }

    fn object(&mut self, members: &[(Rc<Tree>, Rc<Tree>)], at: &PathRef<'_>) -> Node {
        let mut read: Vec<(String, Node)> = Vec::with_capacity(members.len());
        let mut seen = HashSet::with_capacity(members.len());
        // Objects to merge, and how many keys of its own the object has before each `<<`.
        let mut merged = Vec::new();
        for (key, value) in members {
            if is_merge(key) {
                merged.push((value, read.len()));
                continue;
            }
            let Some(name) = key_name(key) else {
                self.errors.push(
                    at.error("a key here is no string, whole number or Boolean; put it in quotes"),
                );
                continue;
            };
            if !seen.insert(name.clone()) {
                let message =
                    format!("{} is repeated in this object; keep one of them", quote(&name));
                self.errors.push(at.key(&name).error(message));
                continue;
            }
            let node = self.node(value, &at.key(&name));
            read.push((name, node));
        }
        self.merge(merged, &mut read, &mut seen, at);
        Node::Object(read)
    }

    /// Adds what is merged to the keys that an object has. Which of two counts is clear only where
    /// the object's own comes after `<<`, or where one list of `<<` has both.
    fn merge(
        &mut self,
        merged: Vec<(&Rc<Tree>, usize)>,
        read: &mut Vec<(String, Node)>,
        seen: &mut HashSet<String>,
        at: &PathRef<'_>,
    ) {
        let own = read.len();
        for (value, before) in merged {
            let merged_before = read.len();
            for tree in value.alternatives() {
                let Node::Object(others) = self.node(tree, at) else {
                    self.errors
                        .push(at.error("`<<` merges an object, or a list of objects; name one"));
                    continue;
                };
                for (name, node) in others {
                    if seen.insert(name.clone()) {
                        read.push((name, node));
                        continue;
                    }
                    let earlier = read.iter().position(|(known, _)| *known == name);
                    if earlier.is_some_and(|it| it < before || (own..merged_before).contains(&it)) {
                        let message = format!(
                            "{} stands before a `<<` that brings it too, which kubectl takes and others do not; put `<<` first, \
                             and once",
                            quote(&name)
                        );
                        self.errors.push(at.key(&name).error(message));
                    }
                }
            }
        }
    }
}

/// Returns why a scalar is read in different ways, or by nobody.
fn ambiguity(scalar: &Scalar, node: &Node) -> Option<String> {
    let is_such = match scalar.tag.as_deref() {
        Some("binary") => {
            return Some("a `!!binary` is a text of any bytes; write the text itself".to_owned());
        }
        Some("bool") => matches!(node, Node::Bool(_)),
        Some("int") => matches!(node, Node::Number(number) if number.fract() == 0.0),
        Some("float") => matches!(node, Node::Number(_)),
        Some("null") => matches!(node, Node::Null),
        _ => true,
    };
    if !is_such {
        let tag = scalar.tag.as_deref().unwrap_or_default();
        return Some(format!(
            "{} is no `!!{tag}`; write another, or leave the tag out",
            quote(&scalar.text)
        ));
    }
    if !scalar.may_escape && scalar.text.contains(LINE_BREAKS) {
        return Some(
            "a character here ends a line in YAML 1.1 and none in YAML 1.2; write it as an escape in double quotes"
                .to_owned(),
        );
    }
    None
}

fn is_merge(key: &Tree) -> bool {
    matches!(&key.value, Value::Scalar(scalar) if scalar.is_plain && scalar.text == "<<")
}

/// Returns whether a key is of this name to Kubernetes.
pub(super) fn is_key(key: &Tree, name: &str) -> bool {
    key_name(key).is_some_and(|own| own == name)
}

/// Returns the name of a key in JSON; `None` where there is none.
fn key_name(key: &Tree) -> Option<String> {
    let Value::Scalar(scalar) = &key.value else { return None };
    match resolve(scalar) {
        Node::String(text) => Some(text),
        Node::Bool(value) => Some(value.to_string()),
        // Larger ones, and those that are no numbers, are written in one way here and in another
        // there.
        Node::Number(value) if value.abs() < MAX_EXACT => Some(value.to_string()),
        Node::Number(_) | Node::Null | Node::Array(_) | Node::Object(_) | Node::Invalid(_) => None,
    }
}

/// Returns the value of a scalar: what stands in quotes is a string, unless a tag says otherwise.
fn resolve(scalar: &Scalar) -> Node {
    let text = scalar.text.as_str();
    let is_typed = match scalar.tag.as_deref() {
        Some("str" | "!" | "binary") => false,
        Some("bool" | "int" | "float" | "null") => true,
        _ => scalar.is_plain,
    };
    let string = || Node::String(text.to_owned());
    if !is_typed {
        return string();
    }
    word(text).or_else(|| number(text).map(Node::Number)).unwrap_or_else(string)
}

/// Returns the value of a word that YAML 1.1 gives one.
fn word(text: &str) -> Option<Node> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Some(Node::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Some(Node::Bool(true))
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Some(Node::Bool(false))
        }
        ".nan" | ".NaN" | ".NAN" => Some(Node::Number(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(Node::Number(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => Some(Node::Number(f64::NEG_INFINITY)),
        _ => None,
    }
}

/// Returns the number that a text is: digits may be parted by `_`, and a first `0`, `0x`, `0o` or
/// `0b` says the base.
fn number(text: &str) -> Option<f64> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let plain = text.replace('_', "");
    integer(&plain).or_else(|| float(&plain))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of 2^53 and more are refused wherever they are read"
)]
fn integer(text: &str) -> Option<f64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.get(..2) {
        Some("0x") => (16, lower.get(2..)?),
        Some("0o") => (8, lower.get(2..)?),
        Some("0b") => (2, lower.get(2..)?),
        Some(_) if lower.starts_with('0') => (8, lower.as_str()),
        _ => (10, lower.as_str()),
    };
    // Of these Go takes a sign after the prefix, and of no other.
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) if radix == 2 && sign > 0.0 => (-1.0, digits),
        _ => (sign, if radix == 2 { digits.strip_prefix('+').unwrap_or(digits) } else { digits }),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok().map(|value| sign * value as f64)
}

/// Returns the value of a decimal fraction, such as `1.`, `.5` or `6e3`; none of a word such as
/// `inf`, nor of a number that is out of range.
fn float(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_decimal = digits.bytes().any(|c| c.is_ascii_digit())
        && digits
            .bytes()
            .all(|c| c.is_ascii_digit() || matches!(c, b'.' | b'e' | b'E' | b'+' | b'-'));
    if is_decimal { text.parse().ok().filter(|number: &f64| number.is_finite()) } else { None }
}

#[cfg(test)]
mod tests {
    use crate::{Node, Path, SourceText};

    fn read(text: &str) -> (String, Vec<String>) {
        let source = SourceText::parse(text).unwrap();
        let (node, errors) = source.documents()[0].as_kubernetes_reads();
        (serde_json::to_string(&node).unwrap(), errors.iter().map(ToString::to_string).collect())
    }

    /// Each as `sigs.k8s.io/yaml` v1.4 turns it into JSON.
    #[test]
    fn words_and_numbers_are_those_of_yaml_1_1() {
        for (yaml, json) in [
            ("[y, Yes, on, TRUE]", "[true,true,true,true]"),
            ("[n, No, OFF, False]", "[false,false,false,false]"),
            ("[yEs, oN, tRue, nULL]", r#"["yEs","oN","tRue","nULL"]"#),
            ("[~, null, NULL, '', 'null']", r#"[null,null,null,"","null"]"#),
            ("[0644, 0o17, 0x1F, 0b101, 1_000, -0x10, +7]", "[420,15,31,5,1000,-16,7]"),
            ("[08, 1., .5, 6e3, -1.5]", "[8,1,0.5,6000,-1.5]"),
            (
                "[12:30:45, 2026-11-01, 1.2.3, 1e, '5', e3, --]",
                r#"["12:30:45","2026-11-01","1.2.3","1e","5","e3","--"]"#,
            ),
            ("[!!str 5, !!str on, ! no, !!int '7', !!bool 'yes']", r#"["5","on","no",7,true]"#),
            (
                "{y: 1, \"n\": 2, off: 3, 1: 4, 0x10: 5, true: 6x}",
                r#"{"true":1,"n":2,"false":3,"1":4,"16":5}"#,
            ),
        ] {
            assert_eq!(read(yaml).0, json, "{yaml}");
        }
    }

    #[test]
    fn own_keys_go_before_merged_ones() {
        let text = "{base: &b {a: 1, c: 2}, one: {<<: *b, a: 3}, two: {<<: [{c: 9}, *b]}}";
        let (json, errors) = read(text);
        assert_eq!(json, r#"{"base":{"a":1,"c":2},"one":{"a":3,"c":2},"two":{"c":9,"a":1}}"#);
        assert!(errors.is_empty(), "{errors:?}");
    }

    #[test]
    fn what_no_json_can_hold_is_named_with_its_place() {
        for (text, error) in [
            ("{a: {b: 1, b: 2}}", "a.b: `b` is repeated in this object; keep one of them"),
            ("{y: 1, on: 2}", "true: `true` is repeated in this object; keep one of them"),
            (
                "{a: {~: 1}}",
                "a: a key here is no string, whole number or Boolean; put it in quotes",
            ),
            ("{a: [.inf]}", "a[0]: `.inf` is no number of JSON; write another"),
            ("{a: {<<: 1}}", "a: `<<` merges an object, or a list of objects; name one"),
            (
                "{a: {b: 1, <<: {b: 2}}}",
                "a.b: `b` stands before a `<<` that brings it too, which kubectl takes and others do not; put `<<` first, and once",
            ),
            ("{a: !!int x}", "a: `x` is no `!!int`; write another, or leave the tag out"),
        ] {
            assert_eq!(read(text).1, [error], "{text}");
        }
    }

    #[test]
    fn a_key_that_is_a_boolean_is_found_by_its_name_in_json() {
        let source = SourceText::parse("kty: EC\ny: abc\n").unwrap();
        let location = source.documents()[0].locate(&Path::default().key("true"));
        assert_eq!(
            (location.is_exact, location.value.start.line, location.value.start.column),
            (true, 2, 4)
        );
    }

    #[test]
    fn aliases_of_aliases_end_where_they_are_too_many() {
        let mut text = "a0: &a0 [x]\n".to_owned();
        for depth in 1..60 {
            text += &format!("a{depth}: &a{depth} [*a{0}, *a{0}, *a{0}]\n", depth - 1);
        }
        let source = SourceText::parse(&text).unwrap();
        let (_, errors) = source.documents()[0].as_kubernetes_reads();
        assert_eq!(errors.len(), 1);
        assert!(errors[0].to_string().contains("write out what they stand for"), "{errors:?}");
    }

    #[test]
    fn nesting_has_an_end_by_brackets_and_by_aliases() {
        let brackets = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(SourceText::parse(&brackets(127)).is_ok());
        let refused = SourceText::parse(&brackets(200)).unwrap_err();
        assert!(refused.to_string().contains("128 levels deep at most"), "{refused}");
        assert!(SourceText::parse(&brackets(100_000)).is_err());
        assert!(SourceText::parse(&"- ".repeat(100_000)).is_err());
        let mut aliases = "a0: &a0 [x]\n".to_owned();
        for depth in 1..200 {
            aliases += &format!("a{depth}: &a{depth} [*a{}]\n", depth - 1);
        }
        assert_eq!(SourceText::parse(&aliases).unwrap_err().position.line, 127);
        let (node, _) =
            SourceText::parse(&brackets(127)).unwrap().documents()[0].as_kubernetes_reads();
        assert!(matches!(node, Node::Array(_)));
    }
}
