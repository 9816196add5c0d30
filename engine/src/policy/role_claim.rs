//! Roles out of one claim, in the forms in which providers write them.

use crate::claims::Claims;
use attache_plugin_config::{RoleClaim, RoleForm};
use serde_json::Value;

/// A claim that should hold roles is there, and some of it can't be read: it may hold any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Hands every role of a claim on, also those that stand beside what can't be read.
///
/// # Errors
/// [`Unreadable`] for a value, or a part of one, that has not the configured form, unless it is
/// `null` or absent.
#[inline(never)]
pub(super) fn read(
    claims: &Claims,
    source: &RoleClaim,
    take: &mut dyn FnMut(&str),
) -> Result<(), Unreadable> {
    let Some(value) = claims.find(&source.claim).map_err(|_| Unreadable)? else { return Ok(()) };
    let mut reader = Reader { split: source.split.as_deref(), take, result: Ok(()) };
    match (&source.form, value) {
        (RoleForm::Keys, Value::Object(members)) => {
            members.iter().for_each(|(name, value)| reader.key(name, value));
        }
        (RoleForm::Keys, _) => reader.result = Err(Unreadable),
        (form, Value::Array(elements)) => {
            elements.iter().for_each(|element| reader.element(form, element))
        }
        (form, one) => reader.element(form, one),
    }
    reader.result
}

struct Reader<'r> {
    split: Option<&'r str>,
    take: &'r mut dyn FnMut(&str),
    result: Result<(), Unreadable>,
}

impl Reader<'_> {
    /// Returns the elements of a list: `null` is none, as a `null` claim is no claim.
    fn element(&mut self, form: &RoleForm, value: &Value) {
        let text = match (form, value) {
            (_, Value::Null) => return,
            (RoleForm::Field(name), Value::Object(members)) => members.get(name),
            (RoleForm::Strings, value) => Some(value),
            (RoleForm::Field(_) | RoleForm::Keys, _) => None,
        };
        match text {
            Some(Value::String(text)) => self.text(text),
            _ => self.result = Err(Unreadable),
        }
    }

    /// Reads whether a role is had: a number as a value may mean that it is or that it is not.
    fn key(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null | Value::Bool(false) => {}
            Value::Number(_) => self.result = Err(Unreadable),
            _ => (self.take)(name),
        }
    }

    fn text(&mut self, text: &str) {
        let whole = text.trim();
        let list = whole.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let object = whole.starts_with('{') && whole.ends_with('}');
        match self.split.filter(|split| !split.is_empty() && !object) {
            Some(split) => {
                list.unwrap_or(whole).split(split).for_each(|part| self.part(part.trim()))
            }
            None => {
                // Such a text may be the name of a role, and may be JSON that nobody said how to
                // read.
                if list.is_some() || object {
                    self.result = Err(Unreadable);
                }
                (self.take)(text);
            }
        }
    }

    fn part(&mut self, part: &str) {
        let bare = part.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(part);
        if bare.contains(['"', '\\']) {
            self.result = Err(Unreadable);
        }
        (self.take)(bare);
    }
}
