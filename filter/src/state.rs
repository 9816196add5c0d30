//! How the plugin stands with its configuration, beyond the root context: Envoy tries a new one in a VM of its own, which
//! knows nothing of the one that serves.

use crate::{host, neighbours};
use attache_engine::Coverage;

/// Says that this plugin has had a good configuration in this proxy; its key in shared data outlives VMs.
fn key() -> String {
    format!("attache.good.{}", neighbours::name())
}

/// Whether this plugin has had a good configuration since the proxy started.
fn had_good_configuration() -> bool {
    host::shared_data(&key()).is_some()
}

/// The most that is remembered of bad configurations, in bytes: 64 fingerprints.
const MOST_TAKEN: usize = 512;

/// Whether a bad configuration is to be taken, and every request refused: where the plugin never had a good one, and
/// where it was taken so before. Envoy keeps the outcome of a configuration that it has tried, and does not try it again.
pub(crate) fn takes_bad(document: &[u8]) -> bool {
    let key = format!("attache.taken.{}", neighbours::name());
    let (mut taken, version) = host::shared_data(&key).unwrap_or_default();
    let mark = fingerprint(document);
    if taken.chunks(mark.len()).any(|known| known == mark) {
        return true;
    }
    if had_good_configuration() || taken.len() >= MOST_TAKEN {
        return false;
    }
    taken.extend(mark);
    host::share_data(&key, &taken, version)
}

/// Tells documents apart (FNV-1a, 64 bits): of an operator's own, none is made to look like another.
fn fingerprint(document: &[u8]) -> [u8; 8] {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    document.iter().fold(0xcbf2_9ce4_8422_2325, step).to_le_bytes()
}

/// Notes a good configuration.
pub(crate) fn set_good(coverage: &Coverage) {
    if !had_good_configuration() {
        host::share_data(&key(), b"1", None);
    }
    set_invalid(false);
    set_gauge("attache.policies.applying", u64::try_from(coverage.applying).unwrap_or(u64::MAX));
    set_gauge("attache.policies.given", u64::try_from(coverage.all).unwrap_or(u64::MAX));
}

/// Tells Envoy whether every request is refused for want of a good configuration.
pub(crate) fn set_invalid(is_invalid: bool) {
    set_gauge("attache.configuration.invalid", u64::from(is_invalid));
}

fn set_gauge(name: &str, value: u64) {
    if let Some(gauge) = host::define_gauge(name) {
        host::set_gauge(gauge, value);
    }
}
