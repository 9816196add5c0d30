//! Conditions on claims and strings.

use super::{ClaimDocument, ScalarDocument};
use attache_config_reader::{List, Object, Slot};

/// One demand on one claim: exactly one operator. On an absent claim (or one that is `null`) each
/// is false, except `exists: false`, `notEquals` and `notIn`. A list passes if any element does.
/// Types must be the same, and comparisons lean towards allowing less: in a DENY rule a number, a
/// Boolean and what they are written as count as equal, and so they do for `notEquals` and `notIn`
/// of an ALLOW rule and of an issuer's `claims`.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Condition"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
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
    /// A list that has this element. What is no list has none in an ALLOW rule; in a DENY rule a
    /// single value is a list of one, a text has what stands anywhere in it, and an object may have
    /// anything.
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
    /// The text that the `{name}` segment of the request's path stands for. A number or a Boolean
    /// equals the text that it is written as: `12345`, also where the token has `12345.0`; `true`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(crate) equals_path: Option<String>,
    /// The value of a request header that came exactly once: a second one counts in any spelling
    /// that a backend may take for the same, such as `x_tenant`. Where several came, an ALLOW rule
    /// does not match and a DENY rule does. Numbers and Booleans as with `equalsPath`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 256)))]
    pub(crate) equals_header: Option<String>,
    /// Another claim of the same token, equal in type and value; a number or a Boolean also equals
    /// the string that it is written as.
    pub(crate) equals_claim: Option<ClaimDocument>,
}

/// The operator of a condition, with what its key holds.
#[derive(Clone, Copy)]
pub(crate) enum Operator<'d> {
    Equals(&'d ScalarDocument),
    NotEquals(&'d ScalarDocument),
    In(&'d List<ScalarDocument>),
    NotIn(&'d List<ScalarDocument>),
    Prefix(&'d str),
    Suffix(&'d str),
    Contains(&'d ScalarDocument),
    Matches(&'d str),
    Exists(bool),
    LessThan(f64),
    GreaterThan(f64),
    EqualsPath(&'d str),
    EqualsHeader(&'d str),
    EqualsClaim(&'d ClaimDocument),
}

impl ConditionDocument {
    /// Returns every operator by its key, with what it holds where it is given.
    pub(crate) fn operators(&self) -> [(&'static str, Option<Operator<'_>>); 14] {
        // Without `..`, so that a field that is added and not listed below does not compile.
        let Self {
            claim: _,
            equals,
            not_equals,
            r#in,
            not_in,
            prefix,
            suffix,
            contains,
            matches,
            exists,
            less_than,
            greater_than,
            equals_path,
            equals_header,
            equals_claim,
        } = self;
        [
            ("equals", equals.as_ref().map(Operator::Equals)),
            ("notEquals", not_equals.as_ref().map(Operator::NotEquals)),
            ("in", r#in.as_ref().map(Operator::In)),
            ("notIn", not_in.as_ref().map(Operator::NotIn)),
            ("prefix", prefix.as_deref().map(Operator::Prefix)),
            ("suffix", suffix.as_deref().map(Operator::Suffix)),
            ("contains", contains.as_ref().map(Operator::Contains)),
            ("matches", matches.as_deref().map(Operator::Matches)),
            ("exists", exists.map(Operator::Exists)),
            ("lessThan", less_than.map(Operator::LessThan)),
            ("greaterThan", greater_than.map(Operator::GreaterThan)),
            ("equalsPath", equals_path.as_deref().map(Operator::EqualsPath)),
            ("equalsHeader", equals_header.as_deref().map(Operator::EqualsHeader)),
            ("equalsClaim", equals_claim.as_ref().map(Operator::EqualsClaim)),
        ]
    }
}

/// How a string is compared: exactly one of these.
#[derive(Debug, Object)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "StringMatch"))]
#[cfg_attr(feature = "schema", schemars(rename_all = "camelCase", deny_unknown_fields))]
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

/// How a string is compared, with what the key holds.
#[derive(Clone, Copy)]
pub(crate) enum Comparison<'d> {
    Exact(&'d str),
    Prefix(&'d str),
    Suffix(&'d str),
    Contains(&'d str),
    Matches(&'d str),
}

impl StringMatchDocument {
    /// Returns every comparison by its key, with what it holds where it is given.
    pub(crate) fn comparisons(&self) -> [(&'static str, Option<Comparison<'_>>); 5] {
        let Self { exact, prefix, suffix, contains, matches } = self;
        [
            ("exact", exact.as_deref().map(Comparison::Exact)),
            ("prefix", prefix.as_deref().map(Comparison::Prefix)),
            ("suffix", suffix.as_deref().map(Comparison::Suffix)),
            ("contains", contains.as_deref().map(Comparison::Contains)),
            ("matches", matches.as_deref().map(Comparison::Matches)),
        ]
    }
}
