use super::{Flaw, object};
use proptest::prelude::*;
use serde_json::{Map, Value};

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            members(inner).prop_map(Value::from),
        ]
    })
}

fn members(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::btree_map("[a-z\u{e9}\"\\\\]{0,3}", value, 0..6)
        .prop_map(|members| members.into_iter().collect())
}

/// Returns the text of a value, in which the object of this number has its first member once more,
/// with `null` in it.
fn doubled(value: &Value, number: &mut i64) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| doubled(item, number)).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            *number = number.saturating_sub(1);
            let is_it = *number == -1;
            let mut texts: Vec<String> = Vec::new();
            for (name, member) in members {
                texts.push(format!("{}:{}", Value::from(name.as_str()), doubled(member, number)));
            }
            if let (true, Some(name)) = (is_it, members.keys().next()) {
                texts.push(format!("{}:null", Value::from(name.as_str())));
            }
            format!("{{{}}}", texts.join(","))
        }
        scalar => scalar.to_string(),
    }
}

fn objects_with_members(value: &Value) -> Vec<bool> {
    match value {
        Value::Array(items) => items.iter().flat_map(objects_with_members).collect(),
        Value::Object(members) => {
            let below = members.values().flat_map(objects_with_members);
            std::iter::once(!members.is_empty()).chain(below).collect()
        }
        _ => Vec::new(),
    }
}

/// Numbers of any size as they may be written.
fn numbers() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[1-9][0-9]{0,40}",
        "-?[1-9]\\.[0-9]{1,20}[eE][+-]?[1-9][0-9]?",
        "-?0\\.[0-9]{1,5}"
    ]
}

proptest! {
    #[test]
    fn every_number_is_a_number_or_its_own_digits(
        entries in proptest::collection::vec((numbers(), "[-0-9e\"\\\\]{0,4}"), 1..8),
    ) {
        let member = |(index, (number, text)): (usize, &(String, String))| {
            format!("\"n{index}\": [{number}, {}]", Value::from(text.as_str()))
        };
        let members: Vec<String> = entries.iter().enumerate().map(member).collect();
        let read = object(format!("{{{}}}", members.join(", ")).as_bytes()).unwrap();
        for (index, (number, text)) in entries.iter().enumerate() {
            let list = &read[&format!("n{index}")];
            prop_assert_eq!(list[1].as_str(), Some(text.as_str()));
            match &list[0] {
                Value::Number(read) => {
                    prop_assert!(read.as_f64().unwrap().abs() < 18_446_744_073_709_551_616.0, "{}", number);
                    prop_assert_eq!(read, &serde_json::from_str::<serde_json::Number>(number).unwrap());
                }
                read => prop_assert_eq!(read.as_str(), Some(number.as_str())),
            }
        }
    }

    #[test]
    fn an_object_is_read_as_any_reader_reads_it(members in members(values())) {
        let text = Value::from(members.clone()).to_string();
        prop_assert_eq!(object(text.as_bytes()), Ok(members.clone()));
        let spaced = serde_json::to_string_pretty(&members).unwrap();
        prop_assert_eq!(object(spaced.as_bytes()), Ok(members));
    }

    #[test]
    fn a_member_given_twice_anywhere_is_refused(members in members(values()), which: prop::sample::Index) {
        let value = Value::from(members);
        let full: Vec<usize> = objects_with_members(&value)
            .iter()
            .enumerate()
            .filter_map(|(number, is_full)| is_full.then_some(number))
            .collect();
        prop_assume!(!full.is_empty());
        let mut number = i64::try_from(full[which.index(full.len())]).unwrap();
        let text = doubled(&value, &mut number);
        prop_assert!(serde_json::from_str::<Value>(&text).is_ok(), "any other reader takes it: {text}");
        prop_assert_eq!(object(text.as_bytes()), Err(Flaw::DuplicateMember), "{}", text);
    }

    #[test]
    fn what_stands_before_or_after_an_object_is_refused(members in members(values()), junk in "[^ \t\r\n]{1,3}") {
        let text = Value::from(members).to_string();
        prop_assert_eq!(object(format!("{text}{junk}").as_bytes()), Err(Flaw::NotAnObject));
        prop_assert_eq!(object(format!("{junk}{text}").as_bytes()), Err(Flaw::NotAnObject));
        prop_assert_eq!(object(text.strip_suffix('}').unwrap().as_bytes()), Err(Flaw::NotAnObject));
    }
}
