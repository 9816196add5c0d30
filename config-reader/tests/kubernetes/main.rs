//! YAML is read as `sigs.k8s.io/yaml` reads it, which kubectl and Helm have: `cases.json` holds
//! what that makes of each text, which `e2e/go/manifests -yaml` checks, and where this reader does
//! otherwise, what it does and why.

#![expect(clippy::expect_used, reason = "what the tests share fails as a test does")]

use attache_config_reader::SourceText;
use serde::Deserialize;
use serde_json::Value;

/// A text, and what is made of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    yaml: String,
    /// The JSON of its first document.
    json: Option<String>,
    /// Whether it is no YAML, or no JSON can hold it.
    #[serde(default)]
    refused: bool,
    /// What this reader does otherwise.
    here: Option<Here>,
}

/// What this reader does otherwise.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Here {
    json: Option<String>,
    #[serde(default)]
    refused: bool,
    /// Why it may.
    why: String,
}

/// Returns what this reader makes of the first document of a text; `None` where it is refused.
fn read(text: &str) -> Option<Value> {
    let source = SourceText::parse(text).ok()?;
    let Some(document) = source.documents().first() else { return Some(Value::Null) };
    let (node, errors) = document.as_kubernetes_reads();
    errors.is_empty().then(|| serde_json::to_value(&node).expect("JSON"))
}

/// Returns a value with all numbers as configurations have them.
fn comparable(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            number.as_f64().map_or(Value::Null, |number| Value::from(number + 0.0))
        }
        Value::Array(items) => items.into_iter().map(comparable).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, comparable(value))).collect()
        }
        other => other,
    }
}

fn json(text: &str) -> Value {
    comparable(serde_json::from_str(text).expect("JSON"))
}

#[test]
fn every_text_is_read_as_kubernetes_reads_it_or_it_is_known_how_not() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("cases.json")).expect("cases");
    assert!(cases.len() > 300, "cases are missing");
    let mut wrong = Vec::new();
    for Case { yaml, json: there, refused, here } in cases {
        assert_ne!(there.is_some(), refused, "{yaml:?}");
        let there = there.map(|text| json(&text));
        let expected = match &here {
            Some(here) => {
                assert!(here.json.is_some() != here.refused && !here.why.is_empty(), "{yaml:?}");
                here.json.as_deref().map(json)
            }
            None => there.clone(),
        };
        assert!(here.is_none() || expected != there, "no longer read otherwise: {yaml:?}");
        let read = read(&yaml).map(comparable);
        if read != expected {
            let shown = |value: Option<Value>| {
                value.map_or("refused".to_owned(), |value| value.to_string())
            };
            wrong.push(format!("{yaml:?}: expected {}, read {}", shown(expected), shown(read)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
