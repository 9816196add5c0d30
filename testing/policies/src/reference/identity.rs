//! What a token's claims say: its roles, and the conditions of rules.

use super::paths::{Captures, spelled};
use crate::Ask;
use attache_plugin_config::*;
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn roles(config: &Config, claims: &Value) -> BTreeSet<String> {
    let mut roles: BTreeSet<String> = match &claims["roles"] {
        Value::String(text) => text.split(' ').map(str::to_owned).collect(),
        Value::Array(list) => list
            .iter()
            .filter_map(Value::as_str)
            .flat_map(|text| text.split(' '))
            .map(str::to_owned)
            .collect(),
        _ => BTreeSet::new(),
    };
    loop {
        let included: Vec<String> = roles
            .iter()
            .filter_map(|role| config.role_hierarchy.get(role))
            .flatten()
            .cloned()
            .collect();
        let before = roles.len();
        roles.extend(included);
        if roles.len() == before {
            return roles;
        }
    }
}

/// Roles of these tests are strings or lists of strings.
pub(super) fn has_unread_roles(roles: &Value) -> bool {
    match roles {
        Value::Null | Value::String(_) => false,
        Value::Array(list) => !list.iter().all(|role| role.is_string() || role.is_null()),
        _ => true,
    }
}

/// Where some roles could not be read, only those that are known keep a DENY rule away.
pub(super) fn may_have_roles(
    wanted: &RoleRequirement,
    roles: &BTreeSet<String>,
    unread: bool,
) -> bool {
    if unread {
        !wanted.none_of.iter().any(|role| roles.contains(role))
    } else {
        has_roles(wanted, roles)
    }
}

pub(super) fn has_roles(wanted: &RoleRequirement, roles: &BTreeSet<String>) -> bool {
    (wanted.any_of.is_empty() || wanted.any_of.iter().any(|role| roles.contains(role)))
        && wanted.all_of.iter().all(|role| roles.contains(role))
        && !wanted.none_of.iter().any(|role| roles.contains(role))
}

/// A number, or with `loosely` one that is written as a text.
fn as_number(value: &Value, loosely: bool) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if loosely => text.parse().ok(),
        _ => None,
    }
}

/// What a string, a whole number or a Boolean is written as.
fn looks(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// For the tests that are generated: claims of these tests lie at the root.
pub(super) fn holds(
    condition: &Condition,
    rule: &Rule,
    claims: Option<&Value>,
    captures: &Captures,
    ask: &Ask,
) -> bool {
    let claim = |path: &ClaimPath| {
        claims.and_then(|claims| claims.get(&path.steps()[0])).filter(|claim| !claim.is_null())
    };
    let elements: Vec<&Value> = match claim(&condition.claim) {
        Some(Value::Array(list)) => list.iter().collect(),
        other => other.into_iter().collect(),
    };
    let one_is = |wanted: &Value| elements.contains(&wanted);
    let denies = rule.action == Action::Deny;
    // What is leant towards counts whatever the type: `"true"` for `true`.
    let one_looks = |loosely: bool, wanted: &Value| {
        one_is(wanted)
            || (loosely
                && elements
                    .iter()
                    .any(|element| looks(element) == looks(wanted) && looks(wanted).is_some()))
    };
    let scalar = |scalar: &Scalar| match scalar {
        Scalar::String(text) => Value::from(text.as_str()),
        Scalar::Number(number) => Value::from(*number),
        Scalar::Bool(flag) => Value::from(*flag),
    };
    match &condition.test {
        Test::Equals(wanted) => one_looks(denies, &scalar(wanted)),
        Test::NotEquals(wanted) => !one_looks(!denies, &scalar(wanted)),
        Test::In(wanted) => wanted.iter().any(|wanted| one_looks(denies, &scalar(wanted))),
        Test::NotIn(wanted) => !wanted.iter().any(|wanted| one_looks(!denies, &scalar(wanted))),
        Test::Contains(wanted) => match claim(&condition.claim) {
            Some(Value::Array(_)) => one_looks(denies, &scalar(wanted)),
            Some(Value::Object(_)) => denies,
            Some(Value::String(text)) => {
                let is_in =
                    |part: &String| matches!(wanted, Scalar::String(_)) && text.contains(part);
                denies
                    && looks(&scalar(wanted))
                        .is_some_and(|wanted| *text == wanted || is_in(&wanted))
            }
            Some(_) => denies && one_looks(true, &scalar(wanted)),
            None => false,
        },
        Test::Prefix(prefix) => elements.iter().any(|element| {
            (denies || element.is_string())
                && looks(element).is_some_and(|text| text.starts_with(prefix))
        }),
        Test::Suffix(suffix) => elements.iter().any(|element| {
            (denies || element.is_string())
                && looks(element).is_some_and(|text| text.ends_with(suffix))
        }),
        Test::Matches(regex) => elements.iter().any(|element| {
            (denies || element.is_string())
                && looks(element).is_some_and(|text| regex.is_match(&text))
        }),
        Test::LessThan(bound) => {
            elements.iter().filter_map(|one| as_number(one, denies)).any(|n| n < *bound)
        }
        Test::GreaterThan(bound) => {
            elements.iter().filter_map(|one| as_number(one, denies)).any(|n| n > *bound)
        }
        Test::Exists(wanted) => claim(&condition.claim).is_some() == *wanted,
        Test::EqualsPath(name) => {
            let any_case = rule.action == Action::Deny;
            let mut texts = elements.iter().filter_map(|element| looks(element));
            captures.get(name).is_some_and(|segment| {
                texts.any(|text| spelled(&text, any_case) == spelled(segment, any_case))
            })
        }
        Test::EqualsHeader(name) => {
            let values: Vec<&String> = ask
                .headers
                .iter()
                .filter(|(key, _)| key == name.as_str())
                .map(|(_, value)| value)
                .collect();
            matches!(values.as_slice(), [value] if one_looks(true, &Value::from(value.as_str())))
        }
        Test::EqualsClaim(path) => {
            // A Boolean is the same as the string that it is written as.
            claim(path).is_some_and(|other| {
                claim(&condition.claim) == Some(other) || one_looks(true, other)
            })
        }
    }
}
