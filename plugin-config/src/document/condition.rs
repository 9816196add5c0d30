//! Conditions on claims and strings.

use super::{ClaimDocument, List, ScalarDocument, Slot};
use serde::Deserialize;

/// One demand on one claim: exactly one operator. On an absent claim (or one that is `null`) each is false, except
/// `exists: false`, `notEquals` and `notIn`. A list passes if any element does. Types must be the same, and comparisons lean
/// towards allowing less: in a DENY rule a number, a Boolean and what they are written as count as equal, and so they do for
/// `notEquals` and `notIn` of an ALLOW rule and of an issuer's `claims`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Condition"))]
#[cfg_attr(feature = "schema", schemars(extend("minProperties" = 2)))]
pub(crate) struct ConditionDocument {
    /// The claim.
    pub(crate) claim: Slot<ClaimDocument>,
    /// Equal in type and value.
    pub(crate) equals: Option<ScalarDocument>,
    /// Not equal; true of an absent claim.
    pub(crate) not_equals: Option<ScalarDocument>,
    /// Equal to one of these.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) r#in: Option<List<ScalarDocument>>,
    /// Equal to none of these; true of an absent claim.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) not_in: Option<List<ScalarDocument>>,
    /// A string that begins so.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) prefix: Option<String>,
    /// A string that ends so.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) suffix: Option<String>,
    /// A list that has this element. What is no list has none in an ALLOW rule; in a DENY rule a single value is a list of
    /// one, a text has what stands anywhere in it, and an object may have anything.
    pub(crate) contains: Option<ScalarDocument>,
    /// A string that the whole regular expression matches.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub(crate) matches: Option<String>,
    /// Present and not `null`, or with `false` the contrary.
    pub(crate) exists: Option<bool>,
    /// A number below.
    pub(crate) less_than: Option<f64>,
    /// A number above.
    pub(crate) greater_than: Option<f64>,
    /// The text that the `{name}` segment of the request's path stands for. A number or a Boolean equals the text that it
    /// is written as: `12345`, also where the token has `12345.0`; `true`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) equals_path: Option<String>,
    /// The value of a request header that came exactly once: a second one counts in any spelling that a backend may
    /// take for the same, such as `x_tenant`. Where several came, an ALLOW rule does not match and a DENY rule does.
    /// Numbers and Booleans as with `equalsPath`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub(crate) equals_header: Option<String>,
    /// Another claim of the same token, equal in type and value; a number or a Boolean also equals the string that it is
    /// written as.
    pub(crate) equals_claim: Option<ClaimDocument>,
}

/// How a string is compared: exactly one of these.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "StringMatch"))]
#[cfg_attr(feature = "schema", schemars(extend("minProperties" = 1)))]
pub(crate) struct StringMatchDocument {
    /// The whole string.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) exact: Option<String>,
    /// Its beginning.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) prefix: Option<String>,
    /// Its end.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) suffix: Option<String>,
    /// Any part of it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) contains: Option<String>,
    /// A regular expression for the whole string.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1024)))]
    pub(crate) matches: Option<String>,
}
