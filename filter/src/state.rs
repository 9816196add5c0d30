//! How the plugin stands with its configuration, beyond the root context: Envoy tries a new one in
//! a VM of its own, which knows nothing of the one that serves.

use crate::{host, neighbours};
use attache_engine::Coverage;

/// Returns where the last good configuration of this plugin lies in shared data, which outlives
/// VMs.
fn key() -> String {
    format!("attache.good.{}", neighbours::name())
}

/// The most that is remembered of bad configurations, in bytes: 64 fingerprints.
const MAX_TAKEN: usize = 512;

/// What becomes of a bad configuration.
pub(crate) enum Bad {
    /// Envoy is told, and keeps the one that it has.
    Refused,
    /// It is taken, and every request refused: this plugin has had no good one since the proxy
    /// started.
    Taken,
    /// Envoy has taken it before there was a good one. It keeps the outcome of what it has tried
    /// and does not try it again, so a refusal would leave the proxy with none: the last good one,
    /// which this is, goes on.
    Outdated(Vec<u8>),
}

/// Says what becomes of a bad configuration.
#[inline(never)]
pub(crate) fn judge(document: &[u8]) -> Bad {
    let good = host::shared_data(&key()).map(|(good, _)| good);
    let key = format!("attache.taken.{}", neighbours::name());
    let (mut taken, version) = host::shared_data(&key).unwrap_or_default();
    let mark = fingerprint(document);
    let is_known = taken.chunks(mark.len()).any(|known| known == mark);
    match good {
        Some(good) if is_known => Bad::Outdated(good),
        None if is_known => Bad::Taken,
        None if taken.len() < MAX_TAKEN => {
            taken.extend(mark);
            if host::set_shared_data(&key, &taken, version) { Bad::Taken } else { Bad::Refused }
        }
        _ => Bad::Refused,
    }
}

/// Tells documents apart (FNV-1a, 64 bits): of an operator's own, none is made to look like
/// another.
fn fingerprint(document: &[u8]) -> [u8; 8] {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    document.iter().fold(0xcbf2_9ce4_8422_2325, step).to_le_bytes()
}

/// Notes a good configuration.
#[inline(never)]
pub(crate) fn set_good(document: &[u8], coverage: &Coverage) {
    host::set_shared_data(&key(), document, None);
    set_invalid(false);
    set_outdated(false);
    set_gauge("attache.policies.applying", u64::try_from(coverage.applying).unwrap_or(u64::MAX));
    set_gauge("attache.policies.given", u64::try_from(coverage.all).unwrap_or(u64::MAX));
}

/// Tells Envoy whether every request is refused for want of a good configuration.
pub(crate) fn set_invalid(is_invalid: bool) {
    set_gauge("attache.configuration.invalid", u64::from(is_invalid));
}

/// Tells Envoy whether the last good configuration goes on in the place of the one that was given.
pub(crate) fn set_outdated(is_outdated: bool) {
    set_gauge("attache.configuration.outdated", u64::from(is_outdated));
}

fn set_gauge(name: &str, value: u64) {
    if let Some(gauge) = host::define_gauge(name) {
        host::set_gauge(gauge, value);
    }
}
