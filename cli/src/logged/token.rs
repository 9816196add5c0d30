//! What a line of a log tells of a request's token, and what it does not.

use crate::log::AuditLine;
use attache_plugin_config::ClaimPath;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What is known of a request's token.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LoggedToken {
    pub(crate) state: TokenState,
    /// The issuer of a good one, by its name.
    pub(crate) issuer: Option<String>,
    /// Claims of a good one, by the paths that the log writes.
    pub(crate) claims: BTreeMap<String, Value>,
    /// Claims that the token has not, by the same.
    pub(crate) absent: Vec<String>,
    /// Claims that the token is to have, beside whatever is in them already: a role more.
    pub(crate) added: BTreeMap<String, Value>,
    /// All of its claims, where somebody gave them beside the line.
    pub(crate) whole: Option<Map<String, Value>>,
}

/// Whether a request had a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum TokenState {
    /// A good one.
    Good,
    /// None.
    Missing,
    /// A bad one.
    Bad,
    /// None, or a bad one.
    NotGood,
    /// The log does not tell.
    #[default]
    Unknown,
}

/// Claims that say when a token is good: a request that is judged anew has others.
pub(super) const TIMES: [&str; 3] = ["exp", "nbf", "iat"];

/// What is known of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClaimFact {
    Known,
    Unknown,
}

impl LoggedToken {
    /// Takes what an audit line tells. `logged` are the claims that the configuration had it name,
    /// where that is known.
    pub(super) fn of_audit(line: &AuditLine, logged: Option<&[ClaimPath]>) -> Self {
        let state = match (&line.issuer, line.reason()) {
            (Some(_), _) => TokenState::Good,
            (None, Some("token-missing")) => TokenState::Missing,
            (None, Some(reason)) if is_bad_token(reason) => TokenState::Bad,
            _ => TokenState::Unknown,
        };
        if state != TokenState::Good {
            return Self { state, ..Self::default() };
        }
        let claims = line.claims.iter().filter(|(_, value)| is_whole_value(value));
        let claims: BTreeMap<String, Value> =
            claims.map(|(path, value)| (path.clone(), value.clone())).collect();
        let logged = logged.unwrap_or_default().iter().map(ToString::to_string);
        let absent = logged.filter(|path| !line.claims.contains_key(path)).collect();
        Self {
            state,
            issuer: line.issuer.clone(),
            claims,
            absent,
            added: BTreeMap::new(),
            whole: None,
        }
    }

    /// Returns what is known of a claim.
    pub(crate) fn knows(&self, path: &ClaimPath) -> ClaimFact {
        if self.whole.is_some() {
            return ClaimFact::Known;
        }
        if let [name] = path.steps()
            && TIMES.contains(&name.as_str())
        {
            return ClaimFact::Unknown;
        }
        let is_known = |path: &str| {
            self.claims.contains_key(path) || self.absent.iter().any(|own| own == path)
        };
        let mut prefix = String::new();
        for step in path.steps() {
            if !prefix.is_empty() {
                prefix.push('.');
            }
            prefix.push_str(step);
            // Who knows an object knows all in it.
            if is_known(&prefix) {
                return ClaimFact::Known;
            }
        }
        ClaimFact::Unknown
    }

    /// Returns the claims that are known as a token has them.
    pub(crate) fn payload(&self, paths: &[ClaimPath]) -> Map<String, Value> {
        let mut payload = Map::new();
        for (name, value) in self.claims.iter().chain(&self.added) {
            insert(&mut payload, &steps_of(name, paths), value);
        }
        payload
    }
}

/// Returns the steps of a claim that a line names, as a path among these has them.
pub(crate) fn steps_of(name: &str, paths: &[ClaimPath]) -> Vec<String> {
    let known = paths.iter().find(|path| path.to_string() == name);
    known.map_or_else(|| name.split('.').map(str::to_owned).collect(), |path| path.steps().to_vec())
}

/// Puts a value where its path says, beside what is there.
fn insert(object: &mut Map<String, Value>, steps: &[String], value: &Value) {
    match steps {
        [] => {}
        [last] => _ = object.entry(last.clone()).or_insert_with(|| value.clone()),
        [first, rest @ ..] => {
            let inner = object.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

fn is_bad_token(reason: &str) -> bool {
    use attache_engine::{Class, Reason};
    let known = Reason::ALL.iter().find(|known| known.as_str() == reason);
    known.is_some_and(|known| known.class() == Class::BadToken || *known == Reason::TokensConflict)
}

/// Returns whether a text of an audit line is what the request had: not cut off, without a token
/// taken out, and without what may be an escape that the filter wrote.
pub(super) fn is_whole(text: &str) -> bool {
    let escapes = ["\\n", "\\r", "\\t", "\\u{", "\\x"];
    !text.ends_with('…')
        && !text.contains("[token]")
        && !escapes.iter().any(|escape| text.contains(escape))
}

fn is_whole_value(value: &Value) -> bool {
    match value {
        Value::String(text) => is_whole(text),
        Value::Array(_) | Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {
            true
        }
    }
}
