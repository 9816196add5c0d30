//! What is asked of claims: by conditions of rules, and by issuers of every token of theirs.

use super::claim_draft::{OfList, Question, RoleReader};
use attache_engine::claims::{Claims, Predicate, RequestValues, identity_headers};
use attache_engine::policy::RoleTable;
use attache_plugin_config::{
    ClaimPath, Comparand, HeaderName, Issuer, IssuerId, RoleClaim, Scalar, Test,
};
use serde_json::Value;
use std::slice;

use super::claims::Claim;

/// A condition of which nothing is asked but the claim.
struct Alone {
    denies: bool,
}

impl RequestValues for Alone {
    fn path_segment_is(&self, _name: &str, _text: &str) -> bool {
        false
    }

    fn header(&self, _name: &HeaderName) -> Option<&[u8]> {
        None
    }

    fn denies(&self) -> bool {
        self.denies
    }
}

/// Returns what a test asks that looks at one claim alone.
pub(in super::super) fn of_test(test: &Test, denies: bool) -> Question<'static> {
    let predicate = Predicate::compile(test);
    let of_list =
        if matches!(test, Test::NotEquals(_) | Test::NotIn(_)) { OfList::All } else { OfList::Any };
    Question {
        holds: Box::new(move |value| predicate.holds(value, |_| None, &Alone { denies })),
        of_list,
    }
}

/// Returns whether a test looks at one claim alone.
pub(in super::super) fn looks_at_claim_alone(test: &Test) -> bool {
    test.comparand() == Comparand::Configured
}

/// Returns what must hold of these claims so that a token of an issuer is good, its roles can be
/// read, and its claims be written into headers.
pub(in super::super) fn of_good_token<'q>(
    issuer: &'q Issuer,
    table: &'q RoleTable,
    used: &[ClaimPath],
) -> Vec<(ClaimPath, Question<'q>)> {
    let mut questions: Vec<(ClaimPath, Question<'q>)> = Vec::new();
    for condition in issuer.claims.iter().filter(|condition| looks_at_claim_alone(&condition.test))
    {
        let Question { holds, of_list } = of_test(&condition.test, false);
        let prefix =
            if is_named(&condition.claim, "sub") { issuer.subject_prefix.as_str() } else { "" };
        let as_seen = move |value: Option<&Value>| holds(as_issued(value, prefix).as_ref());
        questions.push((condition.claim.clone(), Question { holds: Box::new(as_seen), of_list }));
    }
    for path in used {
        if let [name] = path.steps() {
            questions.extend(
                of_registered(name, issuer).into_iter().map(|question| (path.clone(), question)),
            );
        }
        if let IssuerId::Pattern(pattern) = &issuer.issuer
            && pattern.equals_claim() == Some(path)
        {
            let is_segment = |text: &str| pattern.segment(&pattern.with(text)) == Some(text);
            questions.push((
                path.clone(),
                all(move |value| value.and_then(Value::as_str).is_some_and(is_segment)),
            ));
        }
        for to in issuer.output_claim_to_headers.iter().filter(|to| to.claim == *path) {
            let alone = Issuer {
                output_payload_to_header: None,
                output_claim_to_headers: vec![to.clone()],
                ..issuer.clone()
            };
            let path = path.clone();
            let writes = {
                let path = path.clone();
                move |value: Option<&Value>| {
                    value.is_none_or(|value| is_writable(&alone, &path, value))
                }
            };
            questions.push((path, all(writes)));
        }
        for source in issuer.role_claims.iter().filter(|source| source.claim == *path) {
            let read = role_reader(table, source);
            questions.push((
                path.clone(),
                all(move |value| value.is_none_or(|value| read(value).is_some())),
            ));
        }
    }
    questions
}

/// Returns what reads the roles that one source has.
pub(in super::super) fn role_reader<'q>(
    table: &'q RoleTable,
    source: &'q RoleClaim,
) -> RoleReader<'q> {
    Box::new(move |value| {
        let claims = Claims::from_json(Claim::within(&source.claim, value)).ok()?;
        let roles = table.read(&claims, slice::from_ref(source));
        (!roles.is_incomplete()).then(|| table.names(&roles).into_iter().collect())
    })
}

pub(in super::super) fn is_named(path: &ClaimPath, name: &str) -> bool {
    matches!(path.steps(), [only] if only == name)
}

/// Returns a claim as the issuer writes it, given it as policies see it.
pub(in super::super) fn as_issued(value: Option<&Value>, prefix: &str) -> Option<Value> {
    match value {
        Some(Value::String(text)) => Some(text.strip_prefix(prefix).unwrap_or(text).into()),
        other => other.cloned(),
    }
}

fn all<'q>(holds: impl Fn(Option<&Value>) -> bool + 'q) -> Question<'q> {
    Question { holds: Box::new(holds), of_list: OfList::All }
}

fn is_writable(issuer: &Issuer, path: &ClaimPath, value: &Value) -> bool {
    Claims::from_json(Claim::within(path, value))
        .is_ok_and(|claims| identity_headers(issuer, &claims, "").is_ok())
}

/// Returns what RFC 7519 and the issuer's entry ask of a claim with a name of its own.
fn of_registered<'q>(name: &str, issuer: &'q Issuer) -> Vec<Question<'q>> {
    match name {
        "sub" => vec![all(move |value| match value {
            None => issuer.subjects.is_empty(),
            Some(value) => value.as_str().is_some_and(|text| is_good_subject(text, issuer)),
        })],
        "jti" => vec![all(|value| {
            let revoked = &issuer.revoked.token_ids;
            value.is_none_or(|value| value.as_str().is_some_and(|text| !revoked.contains(text)))
        })],
        "iss" => vec![all(|value| match value {
            None => issuer.issuer.takes(None),
            Some(value) => value.as_str().is_some_and(|iss| issuer.issuer.takes(Some(iss))),
        })],
        "aud" => {
            let texts = all(|value| match value {
                Some(Value::Array(list)) => list.iter().all(Value::is_string),
                Some(one) => one.is_string(),
                None => true,
            });
            let audiences = issuer.audiences.iter().cloned().map(Scalar::String).collect();
            let ours = (!issuer.audiences.is_empty()).then(|| of_test(&Test::In(audiences), false));
            std::iter::once(texts).chain(ours).collect()
        }
        _ => Vec::new(),
    }
}

fn is_good_subject(text: &str, issuer: &Issuer) -> bool {
    let Some(issued) = text.strip_prefix(issuer.subject_prefix.as_str()) else { return false };
    let is_known =
        issuer.subjects.is_empty() || issuer.subjects.iter().any(|wanted| wanted.matches(issued));
    is_known && !issuer.revoked.subjects.contains(issued)
}
