//! What may be asked of a claim.

use super::{encode, number};
use attache_plugin_config::{ClaimPath, HeaderName, Scalar, StringMatch, Test};
use serde_json::Value;
use std::cmp::Ordering;

/// A [`Test`] made ready; its documentation says when each holds.
#[derive(Clone, Debug)]
pub struct Predicate(Kind);

#[derive(Clone, Debug)]
enum Kind {
    In(Vec<Scalar>),
    NotIn(Vec<Scalar>),
    Text(StringMatch),
    Contains(Scalar),
    Exists(bool),
    Compared(Ordering, f64),
    EqualsPath(String),
    EqualsHeader(HeaderName),
    EqualsClaim(ClaimPath),
}

/// What a predicate may ask of the request.
pub trait RequestValues {
    /// Returns whether the decoded segment that a `{name}` of the rule's path stands for is this
    /// text.
    fn path_segment_is(&self, name: &str, text: &str) -> bool;
    /// Returns the value of a header that came exactly once, whatever spelling of its name a
    /// backend may take for the same.
    fn header(&self, name: &HeaderName) -> Option<&[u8]>;
    /// Returns whether this is asked for a DENY rule, which leans towards matching. An ALLOW rule,
    /// and what is asked of every token, leans towards not matching.
    fn denies(&self) -> bool {
        false
    }
    /// Returns whether a header has this value.
    fn header_is(&self, name: &HeaderName, value: &[u8]) -> bool {
        self.header(name) == Some(value)
    }
}

/// No request: for what is asked of a token whoever sends it.
#[derive(Clone, Copy, Debug)]
pub struct NoRequest;

impl RequestValues for NoRequest {
    fn path_segment_is(&self, _name: &str, _text: &str) -> bool {
        false
    }

    fn header(&self, _name: &HeaderName) -> Option<&[u8]> {
        None
    }
}

impl Predicate {
    /// Makes a test ready.
    pub fn compile(test: &Test) -> Self {
        Self(match test {
            Test::Equals(scalar) => Kind::In(vec![scalar.clone()]),
            Test::NotEquals(scalar) => Kind::NotIn(vec![scalar.clone()]),
            Test::In(scalars) => Kind::In(scalars.clone()),
            Test::NotIn(scalars) => Kind::NotIn(scalars.clone()),
            Test::Prefix(prefix) => Kind::Text(StringMatch::Prefix(prefix.clone())),
            Test::Suffix(suffix) => Kind::Text(StringMatch::Suffix(suffix.clone())),
            Test::Matches(regex) => Kind::Text(StringMatch::Matches(regex.clone())),
            Test::Contains(element) => Kind::Contains(element.clone()),
            Test::Exists(wanted) => Kind::Exists(*wanted),
            Test::LessThan(bound) => Kind::Compared(Ordering::Less, *bound),
            Test::GreaterThan(bound) => Kind::Compared(Ordering::Greater, *bound),
            Test::EqualsPath(name) => Kind::EqualsPath(name.clone()),
            Test::EqualsHeader(name) => Kind::EqualsHeader(name.clone()),
            Test::EqualsClaim(path) => Kind::EqualsClaim(path.clone()),
        })
    }

    /// Returns whether it holds of a claim, `None` or `null` where there is none. `other` looks up
    /// further claims of the same token.
    pub fn holds<'v>(
        &self,
        value: Option<&'v Value>,
        other: impl Fn(&ClaimPath) -> Option<&'v Value>,
        request: &dyn RequestValues,
    ) -> bool {
        let value = value.filter(|value| !value.is_null());
        let any =
            |test: &dyn Fn(&Value) -> bool| value.is_some_and(|value| any_element(value, test));
        let denies = request.denies();
        match &self.0 {
            Kind::In(scalars) => any(&|value| lies_in(value, scalars, denies)),
            Kind::NotIn(scalars) => !any(&|value| lies_in(value, scalars, !denies)),
            Kind::Text(wanted) => any(&|value| text_matches(value, wanted, denies)),
            Kind::Contains(element) => {
                value.is_some_and(|value| has_element(value, element, denies))
            }
            Kind::Exists(wanted) => value.is_some() == *wanted,
            Kind::Compared(wanted, bound) => {
                any(&|value| order(value, *bound, denies) == Some(*wanted))
            }
            Kind::EqualsPath(name) => {
                let is_segment = |text: &str| request.path_segment_is(name, text);
                any(&|value| encode::scalar_text(value).is_some_and(|text| is_segment(&text)))
            }
            Kind::EqualsHeader(name) => {
                let is_sent = |text: &str| request.header_is(name, text.as_bytes());
                any(&|value| encode::scalar_text(value).is_some_and(|text| is_sent(&text)))
            }
            Kind::EqualsClaim(path) => {
                other(path).filter(|other| !other.is_null()).is_some_and(|other| {
                    value.is_some_and(|v| same(v, other)) || any(&|v| same(v, other))
                })
            }
        }
    }
}

/// Returns whether a value, or any element of a list, is so.
fn any_element(value: &Value, test: &dyn Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(test),
        other => test(other),
    }
}

/// Returns whether a value is one of these; `loosely` also where it is only written as one is.
fn lies_in(value: &Value, scalars: &[Scalar], loosely: bool) -> bool {
    scalars.iter().any(|scalar| is(value, scalar) || (loosely && is_written_as(value, scalar)))
}

/// Returns whether a list has an element. What is no list has none; `loosely`, a single value is a
/// list of one, a text has whatever stands in it, and an object may have anything.
fn has_element(value: &Value, element: &Scalar, loosely: bool) -> bool {
    match value {
        Value::Array(list) => {
            list.iter().any(|candidate| lies_in(candidate, std::slice::from_ref(element), loosely))
        }
        _ if !loosely => false,
        Value::Object(_) => true,
        Value::String(text) => {
            matches!(element, Scalar::String(part) if text.contains(part.as_str()))
                || is_written_as(value, element)
        }
        single => is(single, element) || is_written_as(single, element),
    }
}

/// Returns whether a text is so; `loosely`, also that of a number or a Boolean.
fn text_matches(value: &Value, wanted: &StringMatch, loosely: bool) -> bool {
    match value {
        Value::String(text) => wanted.matches(text),
        other if loosely => encode::scalar_text(other).is_some_and(|text| wanted.matches(&text)),
        _ => false,
    }
}

/// Returns how a number stands to a bound; `loosely`, also one that is written as a text.
fn order(value: &Value, bound: f64, loosely: bool) -> Option<Ordering> {
    match value {
        Value::Number(number) => number::compare(number, bound),
        Value::String(text) if loosely => number::compare(&text.trim().parse().ok()?, bound),
        _ => None,
    }
}

/// Returns whether a value is equal to a configured scalar but for the type: `"true"` to `true`,
/// `1` to `"1"`.
fn is_written_as(value: &Value, scalar: &Scalar) -> bool {
    match scalar {
        Scalar::String(wanted) => has_text(value, wanted.as_bytes()),
        Scalar::Number(wanted) => order(value, *wanted, true) == Some(Ordering::Equal),
        Scalar::Bool(wanted) => has_text(value, if *wanted { b"true" } else { b"false" }),
    }
}

/// Returns whether a value is equal in type and value to a configured scalar.
fn is(value: &Value, scalar: &Scalar) -> bool {
    match (value, scalar) {
        (Value::String(text), Scalar::String(wanted)) => text == wanted,
        (Value::Number(number), Scalar::Number(wanted)) => {
            number::compare(number, *wanted) == Some(Ordering::Equal)
        }
        (Value::Bool(flag), Scalar::Bool(wanted)) => flag == wanted,
        _ => false,
    }
}

/// Returns whether a string, a number or a Boolean is written so.
fn has_text(value: &Value, wanted: &[u8]) -> bool {
    encode::scalar_text(value).is_some_and(|text| text.as_bytes() == wanted)
}

/// Returns whether a value is equal to another claim: a number or a Boolean also to the string that
/// it is written as.
fn same(value: &Value, other: &Value) -> bool {
    match (value, other) {
        (Value::Number(one), Value::Number(other)) => number::equal(one, other),
        (text, Value::String(wanted)) | (Value::String(wanted), text) => {
            has_text(text, wanted.as_bytes())
        }
        _ => value == other,
    }
}

#[cfg(test)]
mod tests;
