//! What `iss` must be, and that no two issuers are meant by one token.

use super::claim::claim;
use super::{Checker, text};
use crate::document::IssuerDocument;
use crate::{Issuer, IssuerId, IssuerPattern};
use attache_config_reader::{PathRef, Reported, quote};
use std::collections::BTreeMap;

/// Reads `issuer` with `issuerSegment`.
#[inline(never)]
pub(super) fn issuer_id(
    document: &IssuerDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<IssuerId, Reported> {
    let place = at.key("issuer");
    let text = match &document.issuer.get()?.0 {
        Some(text) => checker.ok_or_report(&place, text::value(text))?,
        None => {
            check_needless(document, at, checker);
            return Ok(IssuerId::Absent);
        }
    };
    match checker.ok_or_report(&place, IssuerPattern::parse(&text))? {
        Some(pattern) => segment(pattern, document, at, checker).map(IssuerId::Pattern),
        None => {
            check_needless(document, at, checker);
            Ok(IssuerId::Exact(text))
        }
    }
}

fn check_needless(document: &IssuerDocument, at: &PathRef<'_>, checker: &mut Checker) {
    if document.issuer_segment.is_some() {
        let message = "`issuer` has no segment in braces; leave it out, or write one, as in \
                       `https://login.example.com/{tenant}/v2.0`";
        checker.error(&at.key("issuerSegment"), message);
    }
}

/// Reads what a segment may be: one that nothing is asked of would let any `iss` in.
fn segment(
    pattern: IssuerPattern,
    document: &IssuerDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<IssuerPattern, Reported> {
    let place = at.key("issuerSegment");
    let Some(segment) = &document.issuer_segment else {
        let message = "say what the segment in braces stands for: `issuerSegment: {in: [...]}`, or \
                       `{equalsClaim: tid}`, or both";
        return Err(checker.error(&at.key("issuer"), message));
    };
    let values = checker.strings(segment.r#in.as_ref(), &place.key("in"), value);
    let equals_claim = segment.equals_claim.as_ref();
    let equals_claim = equals_claim
        .map(|document| claim(Ok(document), &place.key("equalsClaim"), checker))
        .transpose()?;
    if segment.r#in.is_none() && segment.equals_claim.is_none() {
        checker.error(&place, "there is nothing asked of the segment; give `in` or `equalsClaim`");
    }
    if segment.r#in.is_none() && segment.equals_claim.is_some() && document.audiences.is_none() {
        let message = "with `equalsClaim` alone a token of any tenant will do; name those that may come with `in`, or \
                       give `audiences`";
        checker.error(&place, message);
    }
    Ok(pattern.standing_for(values, equals_claim))
}

fn value(text: &str) -> Result<String, String> {
    if text.contains(['/', '{', '}']) {
        return Err(format!("{} is no segment of a path", quote(text)));
    }
    text::value(text)
}

/// Checks that each token is one issuer's. A name comes before a pattern, so those two may overlap.
#[inline(never)]
pub(super) fn check_apart(issuers: &[(usize, Issuer)], at: &PathRef<'_>, checker: &mut Checker) {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut patterns: Vec<(usize, &IssuerPattern)> = Vec::new();
    for (index, issuer) in issuers {
        let place = at.index(*index);
        match &issuer.issuer {
            IssuerId::Exact(name) => {
                take_name(name.clone(), *index, &mut names, &place.key("issuer"), checker)
            }
            IssuerId::Pattern(pattern) if pattern.values().is_empty() => {
                if let Some((other, _)) = patterns.iter().find(|(_, other)| other.overlaps(pattern))
                {
                    let message = format!(
                        "an `iss` can fit this and the issuer of `issuers[{other}]`; join them"
                    );
                    checker.error(&place.key("issuer"), message);
                }
                patterns.push((*index, pattern));
            }
            IssuerId::Pattern(pattern) => {
                for value in pattern.values() {
                    let place = place.key("issuerSegment");
                    take_name(pattern.with(value), *index, &mut names, &place.key("in"), checker);
                }
            }
            IssuerId::Absent => check_own_places(*index, issuer, issuers, &place, checker),
        }
    }
}

fn take_name(
    name: String,
    index: usize,
    names: &mut BTreeMap<String, usize>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) {
    match names.get(&name) {
        Some(other) if *other == index => {}
        Some(other) => {
            let message = format!(
                "{} is already the issuer of `issuers[{other}].issuer`; give each its own",
                quote(&name)
            );
            checker.error(at, message);
        }
        None => _ = names.insert(name, index),
    }
}

/// Checks the places of an issuer without `iss`: a token that does not say who issued it is known
/// by its place alone.
fn check_own_places(
    index: usize,
    issuer: &Issuer,
    issuers: &[(usize, Issuer)],
    at: &PathRef<'_>,
    checker: &mut Checker,
) {
    for (_, other) in issuers.iter().filter(|(other, _)| *other != index) {
        if issuer.locations.overlaps(&other.locations) {
            let message = format!(
                "a token without `iss` is known by its place, and issuer `{}` looks for tokens there too; give this \
                 issuer a header, cookie or parameter of its own",
                other.name
            );
            checker.error(&at.key("issuer"), message);
            return;
        }
    }
}
