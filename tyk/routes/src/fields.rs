//! Reads values of a definition as Go reads them: what is missing or null is empty, and unknown
//! keys are no concern.

use crate::gap::Place;
use attache_config_reader::{Diagnostic, Path};
use serde_json::Value;
use std::cell::RefCell;

/// An object of a definition, and what was wrong with its values.
#[derive(Clone, Copy)]
pub struct Fields<'v> {
    value: Option<&'v Value>,
    path: &'v Path,
    problems: &'v RefCell<Vec<Diagnostic>>,
}

impl<'v> Fields<'v> {
    /// Takes an object, the path to it, and where to put what is wrong with it.
    #[must_use]
    pub fn new(value: &'v Value, path: &'v Path, problems: &'v RefCell<Vec<Diagnostic>>) -> Self {
        Self { value: Some(value), path, problems }
    }

    /// Returns a string at keys separated by `/`; empty where there is none.
    #[must_use]
    pub fn text(&self, keys: &str) -> String {
        match self.get(keys) {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(_) => self.wrong(keys, "a string"),
        }
    }

    /// Returns the fields of an object further down, whose problems are kept with these.
    #[must_use]
    pub fn within<'w>(&self, value: &'w Value, path: &'w Path) -> Fields<'w>
    where
        'v: 'w,
    {
        Fields { value: Some(value), path, problems: self.problems }
    }

    /// Returns a number; 0 where there is none.
    #[must_use]
    pub fn number(&self, keys: &str) -> f64 {
        match self.get(keys) {
            None => 0.0,
            Some(Value::Number(number)) => number.as_f64().unwrap_or(0.0),
            Some(_) => self.wrong(keys, "a number"),
        }
    }

    /// Returns a Boolean; false where there is none.
    #[must_use]
    pub fn flag(&self, keys: &str) -> bool {
        match self.get(keys) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => self.wrong(keys, "`true` or `false`"),
        }
    }

    /// Returns a port; 0 where there is none.
    #[must_use]
    pub fn port(&self, keys: &str) -> u16 {
        match self.get(keys) {
            None => 0,
            // What comes by way of Kubernetes may be a float.
            Some(Value::Number(number)) => match number.as_f64() {
                Some(port) if port.fract() == 0.0 && (0.0..65536.0).contains(&port) => {
                    to_port(port)
                }
                _ => self.wrong(keys, "a port, 0 to 65535"),
            },
            Some(_) => self.wrong(keys, "a port, 0 to 65535"),
        }
    }

    /// Returns the strings of a list; empty where there is none.
    #[must_use]
    pub fn texts(&self, keys: &str) -> Vec<String> {
        let items = self.items(keys).iter();
        let texts: Vec<String> = items.filter_map(Value::as_str).map(str::to_owned).collect();
        if texts.len() < self.items(keys).len() {
            return self.wrong(keys, "a list of strings");
        }
        texts
    }

    /// Returns the values of a list; empty where there is none.
    #[must_use]
    pub fn items(&self, keys: &str) -> &'v [Value] {
        match self.get(keys) {
            None => &[],
            Some(Value::Array(items)) => items,
            Some(_) => self.wrong(keys, "a list"),
        }
    }

    /// Returns the members of an object, in the order of their names; empty where there is none.
    #[must_use]
    pub fn members(&self, keys: &str) -> Vec<(&'v String, &'v Value)> {
        match self.get(keys) {
            None => Vec::new(),
            Some(Value::Object(members)) => members.iter().collect(),
            Some(_) => self.wrong(keys, "an object"),
        }
    }

    /// Returns whether something other than null stands there.
    #[must_use]
    pub fn has(&self, keys: &str) -> bool {
        self.get(keys).is_some()
    }

    /// Returns what stands there, unless it is null.
    #[must_use]
    pub fn get(&self, keys: &str) -> Option<&'v Value> {
        let found = keys.split('/').try_fold(self.value?, |value, key| value.get(key))?;
        if found.is_null() { None } else { Some(found) }
    }

    fn wrong<T: Default>(&self, keys: &str, expected: &str) -> T {
        let path = self.path.clone().join(to_path(keys));
        self.problems.borrow_mut().push(Diagnostic::error(path, format!("expected {expected}")));
        T::default()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the caller has looked at the range"
)]
const fn to_port(port: f64) -> u16 {
    port as u16
}

/// Returns the path of keys that are separated by `/`.
pub(crate) fn to_path(keys: &str) -> Path {
    keys.split('/').fold(Path::default(), Path::key)
}

/// Returns the place of keys below a definition's root.
pub(crate) fn place(root: &Place, keys: &str) -> Place {
    root.join(to_path(keys))
}
