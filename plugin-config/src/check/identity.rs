//! Headers that receive claims.

use super::claim::claim;
use super::{Checker, MAX_MAPPINGS, header};
use crate::document::{ClaimToHeaderDocument, Document, IssuerDocument};
use crate::{ClaimPath, ClaimToHeader, HeaderLocation, Issuer, Scalar, Test};
use attache_config_reader::{HeaderName, List, Path, PathRef, Reported};
use std::collections::BTreeMap;

/// What an issuer writes.
pub(super) struct Output {
    pub(super) payload: Option<HeaderName>,
    pub(super) claims: Vec<ClaimToHeader>,
}

/// Checks what an issuer writes. That no issuer reads a token where another writes is checked for
/// all together.
#[inline(never)]
pub(super) fn output(
    document: &IssuerDocument,
    locations: &[HeaderLocation],
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Output {
    let mut taken: Vec<HeaderName> = Vec::new();
    let payload = document.output_payload_to_header.as_ref().and_then(|name| {
        identity_header(name, locations, &at.key("outputPayloadToHeader"), &mut taken, checker).ok()
    });
    let mut claims = Vec::new();
    let at = at.key("outputClaimToHeaders");
    for (index, mapping) in
        checker.report.at_most(MAX_MAPPINGS, document.output_claim_to_headers.as_ref(), &at)
    {
        let at = at.index(index);
        let header = mapping.header.get().and_then(|name| {
            identity_header(name, locations, &at.key("header"), &mut taken, checker)
        });
        let claim = claim(mapping.claim.get(), &at.key("claim"), checker);
        check_contains(mapping, &at.key("contains"), checker);
        if let (Ok(header), Ok(claim)) = (header, claim) {
            claims.push(ClaimToHeader {
                header,
                claim,
                format: mapping.format,
                contains: mapping.contains.clone(),
                on_unwritable: mapping.on_unwritable.unwrap_or_default(),
            });
        }
    }
    Output { payload, claims }
}

/// The longest element that is looked for.
const MAX_ELEMENT_BYTES: usize = 1024;

fn check_contains(mapping: &ClaimToHeaderDocument, at: &PathRef<'_>, checker: &mut Checker) {
    let Some(element) = &mapping.contains else { return };
    if element.is_empty() || element.len() > MAX_ELEMENT_BYTES {
        checker.error(
            at,
            format!("must have 1 to {MAX_ELEMENT_BYTES} bytes: the role or group to look for"),
        );
    } else if mapping.format.is_some() {
        checker.error(
            at,
            "the header says `true`, which has no `format`; leave one of the two out".to_owned(),
        );
    }
}

fn identity_header(
    name: &str,
    locations: &[HeaderLocation],
    at: &PathRef<'_>,
    taken: &mut Vec<HeaderName>,
    checker: &mut Checker,
) -> Result<HeaderName, Reported> {
    let header = checker.header(name, at)?;
    if let Some(why) = header::why_not_identity(&header) {
        checker.error(
            at,
            format!(
                "`{header}` must not be written: {why}; use a name of your own, such as `x-user`"
            ),
        );
    } else if let Some(location) =
        locations.iter().find(|location| location.name.folded() == header.folded())
    {
        checker.error(
            at,
            format!("a token is looked for in `{}`, and what a client sends in an identity header is removed; use another", location.name),
        );
    } else if let Some(other) = taken.iter().find(|other| other.folded() == header.folded()) {
        let message = if *other == header {
            format!("`{header}` is written twice; give each claim its own header")
        } else {
            format!(
                "many servers take `{header}` and `{other}` for one header; give each claim its own"
            )
        };
        checker.error(at, message);
    }
    taken.push(header.clone());
    Ok(header)
}

/// Checks what holds across issuers: no header is spelled in two ways, and none is written by one
/// and read by another.
#[inline(never)]
pub(super) fn check_spelling(issuers: &[Issuer], document: &Document, checker: &mut Checker) {
    let mut spellings: BTreeMap<String, (&HeaderName, &str)> = BTreeMap::new();
    for issuer in issuers {
        for header in issuer.identity_headers() {
            spellings.entry(header.folded()).or_insert((header, issuer.name.as_str()));
        }
    }
    let root = PathRef::Root.key("issuers");
    for (index, written) in document.issuers.get().into_iter().flat_map(List::iter) {
        let at = root.index(index);
        let list = at.key("outputClaimToHeaders");
        let claims = written.output_claim_to_headers.iter().flat_map(List::iter);
        for (index, name) in claims.filter_map(|(index, to)| Some((index, to.header.get().ok()?))) {
            check_against(&spellings, name, &list.index(index).key("header"), written, checker);
        }
        if let Some(name) = &written.output_payload_to_header {
            check_against(&spellings, name, &at.key("outputPayloadToHeader"), written, checker);
        }
        let list = at.key("fromHeaders");
        for (index, location) in written.from_headers.iter().flat_map(List::iter) {
            let Ok(Ok(name)) = location.name.get().map(|name| HeaderName::new(name)) else {
                continue;
            };
            if let Some((header, writer)) = spellings.get(&name.folded())
                && written.name.get().map_or(true, |own| own != writer)
            {
                let message = format!(
                    "issuer `{writer}` writes `{header}`, and what a client sends in an identity header is removed; \
                     look for the token elsewhere"
                );
                checker.error(&list.index(index).key("name"), message);
            }
        }
    }
}

#[inline(never)]
fn check_against(
    spellings: &BTreeMap<String, (&HeaderName, &str)>,
    name: &str,
    at: &PathRef<'_>,
    issuer: &IssuerDocument,
    checker: &mut Checker,
) {
    let Ok(name) = HeaderName::new(name) else { return };
    if let Some((header, writer)) = spellings.get(&name.folded())
        && **header != name
        && issuer.name.get().map_or(true, |own| own != writer)
    {
        let message = format!(
            "issuer `{writer}` writes `{header}`, which many servers take for the same; use one spelling"
        );
        checker.error(at, message);
    }
}

/// Warns where two issuers may write one header, so that a service can't tell whose word it reads:
/// `alice` of the one is `alice` of the other.
#[inline(never)]
pub(super) fn warn_of_headers(issuers: &[Issuer], checker: &mut Checker) {
    for (index, issuer) in issuers.iter().enumerate() {
        for (place, written) in issuer.output_claim_to_headers.iter().enumerate() {
            let mut earlier = issuers.iter().take(index);
            if let Some(other) = earlier.find(|other| may_be_mistaken(issuer, other, written)) {
                let (name, header) = (&other.name, &written.header);
                let message = format!(
                    "issuer `{name}` writes `{header}` too, so the service can't tell whose word it is; give each \
                     issuer a `subjectPrefix` of which none begins another where the claim is `sub`, or have both \
                     write `iss` into one more header"
                );
                let path = Path::default()
                    .key("issuers")
                    .index(index)
                    .key("outputClaimToHeaders")
                    .index(place);
                checker.warn(path.key("header"), message);
            }
        }
    }
}

/// Returns whether a header that one issuer writes may be written by the other with the same value.
fn may_be_mistaken(one: &Issuer, other: &Issuer, written: &ClaimToHeader) -> bool {
    let is = |claim: &ClaimPath, name: &str| matches!(claim.steps(), [step] if step == name);
    let of_other =
        |header: &HeaderName| other.output_claim_to_headers.iter().find(|to| to.header == *header);
    let names_issuer = one.output_claim_to_headers.iter().filter(|to| is(&to.claim, "iss"));
    let are_told_apart =
        names_issuer.filter_map(|to| of_other(&to.header)).any(|theirs| is(&theirs.claim, "iss"))
            || one.output_claim_to_headers.iter().any(|to| tells_apart(to, one, other));
    let [prefix, other_prefix] = [&one.subject_prefix, &other.subject_prefix];
    let begins =
        prefix.starts_with(other_prefix.as_str()) || other_prefix.starts_with(prefix.as_str());
    match of_other(&written.header) {
        _ if are_told_apart => false,
        Some(theirs) => begins || !is(&written.claim, "sub") || !is(&theirs.claim, "sub"),
        None => other.output_payload_to_header.as_ref() == Some(&written.header),
    }
}

/// Whether both issuers write this header from a claim that each of them must give a value of its
/// own, such as a tenant.
fn tells_apart(written: &ClaimToHeader, one: &Issuer, other: &Issuer) -> bool {
    let is_alike =
        |to: &ClaimToHeader| (&to.header, &to.claim) == (&written.header, &written.claim);
    let is_whole = |to: &ClaimToHeader| to.contains.is_none() && to.format.is_none();
    let theirs = other.output_claim_to_headers.iter().find(|to| is_alike(to));
    let values = required_value(one, &written.claim).zip(required_value(other, &written.claim));
    is_whole(written)
        && theirs.is_some_and(is_whole)
        && values.is_some_and(|(value, theirs)| value != theirs)
}

/// The text that a claim of every token of an issuer must be.
fn required_value<'i>(issuer: &'i Issuer, claim: &ClaimPath) -> Option<&'i str> {
    issuer.claims.iter().filter(|condition| condition.claim == *claim).find_map(|condition| {
        match &condition.test {
            Test::Equals(Scalar::String(value)) => Some(value.as_str()),
            _ => None,
        }
    })
}
