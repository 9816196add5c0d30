//! Claims: looked up, held against conditions, written into headers.

mod condition;
mod encode;
mod headers;
mod number;
mod predicate;
mod times;

pub use condition::CompiledCondition;
pub use encode::scalar_text;
pub use headers::{IdentityHeader, Unwritable, identity_headers};
pub use predicate::{NoRequest, Predicate, RequestValues};
pub use times::Times;

use crate::{Cause, Detail};
use attache_plugin_config::ClaimPath;
use serde_json::{Map, Value};

/// A JWT claims set (RFC 7519 section 4) whose registered claims have the types that the RFC gives
/// them.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    members: Map<String, Value>,
    times: Times,
}

/// Something on the way to a claim is there and is no object: what it should hold can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoObject;

impl Claims {
    /// Takes an object for a claims set: where present, `iss`, `sub` and `jti` are strings, `aud`
    /// is a string or a list of strings, `exp` and `nbf` are numbers. `null` is none of these. An
    /// `iat` that is no number is as good as none: few entries ask for it.
    ///
    /// # Errors
    /// The first claim of another type, with what `iss` says where that can be read.
    pub fn from_json(members: Map<String, Value>) -> Result<Self, Cause> {
        let mut times = Times::default();
        for (name, value) in &members {
            let (fits, detail) = match name.as_str() {
                "iss" | "sub" | "jti" => (value.is_string(), Detail::ClaimNotText),
                "aud" => {
                    let fits = match value {
                        Value::Array(list) => list.iter().all(Value::is_string),
                        one => one.is_string(),
                    };
                    (fits, Detail::AudienceNotText)
                }
                "exp" => {
                    times.expires = numeric_date(value);
                    (times.expires.is_some(), Detail::TimeNotANumber)
                }
                "nbf" => {
                    times.not_before = numeric_date(value);
                    (times.not_before.is_some(), Detail::TimeNotANumber)
                }
                "iat" => {
                    times.issued_at = numeric_date(value);
                    continue;
                }
                _ => continue,
            };
            if !fits {
                let issuer = members.get("iss").and_then(Value::as_str);
                return Err(Cause::from(detail).with_claim(name).with_unverified_issuer(issuer));
            }
        }
        Ok(Self { members, times })
    }

    /// Returns the claim at the end of a path, unless it is absent or `null`.
    pub fn get(&self, path: &ClaimPath) -> Option<&Value> {
        self.find(path).ok().flatten()
    }

    /// Returns the same, telling what is absent from what can't be reached.
    ///
    /// # Errors
    /// [`NoObject`].
    pub fn find(&self, path: &ClaimPath) -> Result<Option<&Value>, NoObject> {
        let mut members = Some(&self.members);
        let mut found = None;
        for step in path.steps() {
            found = match members.ok_or(NoObject)?.get(step) {
                None | Some(Value::Null) => return Ok(None),
                value => value,
            };
            members = found.and_then(Value::as_object);
        }
        Ok(found)
    }

    /// Returns `iss`.
    pub fn issuer(&self) -> Option<&str> {
        self.text("iss")
    }

    /// Returns `sub`.
    pub fn subject(&self) -> Option<&str> {
        self.text("sub")
    }

    /// Puts the issuer's prefix before `sub`: from here on it is unlike any other issuer's.
    pub fn prefix_subject(&mut self, prefix: &str) {
        if let Some(Value::String(subject)) = self.members.get_mut("sub") {
            subject.insert_str(0, prefix);
        }
    }

    /// Returns `jti`.
    pub fn token_id(&self) -> Option<&str> {
        self.text("jti")
    }

    /// Returns every `aud`.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        let list = match self.members.get("aud") {
            Some(Value::Array(list)) => list.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        list.iter().filter_map(Value::as_str)
    }

    /// Returns `exp`, `nbf` and `iat`.
    pub fn times(&self) -> Times {
        self.times
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.as_str()
    }
}

/// Returns a NumericDate (RFC 7519 section 2), which is any number, in whole seconds since 1970: a
/// fraction is left away, as the clock has none either; what lies before 1970 is 0.
fn numeric_date(value: &Value) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates at both ends"
    )]
    let whole = |seconds: f64| seconds as u64;
    value.as_u64().or_else(|| value.as_f64().map(whole))
}

#[cfg(test)]
mod tests;
