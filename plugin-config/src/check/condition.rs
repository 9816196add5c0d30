//! Conditions on claims and strings.

use super::claim::claim;
use super::{Checker, contradiction, text};
use crate::document::{
    Comparison, ConditionDocument, Operator, ScalarDocument, StringMatchDocument,
};
use crate::{Condition, Operation, PathPattern, Scalar, StringMatch, Test};
use attache_config_reader::{HeaderName, List, PathRef, Reported, quote, valid};
use std::collections::BTreeSet;

/// The most conditions that stand together.
const MAX_CONDITIONS: usize = 64;

/// Where conditions stand.
pub(super) enum Context<'a> {
    /// Of every token of an issuer: there is no request to compare with.
    Issuer,
    /// In a rule.
    Rule {
        identity_headers: &'a BTreeSet<HeaderName>,
        /// What the rule is for.
        to: Result<&'a [Operation], Reported>,
    },
}

/// Returns the conditions, and whether all of them hold for a caller without a token.
pub(super) fn conditions(
    list: Option<&List<ConditionDocument>>,
    at: &PathRef<'_>,
    context: &Context<'_>,
    checker: &mut Checker,
) -> (Vec<Condition>, bool) {
    let mut conditions: Vec<(usize, Condition)> = Vec::new();
    if list.is_some_and(|list| list.len() > MAX_CONDITIONS) {
        checker.error(at, format!("this list has {MAX_CONDITIONS} entries at most"));
        return (Vec::new(), true);
    }
    for (index, document) in checker.non_empty(list, at) {
        if let Ok(condition) = condition(document, &at.index(index), context, checker) {
            conditions.push((index, condition));
        }
    }
    contradiction::check(&conditions, at, checker);
    let anonymous = conditions.iter().all(|(_, condition)| condition.test.holds_of_nothing());
    (conditions.into_iter().map(|(_, condition)| condition).collect(), anonymous)
}

#[inline(never)]
fn condition(
    document: &ConditionDocument,
    at: &PathRef<'_>,
    context: &Context<'_>,
    checker: &mut Checker,
) -> Result<Condition, Reported> {
    let claim = claim(document.claim.get(), &at.key("claim"), checker);
    let test = test(document, at, context, checker);
    Ok(Condition { claim: claim?, test: test? })
}

/// Reads the one operator of a condition.
#[inline(never)]
fn test(
    document: &ConditionDocument,
    at: &PathRef<'_>,
    context: &Context<'_>,
    checker: &mut Checker,
) -> Result<Test, Reported> {
    let (key, operator) = exactly_one(&document.operators(), "operator", at, checker)?;
    let place = at.key(key);
    let at = &place;
    match operator {
        Operator::Equals(value) => scalar(value, at, checker).map(Test::Equals),
        Operator::NotEquals(value) => scalar(value, at, checker).map(Test::NotEquals),
        Operator::In(values) => scalars(values, at, checker).map(Test::In),
        Operator::NotIn(values) => scalars(values, at, checker).map(Test::NotIn),
        Operator::Prefix(text) => part(text, at, checker).map(Test::Prefix),
        Operator::Suffix(text) => part(text, at, checker).map(Test::Suffix),
        Operator::Contains(value) => scalar(value, at, checker).map(Test::Contains),
        Operator::Matches(text) => checker.regex(text, at).map(Test::Matches),
        Operator::Exists(there) => Ok(Test::Exists(there)),
        Operator::LessThan(value) => number(value, at, checker).map(Test::LessThan),
        Operator::GreaterThan(value) => number(value, at, checker).map(Test::GreaterThan),
        Operator::EqualsPath(name) => equals_path(name, at, context, checker).map(Test::EqualsPath),
        Operator::EqualsHeader(name) => {
            equals_header(name, at, context, checker).map(Test::EqualsHeader)
        }
        Operator::EqualsClaim(other) => claim(Ok(other), at, checker).map(Test::EqualsClaim),
    }
}

/// Returns the only key that is given, with its value.
fn exactly_one<T: Copy>(
    keys: &[(&'static str, Option<T>)],
    what: &str,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<(&'static str, T), Reported> {
    let given: Vec<(&str, T)> =
        keys.iter().filter_map(|(key, value)| value.map(|value| (*key, value))).collect();
    match given.as_slice() {
        [only] => Ok(*only),
        [] => {
            let all: Vec<&str> = keys.iter().map(|(key, _)| *key).collect();
            Err(checker.error(at, format!("there is no {what}; give one of {}", all.join(", "))))
        }
        several => {
            let keys: Vec<String> = several.iter().map(|(key, _)| format!("`{key}`")).collect();
            let message =
                format!("{} stand side by side; give each an entry of its own", keys.join(" and "));
            Err(checker.error(at, message))
        }
    }
}

fn scalar(
    document: &ScalarDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Scalar, Reported> {
    match document {
        ScalarDocument::String(text) if text.len() > 2048 => {
            Err(checker.error(at, "a value has 2048 bytes at most"))
        }
        ScalarDocument::String(text) => Ok(Scalar::String(text.clone())),
        ScalarDocument::Number(value) => number(*value, at, checker).map(Scalar::Number),
        ScalarDocument::Bool(value) => Ok(Scalar::Bool(*value)),
    }
}

#[inline(never)]
fn scalars(
    list: &List<ScalarDocument>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Vec<Scalar>, Reported> {
    let mut values = Vec::with_capacity(list.len());
    for (index, document) in checker.non_empty(Some(list), at) {
        let at = at.index(index);
        let value = scalar(document, &at, checker)?;
        if values.contains(&value) {
            checker.error(&at, "this value is listed twice; keep one of them");
        }
        values.push(value);
    }
    Ok(values)
}

/// Reads a number that float64 holds exactly, if it is an integer.
fn number(value: f64, at: &PathRef<'_>, checker: &mut Checker) -> Result<f64, Reported> {
    const LARGEST: f64 = 9_007_199_254_740_991.0;
    if value.abs() <= LARGEST {
        return Ok(value);
    }
    Err(checker
        .error(at, "a WasmPlugin holds integers to 53 bits only; compare larger values as strings"))
}

fn part(value: &str, at: &PathRef<'_>, checker: &mut Checker) -> Result<String, Reported> {
    if value.is_empty() {
        let message =
            "every string has the empty one in it; to ask for presence use `exists: true`";
        return Err(checker.error(at, message));
    }
    checker.ok_or_report(at, text::value(value))
}

#[inline(never)]
fn equals_path(
    name: &str,
    at: &PathRef<'_>,
    context: &Context<'_>,
    checker: &mut Checker,
) -> Result<String, Reported> {
    let to = match context {
        Context::Issuer => {
            let message = "an issuer's claims are checked for every request; compare with the path in a rule's `when`";
            return Err(checker.error(at, message));
        }
        Context::Rule { to, .. } => (*to)?,
    };
    let named = |path: &PathPattern| path.names().any(|segment| segment == name);
    if to.is_empty() || to.iter().any(|operation| operation.paths.is_empty()) {
        let message = format!(
            "{} is not set for every request of this rule: give each entry of `to` a path with `{{{name}}}`",
            quote(name)
        );
        return Err(checker.error(at, message));
    }
    if !to.iter().flat_map(|operation| &operation.paths).all(named) {
        let message = format!(
            "not every path of this rule has a segment `{{{name}}}`; add it, or move the others to a rule of their own"
        );
        return Err(checker.error(at, message));
    }
    Ok(name.to_owned())
}

#[inline(never)]
fn equals_header(
    name: &str,
    at: &PathRef<'_>,
    context: &Context<'_>,
    checker: &mut Checker,
) -> Result<HeaderName, Reported> {
    let Context::Rule { identity_headers, .. } = context else {
        let message = "an issuer's claims are checked for every request; compare with a header in a rule's `when`";
        return Err(checker.error(at, message));
    };
    let header = checker.header(name, at)?;
    let spelling = header.folded();
    if identity_headers.iter().any(|other| other.folded() == spelling) {
        let message = format!(
            "`{header}` is an identity header: what a client sends in it is removed; compare with `equalsClaim`"
        );
        return Err(checker.error(at, message));
    }
    Ok(header)
}

pub(super) fn string_matches(
    list: Option<&List<StringMatchDocument>>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Vec<StringMatch> {
    let items = checker.non_empty(list, at);
    valid(items.map(|(index, document)| string_match(document, &at.index(index), checker)))
}

#[inline(never)]
fn string_match(
    document: &StringMatchDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<StringMatch, Reported> {
    let (key, comparison) = exactly_one(&document.comparisons(), "comparison", at, checker)?;
    let place = at.key(key);
    let at = &place;
    match comparison {
        Comparison::Exact(value) => {
            checker.ok_or_report(at, text::value(value)).map(StringMatch::Exact)
        }
        Comparison::Prefix(value) => part(value, at, checker).map(StringMatch::Prefix),
        Comparison::Suffix(value) => part(value, at, checker).map(StringMatch::Suffix),
        Comparison::Contains(value) => part(value, at, checker).map(StringMatch::Contains),
        Comparison::Matches(value) => checker.regex(value, at).map(StringMatch::Matches),
    }
}
