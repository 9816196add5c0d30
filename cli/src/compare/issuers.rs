//! What changed about whose tokens are taken.

use super::members::{differing, value};
use super::setting::{Effect, Setting};
use super::version::Version;
use crate::shown::quoted;
use attache_config_reader::HeaderName;
use attache_plugin_config::{Config, Issuer, Padding};
use serde_json::Value;
use std::time::Duration;

/// An issuer, with what its document says.
struct Written<'v> {
    issuer: &'v Issuer,
    document: Value,
}

/// Tells what changed about issuers. Two are one where their `iss` is; where that is no other's,
/// where their name is.
pub(super) fn changed(old: &Version<'_>, new: &Version<'_>) -> Vec<Setting> {
    let (mut before, mut after) = (written(old), written(new));
    let mut changed = Vec::new();
    for is_one in [same_iss, same_name] {
        let mut left = Vec::new();
        for one in before {
            match after.iter().position(|other| is_one(one.issuer, other.issuer)) {
                Some(place) => compared(&one, &after.remove(place), &mut changed),
                None => left.push(one),
            }
        }
        before = left;
    }
    changed.extend(before.iter().map(|it| gone(it.issuer, &new.config)));
    changed.extend(after.iter().map(|it| {
        let name = &it.issuer.name;
        Setting::new(
            format!("issuer `{name}` is new: its tokens were refused before"),
            Effect::MayAllow,
        )
    }));
    changed
}

fn written<'v>(version: &'v Version<'_>) -> Vec<Written<'v>> {
    let mut document = version.configuration.node.get("issuers").map(value).unwrap_or_default();
    let issuers = version.config.issuers.iter().enumerate();
    let of = |(number, issuer)| {
        let document = document.get_mut(number).map(Value::take).unwrap_or_default();
        Written { issuer, document }
    };
    issuers.map(of).collect()
}

fn same_iss(one: &Issuer, other: &Issuer) -> bool {
    one.issuer == other.issuer
}

fn same_name(one: &Issuer, other: &Issuer) -> bool {
    one.name == other.name
}

fn compared(before: &Written<'_>, after: &Written<'_>, changed: &mut Vec<Setting>) {
    let name = &after.issuer.name;
    if before.issuer.name != *name {
        let old = &before.issuer.name;
        changed
            .push(Setting::new(format!("issuer `{old}` is called `{name}` now"), Effect::Nothing));
    }
    for key in differing(&before.document, &after.document) {
        // Where roles are read is compared by requests.
        if !["name", "roleClaims"].contains(&key.as_str()) {
            let effect = effect(&key, before.issuer, after.issuer);
            changed.push(Setting::new(format!("issuer `{name}`: {}", quoted(&key)), effect));
        }
    }
}

/// Tells of an issuer that is there no more. Only where others guard its headers and look where it
/// did is it certain that nothing goes through instead: a client may write a header that no issuer
/// does.
fn gone(issuer: &Issuer, new: &Config) -> Setting {
    let name = &issuer.name;
    let writes = |header: &HeaderName| {
        new.issuers.iter().any(|other| other.identity_headers().any(|other| other == header))
    };
    let is_guarded = issuer.identity_headers().all(writes);
    let is_looked_for = new.issuers.iter().any(|other| other.locations == issuer.locations);
    let mut text = format!("issuer `{name}` is gone: its tokens are refused now");
    if !is_guarded {
        text.push_str(", and clients may write the headers that it alone wrote");
    } else if !is_looked_for {
        text.push_str(", and no issuer looks for tokens in the same places");
    }
    Setting::new(text, Effect::of(false, is_guarded && is_looked_for))
}

/// Returns what another value of a key can do. What is not known here may allow more.
fn effect(key: &str, old: &Issuer, new: &Issuer) -> Effect {
    match key {
        "audiences" => fewer(&old.audiences, &new.audiences),
        "tokenTypes" => fewer(&old.token_types, &new.token_types),
        "subjects" => fewer(&old.subjects, &new.subjects),
        "presenters" => fewer(&old.presenters, &new.presenters),
        "requireExpiration" => {
            Effect::of(old.require_expiration == new.require_expiration, new.require_expiration)
        }
        "requireIssuedAt" => {
            Effect::of(old.require_issued_at == new.require_issued_at, new.require_issued_at)
        }
        "padding" => Effect::of(old.padding == new.padding, new.padding == Padding::Refused),
        "clockSkew" => {
            Effect::of(old.clock_skew == new.clock_skew, new.clock_skew < old.clock_skew)
        }
        "maxLifetime" => shorter(old.max_lifetime, new.max_lifetime),
        "maxAge" => shorter(old.max_age, new.max_age),
        "claims" => {
            let keeps = old.claims.iter().all(|condition| new.claims.contains(condition));
            Effect::of(old.claims == new.claims, keeps)
        }
        "revoked" => {
            let keeps = old.revoked.token_ids.is_subset(&new.revoked.token_ids)
                && old.revoked.key_ids.is_subset(&new.revoked.key_ids)
                && old.revoked.subjects.is_subset(&new.revoked.subjects);
            Effect::of(old.revoked == new.revoked, keeps)
        }
        _ => Effect::MayAllow,
    }
}

/// Returns the effect of a list of what is accepted, which accepts everything where it is empty.
fn fewer<T: PartialEq>(old: &[T], new: &[T]) -> Effect {
    let is_part = old.is_empty() || new.iter().all(|one| old.contains(one));
    Effect::of(old == new, !new.is_empty() && is_part)
}

/// Returns the effect of a bound that is none where it is absent.
fn shorter(old: Option<Duration>, new: Option<Duration>) -> Effect {
    let is_narrower = new.is_some_and(|new| old.is_none_or(|old| new < old));
    Effect::of(old == new, is_narrower)
}
