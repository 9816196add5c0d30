//! Whatever comes, a document is read or refused.

use crate::support::examples;
use attache_plugin_config::{KeySet, PathPattern, PathSegment, parse};
use proptest::prelude::*;
use serde_json::Value;
use std::sync::OnceLock;

/// Read once: it is YAML.
fn shared_examples() -> &'static [(String, Value)] {
    static EXAMPLES: OnceLock<Vec<(String, Value)>> = OnceLock::new();
    EXAMPLES.get_or_init(examples)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = parse(&bytes);
        let _ = KeySet::parse(&bytes);
    }

    #[test]
    fn an_example_with_bytes_changed_is_read_or_refused(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let examples = shared_examples();
        let (_, document) = &examples[which.index(examples.len())];
        let mut bytes = document.to_string().into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = parse(&bytes);
    }

    #[test]
    fn an_example_with_a_value_replaced_is_read_or_refused_with_its_place(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        value in any_value(),
    ) {
        let examples = shared_examples();
        let mut document = examples[which.index(examples.len())].1.clone();
        let count = count(&document);
        replace(&mut document, &mut at.index(count), &value);
        if let Err(errors) = parse(document.to_string().as_bytes()) {
            prop_assert!(errors.iter().count() >= 1);
            for error in errors.iter() {
                prop_assert!(!error.message.is_empty() && !error.message.ends_with('.'), "{}", error);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_template_is_read_as_it_is_written(segments in prop::collection::vec(segment(), 1..6)) {
        let mut segments = segments;
        let mut many = false;
        segments.retain(|segment| *segment != PathSegment::Many || !std::mem::replace(&mut many, true));
        // Names are unique in a template.
        for (index, segment) in segments.iter_mut().enumerate() {
            if let PathSegment::Named(name) = segment {
                name.push_str(&index.to_string());
            }
        }
        prop_assume!(segments.iter().any(|segment| !matches!(segment, PathSegment::Literal(_))));
        let texts: Vec<String> = segments.iter().map(|segment| match segment {
            PathSegment::Literal(text) => text.clone(),
            PathSegment::One => "{*}".to_owned(),
            PathSegment::Many => "{**}".to_owned(),
            PathSegment::Named(name) => format!("{{{name}}}"),
        }).collect();
        let mut document = shared_examples()[0].1.clone();
        document["policies"] = serde_json::json!([{
            "name": "p", "rules": [{"name": "r", "to": [{"paths": [format!("/{}", texts.join("/"))]}]}],
        }]);
        let config = parse(document.to_string().as_bytes()).map_err(|errors| TestCaseError::fail(errors.to_string()))?;
        prop_assert_eq!(&config.policies[0].rules[0].to[0].paths, &[PathPattern::Template(segments)]);
    }
}

fn segment() -> impl Strategy<Value = PathSegment> {
    prop_oneof![
        "[a-z\u{e4}~,.]{1,3}"
            .prop_filter("dots are another segment", |text| text != "." && text != "..")
            .prop_map(PathSegment::Literal),
        Just(PathSegment::One),
        Just(PathSegment::Many),
        "[a-zA-Z][a-zA-Z0-9_-]{0,5}".prop_map(PathSegment::Named),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Puts a value in place of the node that stands at this index, counted from the root.
fn replace(node: &mut Value, index: &mut usize, value: &Value) -> bool {
    if *index == 0 {
        *node = value.clone();
        return true;
    }
    *index -= 1;
    match node {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, index, value)),
        Value::Object(members) => members.values_mut().any(|member| replace(member, index, value)),
        _ => false,
    }
}
