//! One change that a proposal consists of: of the token, or of the configuration.

use crate::input::Configuration;
use crate::logged::{Logged, TokenState};
use crate::shown::shown;
use attache_config_reader::{Path, Step as PathStep};
use attache_plugin_config::{ClaimPath, Issuer, RoleForm};
use serde_json::{Map, Value, json};

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// A good token in place of none, or of a bad one; in words, what it must be.
    GoodToken(String),
    /// A role more.
    AddRole(String),
    /// A role less.
    RemoveRole(String),
    /// Another value of a claim.
    SetClaim(ClaimPath, Value),
    /// No such claim.
    RemoveClaim(ClaimPath),
    /// An entry more in a list of the configuration.
    Push(Path, Value),
    /// Another value in the configuration.
    Set(Path, Value),
}

impl Step {
    /// Returns whether it changes the configuration.
    pub(super) fn is_of_configuration(&self) -> bool {
        matches!(self, Self::Push(..) | Self::Set(..))
    }

    /// Writes it down for people.
    pub(super) fn words(&self, configuration: &Configuration) -> String {
        let place = |at: &Path| {
            let whole = existing(configuration, at);
            let line = configuration.locate(&whole).map(|location| location.span().start.line);
            line.map(|line| format!(" ({}:{line})", configuration.file.name)).unwrap_or_default()
        };
        let json = |value: &Value| shown(&value.to_string());
        match self {
            Self::GoodToken(words) => words.clone(),
            Self::AddRole(role) => format!("the token has role `{}`", shown(role)),
            Self::RemoveRole(role) => format!("the token has not role `{}`", shown(role)),
            Self::SetClaim(claim, value) => {
                format!("the token's claim {} is {}", shown(&claim.to_string()), json(value))
            }
            Self::RemoveClaim(claim) => {
                format!("the token has no claim {}", shown(&claim.to_string()))
            }
            Self::Push(at, value) => format!("add {} to {at}{}", json(value), place(at)),
            Self::Set(at, value) => format!("set {at} to {}{}", json(value), place(at)),
        }
    }

    /// Makes the change to what is known of the token.
    pub(super) fn apply_to(&self, logged: &mut Logged, issuers: &[Issuer]) -> Option<()> {
        let issuer = logged.token.issuer.clone();
        let issuer = issuers
            .iter()
            .find(|own| issuer.as_deref().is_none_or(|name| name == own.name.as_str()));
        match self {
            Self::GoodToken(_) => {
                logged.token.state = TokenState::Good;
                logged.token.issuer = Some(issuer?.name.to_string());
            }
            Self::AddRole(role) => change_role(logged, issuer?, role, true)?,
            Self::RemoveRole(role) => change_role(logged, issuer?, role, false)?,
            Self::SetClaim(claim, value) => set_claim(logged, claim, Some(value.clone())),
            Self::RemoveClaim(claim) => set_claim(logged, claim, None),
            Self::Push(..) | Self::Set(..) => {}
        }
        Some(())
    }

    /// Makes the change to a configuration.
    pub(super) fn apply_to_configuration(&self, document: &mut Value) -> Option<()> {
        match self {
            Self::Push(at, value) => match slot(document, at)? {
                Value::Array(items) => items.push(value.clone()),
                empty @ Value::Null => *empty = json!([value]),
                _ => return None,
            },
            Self::Set(at, value) => *slot(document, at)? = value.clone(),
            _ => {}
        }
        Some(())
    }
}

/// Returns the part of a path that is there already.
fn existing(configuration: &Configuration, at: &Path) -> Path {
    let mut whole = Path::default();
    for step in at.steps() {
        let next = match step {
            PathStep::Key(key) => whole.clone().key(key),
            PathStep::Index(index) => whole.clone().index(*index),
        };
        if configuration.node.at(&next).is_none() {
            break;
        }
        whole = next;
    }
    whole
}

/// Returns what stands at a path; null, put there, where an object has no such member.
fn slot<'d>(document: &'d mut Value, at: &Path) -> Option<&'d mut Value> {
    at.steps().iter().try_fold(document, |value, step| match (value, step) {
        (Value::Object(members), PathStep::Key(key)) => {
            Some(members.entry(key.clone()).or_insert(Value::Null))
        }
        (Value::Array(items), PathStep::Index(index)) => items.get_mut(*index),
        _ => None,
    })
}

fn set_claim(logged: &mut Logged, claim: &ClaimPath, value: Option<Value>) {
    let token = &mut logged.token;
    if let Some(whole) = &mut token.whole {
        set_in(whole, claim.steps(), value);
        return;
    }
    // A line names claims with dots between their steps.
    let name = claim.to_string();
    token.claims.remove(&name);
    token.added.remove(&name);
    match value {
        Some(value) => _ = token.claims.insert(name, value),
        None => token.absent.push(name),
    }
}

fn set_in(object: &mut Map<String, Value>, steps: &[String], value: Option<Value>) {
    match (steps, value) {
        ([last], Some(value)) => _ = object.insert(last.clone(), value),
        ([last], None) => _ = object.remove(last),
        ([first, rest @ ..], value) => {
            let inner = object.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                set_in(inner, rest, value);
            }
        }
        ([], _) => {}
    }
}

/// Gives the token a role, or takes one from it, in the first claim where the issuer's entry can
/// read it.
fn change_role(logged: &mut Logged, issuer: &Issuer, role: &str, is_added: bool) -> Option<()> {
    let (source, name) = issuer.role_claims.iter().find_map(|source| {
        Some((source, role.strip_prefix(source.prefix.as_str()).filter(|name| !name.is_empty())?))
    })?;
    let claim = source.claim.to_string();
    let token = &mut logged.token;
    let old = match &token.whole {
        Some(whole) => source.claim.steps().iter().try_fold(None::<&Value>, |at, step| {
            let object = at.map_or(Some(whole), Value::as_object)?;
            object.get(step).map(Some)
        }),
        None => Some(token.claims.get(&claim).or_else(|| token.added.get(&claim))),
    };
    let old = old.flatten().cloned();
    let is_known =
        token.whole.is_some() || token.claims.contains_key(&claim) || token.absent.contains(&claim);
    let new = with_role(old, name, source.split.as_deref(), &source.form, is_added)?;
    if is_known {
        set_claim(logged, &source.claim, Some(new));
    } else if is_added {
        token.added.insert(claim, new);
    } else {
        return None;
    }
    Some(())
}

/// Returns a claim with a role more or less in it.
fn with_role(
    old: Option<Value>,
    role: &str,
    split: Option<&str>,
    form: &RoleForm,
    is_added: bool,
) -> Option<Value> {
    if let RoleForm::Keys = form {
        let mut members = match old {
            Some(Value::Object(members)) => members,
            _ => Map::new(),
        };
        match is_added {
            true => _ = members.insert(role.to_owned(), json!({})),
            false => _ = members.remove(role),
        }
        return Some(Value::Object(members));
    }
    let entry = match form {
        RoleForm::Field(name) => json!({name.clone(): role}),
        RoleForm::Strings | RoleForm::Keys => json!(role),
    };
    let mut roles = match old {
        Some(Value::String(text)) => match split {
            Some(split) => text
                .split(split)
                .map(str::trim)
                .filter(|role| !role.is_empty())
                .map(|role| json!(role))
                .collect(),
            None => vec![json!(text)],
        },
        Some(Value::Array(items)) => items,
        Some(object @ Value::Object(_)) => vec![object],
        _ => Vec::new(),
    };
    match is_added {
        true => roles.push(entry),
        false => roles.retain(|role| *role != entry),
    }
    match split {
        Some(split) => {
            let names: Option<Vec<&str>> = roles.iter().map(Value::as_str).collect();
            Some(json!(names?.join(split)))
        }
        None => Some(Value::Array(roles)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_written_as_its_issuer_writes_roles() {
        let strings = RoleForm::Strings;
        for (old, split, form, expected) in [
            (None, None, &strings, json!(["b"])),
            (Some(json!("a")), None, &strings, json!(["a", "b"])),
            (Some(json!(["a"])), None, &strings, json!(["a", "b"])),
            (Some(json!("a c")), Some(" "), &strings, json!("a c b")),
            (None, Some(" "), &strings, json!("b")),
            (Some(json!({"a": {}})), None, &RoleForm::Keys, json!({"a": {}, "b": {}})),
            (None, None, &RoleForm::Field("name".to_owned()), json!([{"name": "b"}])),
        ] {
            assert_eq!(with_role(old.clone(), "b", split, form, true), Some(expected), "{old:?}");
        }
        assert_eq!(
            with_role(Some(json!(["a", "b"])), "b", None, &strings, false),
            Some(json!(["a"]))
        );
        assert_eq!(
            with_role(Some(json!("a b")), "b", Some(" "), &strings, false),
            Some(json!("a"))
        );
    }

    #[test]
    fn a_list_of_the_configuration_grows_or_begins() {
        let mut document = json!({"to": [{"methods": ["GET"]}]});
        let to = Path::default().key("to").index(0);
        for key in ["methods", "notPaths"] {
            assert!(
                Step::Push(to.clone().key(key), json!("X"))
                    .apply_to_configuration(&mut document)
                    .is_some()
            );
        }
        assert_eq!(document, json!({"to": [{"methods": ["GET", "X"], "notPaths": ["X"]}]}));
        assert!(
            Step::Push(to.index(7), json!("X")).apply_to_configuration(&mut document).is_none()
        );
    }
}
