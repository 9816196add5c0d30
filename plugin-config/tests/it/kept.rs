//! What a document says is in the configuration: nothing that was read is lost on the way, in
//! silence.

use crate::support::{accepts, from_yaml, key, read};
use attache_plugin_config::Config;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The documents that have every key between them.
fn documents() -> [Value; 2] {
    let mut document = from_yaml(include_str!("every-key.yaml"));
    document["issuers"][0]["jwks"] = json!({"keys": [key()]});
    let mut in_shadow = document.clone();
    in_shadow.as_object_mut().expect("an object").remove("shadowSelectors");
    in_shadow["mode"] = json!("SHADOW");
    [document, in_shadow]
}

/// All that a configuration holds, but the document's own hash.
fn held(config: Config) -> String {
    format!("{:#?}", Config { digest: [0; 32], warnings: Vec::new(), ..config })
}

/// Adds the places of all members and elements below a node; what a key set may hold beside keys is
/// not ours to say.
fn add_places(node: &Value, at: &str, places: &mut Vec<String>) {
    let mut add = |step: &str, child: &Value| {
        let place = format!("{at}/{}", step.replace('~', "~0").replace('/', "~1"));
        if step != "jwks" {
            add_places(child, &place, places);
        }
        places.push(place);
    };
    match node {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| add(&index.to_string(), item))
        }
        Value::Object(members) => members.iter().for_each(|(name, member)| add(name, member)),
        _ => {}
    }
}

/// Returns the document without what stands at a place.
fn without(document: &Value, place: &str) -> Value {
    let mut document = document.clone();
    let (parent, step) = place.rsplit_once('/').expect("a step");
    match document.pointer_mut(parent).expect("what it stands in") {
        Value::Array(items) => _ = items.remove(step.parse().expect("an index")),
        Value::Object(members) => _ = members.remove(&step.replace("~1", "/").replace("~0", "~")),
        _ => panic!("{parent} holds nothing"),
    }
    document
}

#[test]
fn whatever_is_left_out_of_a_document_is_missed() {
    for document in documents() {
        let whole = held(accepts(&document));
        let mut places = Vec::new();
        add_places(&document, "", &mut places);
        assert!(places.len() > 250, "{} places", places.len());
        for place in places {
            let lost = read(&without(&document, &place)).is_ok_and(|config| held(config) == whole);
            assert!(!lost, "the configuration is the same without {place}");
        }
    }
}

/// A key to come is missed here until it is in the documents, and so above.
#[test]
fn the_documents_have_every_key() {
    let mut places = Vec::new();
    documents().iter().for_each(|document| add_places(document, "", &mut places));
    let written: BTreeSet<&str> =
        places.iter().filter_map(|place| place.rsplit('/').next()).collect();
    let schema = attache_plugin_config::schema();
    let definitions = schema["$defs"].as_object().expect("definitions").iter();
    for (name, object) in
        definitions.map(|(name, object)| (name.as_str(), object)).chain([("", &schema)])
    {
        for key in
            object["properties"].as_object().into_iter().flatten().map(|(key, _)| key.as_str())
        {
            assert!(
                written.contains(key),
                "no document has `{key}` of {name}: add it to every-key.yaml"
            );
        }
    }
}
