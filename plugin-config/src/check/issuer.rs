//! Issuers.

use super::claim::claim;
use super::cookie::check_parts;
use super::location::locations;
use super::{
    Checker, MAX_ISSUERS, MAX_MAPPINGS, condition, identity, issuer_id, keys, metric, text, unique,
};
use crate::document::{Document, IssuerDocument, RevokedDocument, RoleClaimDocument};
use crate::{ClaimPath, Issuer, Revoked, RoleClaim, RoleForm};
use attache_config_reader::{DurationDocument, List, PathRef, Reported, quote};
use std::collections::BTreeSet;
use std::time::Duration;

/// The most entries of each list of what is revoked.
const MAX_REVOKED: usize = 65_536;

#[inline(never)]
pub(super) fn issuers(document: &Document, checker: &mut Checker) -> Vec<Issuer> {
    let at = PathRef::Root.key("issuers");
    let Ok(list) = document.issuers.get() else { return Vec::new() };
    if list.is_empty() {
        checker.error(&at, "there is no issuer; name at least one");
    }
    if list.len() > MAX_ISSUERS {
        checker.error(
            &at,
            format!("a document has {MAX_ISSUERS} issuers at most, this one {}", list.len()),
        );
    }
    let issuers: Vec<(usize, Issuer)> = list
        .iter()
        .filter_map(|(index, document)| {
            Some((index, issuer(document, &at.index(index), checker).ok()?))
        })
        .collect();
    check_parts(list, checker);
    let names = || {
        list.iter().filter_map(|(index, issuer)| {
            let place = at.index(index).key("name").to_path();
            Some((place, issuer.name.get().ok()?.as_str()))
        })
    };
    unique(&mut names(), "the name", checker);
    let mut owned = names().map(|(place, name)| (place, name.to_owned()));
    metric::apart(&mut owned, "issuers", checker);
    issuer_id::check_apart(&issuers, &at, checker);
    issuers.into_iter().map(|(_, issuer)| issuer).collect()
}

#[inline(never)]
fn issuer(
    document: &IssuerDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Issuer, Reported> {
    let name = checker.name(document.name.get(), &at.key("name"));
    let id = issuer_id::issuer_id(document, at, checker);
    let (keys, algorithms) = match keys::keys(document, at, checker) {
        Ok((keys, algorithms)) => (Ok(keys), Ok(algorithms)),
        Err(reported) => (Err(reported), Err(reported)),
    };
    let locations = locations(document, at, checker);
    let (claims, _) = condition::conditions(
        document.claims.as_ref(),
        &at.key("claims"),
        &condition::Context::Issuer,
        checker,
    );
    let output = identity::output(document, &locations.headers, at, checker);
    let issuer = Issuer {
        audiences: checker.strings(document.audiences.as_ref(), &at.key("audiences"), text::value),
        forward_original_token: document.forward_original_token.unwrap_or(false),
        padding: document.padding.unwrap_or_default(),
        clock_skew: clock_skew(document.clock_skew, &at.key("clockSkew"), checker),
        require_expiration: document.require_expiration.unwrap_or(true),
        max_lifetime: lifetime(document.max_lifetime, &at.key("maxLifetime"), checker),
        require_issued_at: require_issued_at(document, at, checker),
        max_age: lifetime(document.max_age, &at.key("maxAge"), checker),
        token_types: checker.strings(
            document.token_types.as_ref(),
            &at.key("tokenTypes"),
            token_type,
        ),
        subject_prefix: subject_prefix(
            document.subject_prefix.as_ref(),
            &at.key("subjectPrefix"),
            checker,
        ),
        subjects: condition::string_matches(
            document.subjects.as_ref(),
            &at.key("subjects"),
            checker,
        ),
        claims,
        role_claims: role_claims(document.role_claims.as_ref(), &at.key("roleClaims"), checker),
        presenters: checker.strings(
            document.presenters.as_ref(),
            &at.key("presenters"),
            text::principal,
        ),
        revoked: revoked(document.revoked.as_ref(), &at.key("revoked"), checker),
        output_payload_to_header: output.payload,
        output_claim_to_headers: output.claims,
        name: name?,
        issuer: id?,
        algorithms: algorithms?,
        names_algorithms: document.algorithms.is_some(),
        keys: keys?,
        locations,
    };
    Ok(issuer)
}

fn clock_skew(
    document: Option<DurationDocument>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Duration {
    let Some(DurationDocument(skew)) = document else { return Duration::from_secs(60) };
    if skew > Duration::from_secs(300) {
        checker.error(
            at,
            "more than 5 minutes of tolerance keeps expired tokens alive; use `5m` or less",
        );
    }
    whole_seconds(skew, at, checker);
    skew
}

fn require_issued_at(document: &IssuerDocument, at: &PathRef<'_>, checker: &mut Checker) -> bool {
    let (given, has_age) = (document.require_issued_at, document.max_age.is_some());
    if has_age && given == Some(false) {
        let message = "a token without `iat` has no age for `maxAge`; leave this out";
        checker.error(&at.key("requireIssuedAt"), message);
    }
    given.unwrap_or(has_age)
}

fn lifetime(
    document: Option<DurationDocument>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Option<Duration> {
    let DurationDocument(lifetime) = document?;
    if lifetime.is_zero() {
        checker.error(at, "no token lives for no time; give at least `1s`, or leave the key out");
    }
    whole_seconds(lifetime, at, checker);
    Some(lifetime)
}

fn whole_seconds(duration: Duration, at: &PathRef<'_>, checker: &mut Checker) {
    if duration.subsec_nanos() != 0 {
        checker.error(at, "times of a token are whole seconds; leave out the milliseconds");
    }
}

fn subject_prefix(text: Option<&String>, at: &PathRef<'_>, checker: &mut Checker) -> String {
    let Some(prefix) = text else { return String::new() };
    if !(1..=64).contains(&prefix.len()) || !prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = "a subject's prefix has 1 to 64 bytes of visible ASCII, such as `partner:`; leave it out for none";
        checker.error(at, message);
    }
    prefix.clone()
}

fn token_type(text: &str) -> Result<String, String> {
    if text.len() > 12
        && text.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("application/"))
        && text.get(12..).is_some_and(|rest| !rest.contains('/'))
    {
        let rest = text.get(12..).unwrap_or_default();
        return Err(format!("types are compared without `application/`: write {}", quote(rest)));
    }
    text::value(text)
}

#[inline(never)]
fn role_claims(
    list: Option<&List<RoleClaimDocument>>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Vec<RoleClaim> {
    let mut claims: Vec<RoleClaim> = Vec::new();
    for (index, document) in checker.report.at_most(MAX_MAPPINGS, list, at) {
        let at = at.index(index);
        if let Some(split) = &document.split
            && (split.is_empty() || split.len() > 16)
        {
            checker.error(
                &at.key("split"),
                "what parts roles has 1 to 16 bytes; leave it out for a single role",
            );
        }
        let prefix = document.prefix.clone().unwrap_or_default();
        if prefix.len() > 64 {
            checker.error(&at.key("prefix"), "a prefix has 64 bytes at most");
        }
        let form = role_form(document, &at, checker);
        let Ok(claim) = claim(document.claim.get(), &at.key("claim"), checker) else { continue };
        let claim = RoleClaim { claim, form, split: document.split.clone(), prefix };
        if claims.contains(&claim) {
            checker.error(&at, "the same roles are read twice; keep one of them");
        }
        claims.push(claim);
    }
    claims
}

fn role_form(document: &RoleClaimDocument, at: &PathRef<'_>, checker: &mut Checker) -> RoleForm {
    let keys = document.keys == Some(true);
    if keys && document.split.is_some() {
        checker.error(&at.key("split"), "with `keys` each key is one role; leave `split` out");
    }
    let Some(field) = &document.field else {
        return if keys { RoleForm::Keys } else { RoleForm::Strings };
    };
    if keys {
        let message =
            "roles are the keys of an object or lie in a `field`; give each an entry of its own";
        checker.error(&at.key("field"), message);
    }
    if field.is_empty() || field.len() > ClaimPath::MAX_STEP_BYTES {
        let message = format!("a member's name has 1 to {} bytes", ClaimPath::MAX_STEP_BYTES);
        checker.error(&at.key("field"), message);
    }
    RoleForm::Field(field.clone())
}

#[inline(never)]
fn revoked(document: Option<&RevokedDocument>, at: &PathRef<'_>, checker: &mut Checker) -> Revoked {
    let Some(document) = document else { return Revoked::default() };
    // An empty list is plain here: nothing is revoked.
    let mut set = |list: Option<&List<String>>, key: &str| -> BTreeSet<String> {
        let at = at.key(key);
        let mut values = BTreeSet::new();
        for (index, text) in checker.report.at_most(MAX_REVOKED, list, &at) {
            let at = at.index(index);
            let Ok(value) = checker.ok_or_report(&at, text::value(text)) else { continue };
            if !values.insert(value) {
                checker.error(&at, format!("{} is listed twice; keep one of them", quote(text)));
            }
        }
        values
    };
    Revoked {
        token_ids: set(document.token_ids.as_ref(), "tokenIds"),
        key_ids: set(document.key_ids.as_ref(), "keyIds"),
        subjects: set(document.subjects.as_ref(), "subjects"),
    }
}
