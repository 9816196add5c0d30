//! What a session puts into a token.

use super::{Checker, all};
use crate::config::document::{ClaimDocument, MintDocument, SourceWord};
use crate::config::{ClaimRule, RoleRules, Source, Taken};
use attache_config_reader::{List, Node, PathRef, Reported, quote};
use serde_json::{Number, Value};
use std::collections::BTreeSet;

/// Claims that the issuer writes itself.
const OWN_CLAIMS: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Reads the claims of `mint`, which none may write that another rule or the issuer itself writes.
pub(super) fn claims(
    mint: &MintDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Vec<ClaimRule>, Reported> {
    let at_claims = at.key("claims");
    let mut written = BTreeSet::from(OWN_CLAIMS);
    let default = RoleRules::default();
    let roles =
        mint.roles.as_ref().and_then(|roles| roles.claim.as_ref()).unwrap_or(&default.claim);
    check_unwritten(roles, &mut written, &at.key("roles").key("claim"), checker);
    let mut rules = Vec::new();
    for (index, document) in mint.claims.iter().flat_map(List::iter) {
        let at = at_claims.index(index);
        if let Ok(name) = document.claim.get() {
            check_unwritten(name, &mut written, &at.key("claim"), checker);
        }
        rules.push(claim(document, &at, checker));
    }
    all(rules.into_iter())
}

fn check_unwritten<'d>(
    name: &'d str,
    written: &mut BTreeSet<&'d str>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) {
    if !written.insert(name) {
        let message =
            format!("claim {} is written by another rule or by the issuer itself", quote(name));
        checker.error(at, message);
    }
}

fn claim(
    document: &ClaimDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<ClaimRule, Reported> {
    let claim = document.claim.get().and_then(|text| checker.text(text, &at.key("claim")));
    let key = checker.optional_text(document.key.as_ref(), &at.key("key"))?;
    for key in ["from", "value"] {
        checker.report.readable(&at.key(key))?;
    }
    let taken = match (document.from, &document.value) {
        (Some(word), None) => source(word, key, at, checker).map(Taken::From),
        (None, Some(_)) if key.is_some() => {
            Err(checker.error(&at.key("key"), "goes with `from` only; leave it out beside `value`"))
        }
        (None, Some(node)) => value(node, &at.key("value"), checker).map(Taken::Value),
        _ => Err(checker.error(at, "give either `from` or `value`")),
    };
    Ok(ClaimRule { claim: claim?, taken: taken? })
}

/// Returns the source that a word stands for, with the key that belongs to it.
pub(super) fn source(
    word: SourceWord,
    key: Option<String>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Source, Reported> {
    let source = match (word, key) {
        (SourceWord::Metadata, Some(key)) => return Ok(Source::Metadata(key)),
        (SourceWord::JwtClaim, Some(key)) => return Ok(Source::JwtClaim(key)),
        (SourceWord::Metadata | SourceWord::JwtClaim, None) => {
            checker.report.readable(&at.key("key"))?;
            return Err(checker.error(at, "`key` is missing; name the entry or the claim"));
        }
        (_, Some(_)) => {
            return Err(checker.error(at, "`key` goes with `METADATA` and `JWT_CLAIM` only"));
        }
        (SourceWord::OrgId, None) => Source::OrgId,
        (SourceWord::Alias, None) => Source::Alias,
        (SourceWord::JwtIdentity, None) => Source::JwtIdentity,
        (SourceWord::KeyHash, None) => Source::KeyHash,
        (SourceWord::OauthClient, None) => Source::OauthClient,
        (SourceWord::Policies, None) => Source::Policies,
        (SourceWord::Tags, None) => Source::Tags,
        (SourceWord::ApiId, None) => Source::ApiId,
    };
    Ok(source)
}

/// Returns a constant as JSON. Integers of 2^53 and more are refused: not every reader of JSON
/// holds them (RFC 8259 section 6).
fn value(node: &Node, at: &PathRef<'_>, checker: &mut Checker) -> Result<Value, Reported> {
    match node {
        Node::Null => Ok(Value::Null),
        Node::Bool(value) => Ok(Value::Bool(*value)),
        Node::Number(value) => checker.report.ok_or_report(at, number(*value)).map(Value::Number),
        Node::String(text) => Ok(Value::String(text.clone())),
        Node::Array(items) => {
            let items = items
                .iter()
                .enumerate()
                .map(|(index, item)| value(item, &at.index(index), checker));
            all(items).map(Value::Array)
        }
        Node::Object(members) => {
            let members = members.iter().map(|(name, member)| {
                value(member, &at.key(name), checker).map(|value| (name.clone(), value))
            });
            all(members).map(|members| Value::Object(members.into_iter().collect()))
        }
        Node::Invalid(reported) => Err(*reported),
    }
}

fn number(value: f64) -> Result<Number, &'static str> {
    const MAX_EXACT: f64 = 9_007_199_254_740_991.0;
    if value.fract() != 0.0 || !value.is_finite() {
        return Number::from_f64(value).ok_or("is no number of JSON");
    }
    if value.abs() > MAX_EXACT {
        return Err("a number holds integers to 53 bits only; write a larger one as a string");
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
    Ok(Number::from(value as i64))
}
