//! Issuers that all sides have.

use super::distinct::distinct;
use crate::symbolic::side::Side;
use attache_plugin_config::{Issuer, IssuerId, StringPattern};

/// An issuer that all sides have, by its number on each.
pub(in super::super) type SharedIssuer = Vec<usize>;

/// Returns the issuers whose tokens have the same `iss` on all sides, and of which policies see the
/// same `sub`.
pub(super) fn shared_issuers(sides: &[Side]) -> Vec<SharedIssuer> {
    let Some((first, others)) = sides.split_first() else { return Vec::new() };
    let mut shared = Vec::new();
    for (number, issuer) in first.config.issuers.iter().enumerate() {
        let is_same = |other: &Issuer| {
            is_same_issuer(&issuer.issuer, &other.issuer)
                && issuer.subject_prefix == other.subject_prefix
        };
        let there = others.iter().map(|side| side.config.issuers.iter().position(is_same));
        if let Some(numbers) = std::iter::once(Some(number)).chain(there).collect() {
            shared.push(numbers);
        }
    }
    shared
}

/// Tells whose tokens were left out, since not all sides have them.
pub(super) fn alone(sides: &[Side], shared: &[SharedIssuer]) -> Vec<String> {
    let mut left_out = Vec::new();
    for (number, side) in sides.iter().enumerate() {
        for (index, issuer) in side.config.issuers.iter().enumerate() {
            if shared.iter().all(|shared| shared.get(number) != Some(&index)) {
                left_out.push(format!(
                    "tokens of issuer `{}` were not looked at: its `issuer` or its `subjectPrefix` is not the same on both \
                     sides",
                    issuer.name
                ));
            }
        }
    }
    left_out
}

fn is_same_issuer(one: &IssuerId, other: &IssuerId) -> bool {
    one == other || (one.text().is_some() && one.text() == other.text())
}

pub(super) fn presenters<'u>(
    sides: &'u [Side],
    issuers: &[SharedIssuer],
) -> Vec<&'u StringPattern> {
    let of_side = |(side, own): (usize, &'u Side)| {
        let numbers = issuers.iter().filter_map(move |issuer| issuer.get(side)).copied();
        numbers.filter_map(|number| own.config.issuers.get(number)).collect::<Vec<_>>()
    };
    distinct(sides.iter().enumerate().flat_map(of_side).flat_map(|issuer| &issuer.presenters))
}
