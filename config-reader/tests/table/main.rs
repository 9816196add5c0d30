//! Reading by tables says what reading by serde does.

use attache_config_reader::{
    DurationDocument, ForeignKey, List, Map, Node, Object, Report, Reported, Slot, Value, Words,
    read_by_table, read_document, read_json,
};
use proptest::prelude::*;
use serde::Deserialize;

/// Every kind of value that both read, in an object that holds itself.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    name: Slot<String>,
    kind: Option<Kind>,
    is_set: Option<bool>,
    number: Option<f64>,
    count: Slot<u32>,
    time: Option<DurationDocument>,
    names: Option<List<String>>,
    r#in: Option<List<Document>>,
    first: Slot<List<Kind>>,
}

#[derive(Clone, Copy, Debug, Deserialize, Words)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    OneOfTwo,
    Other,
}

const FOREIGN_KEYS: &[ForeignKey] =
    &[ForeignKey { key: "firstly", beside: "name", instead: "write `first`" }];

/// What is said of a document, and what is left of it.
type Told = (String, Vec<String>, Node);

fn told<D: std::fmt::Debug>(
    mut tree: Node,
    read: fn(&mut Node, &[ForeignKey], &mut Report) -> Result<D, Reported>,
) -> Told {
    let mut report = Report::default();
    let document = read(&mut tree, FOREIGN_KEYS, &mut report);
    let shown = format!("{document:?}");
    let errors = match report.finish(document, &tree) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    };
    (shown, errors, tree)
}

fn node() -> impl Strategy<Value = Node> {
    let text = prop::sample::select(vec!["OTHER", "ONE_OF_TOW", "5m", "", "x"]);
    let leaf = prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Bool),
        prop::sample::select(vec![0.0, -1.0, 2.5, 7.0, 4_294_967_295.0, 4_294_967_296.0, 1e300])
            .prop_map(Node::Number),
        text.prop_map(|text| Node::String(text.to_owned())),
    ];
    let key = prop::sample::select(vec![
        "name", "kind", "isSet", "is_set", "number", "count", "time", "names", "in", "first",
        "firstly", "nmae", "zzz",
    ]);
    leaf.prop_recursive(4, 60, 9, move |inner| {
        let members = prop::collection::btree_map(key.clone(), inner.clone(), 0..9);
        prop_oneof![
            1 => prop::collection::vec(inner, 0..4).prop_map(Node::Array),
            3 => members.prop_map(|members| {
                Node::Object(members.into_iter().map(|(key, node)| (key.to_owned(), node)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn both_readers_say_the_same(tree in node()) {
        let by_serde = told(tree.clone(), read_document::<Document>);
        prop_assert_eq!(told(tree, read_by_table::<Document>), by_serde);
    }
}

#[test]
fn of_more_errors_than_are_told_both_tell_the_same() {
    for count in [30, 33, 34, 50, 99, 100, 101, 250] {
        let items = vec![Node::Object(vec![("name".to_owned(), Node::Bool(true))]); count];
        let tree = Node::Object(vec![("in".to_owned(), Node::Array(items))]);
        let by_serde = told(tree.clone(), read_document::<Document>);
        assert!(by_serde.1.len() > 3);
        assert_eq!(told(tree, read_by_table::<Document>), by_serde, "{count}");
    }
}

#[test]
fn what_an_author_names_is_read_in_the_documents_order() {
    #[derive(Debug, Object)]
    struct Labels {
        labels: Option<Map<String>>,
    }

    let mut tree = read_json(br#"{"labels": {"b": "x", "a": 1}}"#, &mut Vec::new()).unwrap();
    let mut report = Report::default();
    let read = read_by_table::<Labels>(&mut tree, &[], &mut report).unwrap();
    let labels = read.labels.unwrap();
    let texts: Vec<(&str, Option<&String>)> =
        labels.iter().map(|(key, value)| (key, value.get().ok())).collect();
    assert_eq!(texts, [("b", Some(&"x".to_owned())), ("a", None)]);
    assert_eq!((labels.len(), labels.is_empty()), (2, false));
    let refused = report.finish(Ok(()), &tree).unwrap_err();
    assert_eq!(refused.to_string(), "labels.a: expected a string, got a number");
}

#[test]
fn what_belongs_there_is_said_by_the_words_themselves() {
    assert_eq!(Kind::EXPECTED, "one of ONE_OF_TWO, OTHER");
}
