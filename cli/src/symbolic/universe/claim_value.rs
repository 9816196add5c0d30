//! How a claims set holds what a claim is: at its path, and lists in the form that roles have.

use attache_plugin_config::RoleForm;
use serde_json::{Map, Value, json};

/// Puts a value where a path leads.
pub(in super::super) fn insert(claims: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => _ = claims.insert(last.clone(), value),
        [first, rest @ ..] => {
            let inner = claims.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(members) = inner {
                insert(members, rest, value);
            }
        }
    }
}

/// Returns a list as a claim holds it: as such, as the names of an object, or as objects with a
/// field.
pub(super) fn list(form: &RoleForm, elements: &[&Value], has_null: bool) -> Value {
    match form {
        RoleForm::Strings => {
            let null = has_null.then_some(Value::Null);
            elements.iter().map(|element| (*element).clone()).chain(null).collect()
        }
        RoleForm::Keys => {
            let name = |element: &&Value| element.as_str().map(str::to_owned);
            elements
                .iter()
                .filter_map(name)
                .map(|name| (name, json!(true)))
                .collect::<Map<_, _>>()
                .into()
        }
        RoleForm::Field(field) => {
            elements.iter().map(|element| json!({ field.as_str(): element })).collect()
        }
    }
}
