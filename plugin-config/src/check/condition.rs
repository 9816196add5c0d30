//! Conditions on claims and strings.

use super::issuer::claim;
use super::{Checker, contradiction, text};
use crate::document::{ConditionDocument, List, ScalarDocument, StringMatchDocument};
use crate::json::{At, quote};
use crate::{Condition, HeaderName, Operation, PathPattern, Scalar, StringMatch, Test};
use std::collections::BTreeSet;

/// The most conditions that stand together.
const MOST_CONDITIONS: usize = 64;

/// Where conditions stand.
pub(super) enum Context<'a> {
    /// Of every token of an issuer: there is no request to compare with.
    Issuer,
    /// In a rule.
    Rule {
        identity_headers: &'a BTreeSet<HeaderName>,
        /// What the rule is for; absent where that could not be read.
        to: Option<&'a [Operation]>,
    },
}

/// The conditions, and whether all of them hold for a caller without a token.
pub(super) fn conditions(
    list: Option<&List<ConditionDocument>>,
    at: &At<'_>,
    context: &Context<'_>,
    checker: &mut Checker,
) -> (Vec<Condition>, bool) {
    let mut conditions: Vec<(usize, Condition)> = Vec::new();
    if list.is_some_and(|list| list.len() > MOST_CONDITIONS) {
        checker.fault(at, format!("this list has {MOST_CONDITIONS} entries at most"));
        return (Vec::new(), true);
    }
    for (index, document) in checker.filled(list, at) {
        let at = at.index(index);
        let claim = claim(document.claim.get(), &at.key("claim"), checker);
        let test = test(document, &at, context, checker);
        if let (Some(claim), Some(test)) = (claim, test) {
            conditions.push((index, Condition { claim, test }));
        }
    }
    contradiction::check(&conditions, at, checker);
    let anonymous = conditions.iter().all(|(_, condition)| {
        matches!(condition.test, Test::NotEquals(_) | Test::NotIn(_) | Test::Exists(false))
    });
    (conditions.into_iter().map(|(_, condition)| condition).collect(), anonymous)
}

/// The one operator of a condition.
fn test(
    document: &ConditionDocument,
    at: &At<'_>,
    context: &Context<'_>,
    checker: &mut Checker,
) -> Option<Test> {
    let d = document;
    let given = [
        ("equals", d.equals.is_some()),
        ("notEquals", d.not_equals.is_some()),
        ("in", d.r#in.is_some()),
        ("notIn", d.not_in.is_some()),
        ("prefix", d.prefix.is_some()),
        ("suffix", d.suffix.is_some()),
        ("contains", d.contains.is_some()),
        ("matches", d.matches.is_some()),
        ("exists", d.exists.is_some()),
        ("lessThan", d.less_than.is_some()),
        ("greaterThan", d.greater_than.is_some()),
        ("equalsPath", d.equals_path.is_some()),
        ("equalsHeader", d.equals_header.is_some()),
        ("equalsClaim", d.equals_claim.is_some()),
    ];
    let operator = only(&given, "operator", at, checker)?;
    let place = at.key(operator);
    let at = &place;
    match operator {
        "equals" => scalar(d.equals.as_ref()?, at, checker).map(Test::Equals),
        "notEquals" => scalar(d.not_equals.as_ref()?, at, checker).map(Test::NotEquals),
        "in" => scalars(d.r#in.as_ref()?, at, checker).map(Test::In),
        "notIn" => scalars(d.not_in.as_ref()?, at, checker).map(Test::NotIn),
        "prefix" => part(d.prefix.as_ref()?, at, checker).map(Test::Prefix),
        "suffix" => part(d.suffix.as_ref()?, at, checker).map(Test::Suffix),
        "contains" => scalar(d.contains.as_ref()?, at, checker).map(Test::Contains),
        "matches" => checker.regex(d.matches.as_ref()?, at).map(Test::Matches),
        "exists" => d.exists.map(Test::Exists),
        "lessThan" => number(d.less_than?, at, checker).map(Test::LessThan),
        "greaterThan" => number(d.greater_than?, at, checker).map(Test::GreaterThan),
        "equalsPath" => equals_path(d.equals_path.as_ref()?, at, context, checker).map(Test::EqualsPath),
        "equalsHeader" => {
            equals_header(d.equals_header.as_ref()?, at, context, checker).map(Test::EqualsHeader)
        }
        _ => {
            let other = claim(d.equals_claim.as_ref(), at, checker)?;
            Some(Test::EqualsClaim(other))
        }
    }
}

/// The name of the only key that is given.
fn only<'k>(given: &[(&'k str, bool)], what: &str, at: &At<'_>, checker: &mut Checker) -> Option<&'k str> {
    let names: Vec<&str> = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    match names.as_slice() {
        [name] => Some(*name),
        [] => {
            let all: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
            checker.fault(at, format!("there is no {what}; give one of {}", all.join(", ")));
            None
        }
        several => {
            let names: Vec<String> = several.iter().map(|name| format!("`{name}`")).collect();
            checker.fault(
                at,
                format!("{} stand side by side; give each an entry of its own", names.join(" and ")),
            );
            None
        }
    }
}

fn scalar(document: &ScalarDocument, at: &At<'_>, checker: &mut Checker) -> Option<Scalar> {
    match document {
        ScalarDocument::String(text) if text.len() > 2048 => {
            checker.fault(at, "a value has 2048 bytes at most");
            None
        }
        ScalarDocument::String(text) => Some(Scalar::String(text.clone())),
        ScalarDocument::Number(value) => number(*value, at, checker).map(Scalar::Number),
        ScalarDocument::Bool(value) => Some(Scalar::Bool(*value)),
    }
}

fn scalars(list: &List<ScalarDocument>, at: &At<'_>, checker: &mut Checker) -> Option<Vec<Scalar>> {
    let mut values = Vec::with_capacity(list.len());
    for (index, document) in checker.filled(Some(list), at) {
        let at = at.index(index);
        let value = scalar(document, &at, checker)?;
        if values.contains(&value) {
            checker.fault(&at, "this value is listed twice; keep one of them");
        }
        values.push(value);
    }
    Some(values)
}

/// A number that float64 holds exactly, if it is an integer.
fn number(value: f64, at: &At<'_>, checker: &mut Checker) -> Option<f64> {
    const LARGEST: f64 = 9_007_199_254_740_991.0;
    if value.abs() <= LARGEST {
        return Some(value);
    }
    checker.fault(at, "a WasmPlugin holds integers to 53 bits only; compare larger values as strings");
    None
}

fn part(value: &str, at: &At<'_>, checker: &mut Checker) -> Option<String> {
    if value.is_empty() {
        checker.fault(at, "every string has the empty one in it; to ask for presence use `exists: true`");
        return None;
    }
    checker.take(at, text::value(value))
}

fn equals_path(name: &str, at: &At<'_>, context: &Context<'_>, checker: &mut Checker) -> Option<String> {
    let to = match context {
        Context::Issuer => {
            checker.fault(
                at,
                "an issuer's claims are checked for every request; compare with the path in a rule's `when`",
            );
            return None;
        }
        Context::Rule { to: None, .. } => return Some(name.to_owned()),
        Context::Rule { to: Some(to), .. } => *to,
    };
    let named = |path: &PathPattern| path.names().any(|segment| segment == name);
    if to.is_empty() || to.iter().any(|operation| operation.paths.is_empty()) {
        let message = format!(
            "{} is not set for every request of this rule: give each entry of `to` a path with `{{{name}}}`",
            quote(name)
        );
        checker.fault(at, message);
        return None;
    }
    if !to.iter().flat_map(|operation| &operation.paths).all(named) {
        let message = format!(
            "not every path of this rule has a segment `{{{name}}}`; add it, or move the others to a rule of their own"
        );
        checker.fault(at, message);
        return None;
    }
    Some(name.to_owned())
}

fn equals_header(
    name: &str,
    at: &At<'_>,
    context: &Context<'_>,
    checker: &mut Checker,
) -> Option<HeaderName> {
    let Context::Rule { identity_headers, .. } = context else {
        checker.fault(
            at,
            "an issuer's claims are checked for every request; compare with a header in a rule's `when`",
        );
        return None;
    };
    let header = checker.header(name, at)?;
    let spelling = header.folded();
    if identity_headers.iter().any(|other| other.folded() == spelling) {
        let message = format!(
            "`{header}` is an identity header: what a client sends in it is removed; compare with `equalsClaim`"
        );
        checker.fault(at, message);
        return None;
    }
    Some(header)
}

pub(super) fn string_matches(
    list: Option<&List<StringMatchDocument>>,
    at: &At<'_>,
    checker: &mut Checker,
) -> Vec<StringMatch> {
    let items = checker.filled(list, at);
    items.filter_map(|(index, document)| string_match(document, &at.index(index), checker)).collect()
}

fn string_match(d: &StringMatchDocument, at: &At<'_>, checker: &mut Checker) -> Option<StringMatch> {
    let given = [
        ("exact", d.exact.is_some()),
        ("prefix", d.prefix.is_some()),
        ("suffix", d.suffix.is_some()),
        ("contains", d.contains.is_some()),
        ("matches", d.matches.is_some()),
    ];
    let operator = only(&given, "comparison", at, checker)?;
    let place = at.key(operator);
    let at = &place;
    match operator {
        "exact" => checker.take(at, text::value(d.exact.as_ref()?)).map(StringMatch::Exact),
        "prefix" => part(d.prefix.as_ref()?, at, checker).map(StringMatch::Prefix),
        "suffix" => part(d.suffix.as_ref()?, at, checker).map(StringMatch::Suffix),
        "contains" => part(d.contains.as_ref()?, at, checker).map(StringMatch::Contains),
        _ => checker.regex(d.matches.as_ref()?, at).map(StringMatch::Matches),
    }
}
