//! What is doubtful of a line, and of what somebody gave beside it.

use super::pick::{Picked, PickedLine};
use crate::logged::{Logged, TokenState, steps_of};
use attache_plugin_config::{Config, Issuer};
use serde_json::{Map, Value};
use std::fmt::Display;

/// Returns what is doubtful, a sentence each: words of the line that nobody knows, and what was
/// given and the line says otherwise. `line` is the request as the line alone tells it, `given` as
/// it is judged.
pub(crate) fn doubts(
    picked: &Picked,
    line: &Logged,
    given: &Logged,
    config: &Config,
) -> Vec<String> {
    let mut doubts = match &picked.line {
        PickedLine::Audit(line) => line.unknown_words(),
        PickedLine::Access(_) => Vec::new(),
    };
    doubts.extend(of_client(line, given));
    if let Some(claims) = &given.token.whole {
        doubts.extend(of_state(picked, line, claims));
        let name = line.token.issuer.as_deref();
        let issuer = config.issuers.iter().find(|issuer| Some(issuer.name.as_str()) == name);
        doubts.extend(issuer.and_then(|issuer| of_issuer(issuer, claims)));
        doubts.extend(of_claims(line, claims, issuer, config));
    }
    doubts
}

/// Returns what is said otherwise of where the request comes from.
fn of_client(line: &Logged, given: &Logged) -> Vec<String> {
    let (own, other, knows) = (&line.client, &given.client, line.knows);
    let differing = [
        (knows.caller, "caller", differing(&own.principal, &other.principal)),
        (knows.port, "port", differing(&own.port, &other.port)),
        (knows.address, "address", differing(&own.address, &other.address)),
        (
            knows.client_address,
            "client address",
            differing(&own.client_address, &other.client_address),
        ),
    ];
    let told = differing.into_iter().filter(|(is_known, ..)| *is_known);
    told.filter_map(|(_, what, values)| {
        let (own, other) = values?;
        Some(format!("the line has {what} {own}, and you gave {other}"))
    })
    .collect()
}

/// Returns two values in words, where they differ.
fn differing<T: PartialEq + Display>(
    own: &Option<T>,
    other: &Option<T>,
) -> Option<(String, String)> {
    let words = |value: &Option<T>| value.as_ref().map_or_else(|| "none".to_owned(), T::to_string);
    (own != other).then(|| (words(own), words(other)))
}

/// Returns what the line says of the token as a whole, where claims are given for it.
fn of_state(picked: &Picked, line: &Logged, claims: &Map<String, Value>) -> Option<String> {
    if line.token.state == TokenState::Missing {
        return Some(
            "the line says that there was no token, and you gave claims of one".to_owned(),
        );
    }
    let PickedLine::Audit(line) = &picked.line else { return None };
    let (said, given) = (line.unverified_issuer.as_deref()?, claims.get("iss")?);
    (given.as_str() != Some(said))
        .then(|| format!("the line has a token whose `iss` is {said}, and the claims have {given}"))
}

/// Returns whether the claims are of another issuer than the line's token.
fn of_issuer(own: &Issuer, claims: &Map<String, Value>) -> Option<String> {
    let (name, iss) = (&own.name, claims.get("iss")?);
    (!own.issuer.takes(iss.as_str())).then(|| {
        format!("the line has a token of issuer {name}, and the claims have another `iss`: {iss}")
    })
}

/// Returns each claim that the line has otherwise, or has not although it would name it.
fn of_claims(
    line: &Logged,
    claims: &Map<String, Value>,
    issuer: Option<&Issuer>,
    config: &Config,
) -> Vec<String> {
    let token = &line.token;
    let prefix = issuer.map_or("", |issuer| issuer.subject_prefix.as_str());
    let given = |name: &str| at(claims, &steps_of(name, &config.audit.claims));
    let mut doubts = Vec::new();
    for (name, value) in &token.claims {
        let given = given(name);
        if given.is_some_and(|given| is_same(name, value, given, prefix)) {
            continue;
        }
        let given = given.map_or_else(|| "none".to_owned(), Value::to_string);
        doubts.push(format!("the line has claim {name} {value}, and the claims have {given}"));
    }
    for name in &token.absent {
        if let Some(given) = given(name) {
            doubts.push(format!(
                "the line has no claim {name}, which `audit.claims` has it name, and the claims have {given}"
            ));
        }
    }
    doubts
}

/// Returns whether a claim is as a line has it: a subject stands there with its issuer's prefix.
fn is_same(name: &str, line: &Value, given: &Value, prefix: &str) -> bool {
    match (name, line, given) {
        _ if line == given => true,
        ("sub", Value::String(line), Value::String(given)) => {
            line.strip_prefix(prefix) == Some(given)
        }
        _ => false,
    }
}

fn at<'v>(claims: &'v Map<String, Value>, steps: &[String]) -> Option<&'v Value> {
    let (first, rest) = steps.split_first()?;
    rest.iter().try_fold(claims.get(first)?, |value, step| value.get(step))
}
