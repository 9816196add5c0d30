//! Counting what was decided.
//!
//! Counts gather in the VM and go to Envoy once a second, from the tick: a request pays for an addition, not for a
//! hostcall each. So a counter may lag a second behind, and a VM that dies takes what it had not told with it. Workers
//! add to the same counters. Envoy shows them as `wasmcustom.attache.…`.

use crate::host::{self, CounterId};
use attache_engine::policy::RuleIndex;
use attache_engine::remote::FetchOutcome;
use attache_engine::{Decision, Engine, Outcome, Reason};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// The counters of one configuration. One that never counted is never defined.
pub(crate) struct Metrics {
    requests: Requests,
    reasons: [Counter; Reason::ALL.len()],
    /// Rules that decided, a few of perhaps thousands.
    rules: RefCell<BTreeMap<RuleIndex, Counter>>,
}

/// The counters that every configuration has.
#[derive(Default)]
struct Requests {
    allowed: Counter,
    denied: Counter,
    /// Went on, but SHADOW would refuse them.
    shadow_denied: Counter,
    /// Were refused, but SHADOW would let them go on.
    shadow_allowed: Counter,
    /// Went on without the identity that their token claims, as the configuration says.
    unverified: Counter,
    cache_hits: Counter,
    cache_misses: Counter,
    verified_by_host: Counter,
    verified_by_software: Counter,
    verified_by_others: Counter,
    unreadable_roles: Counter,
}

/// A counter that gathers before it tells.
#[derive(Default)]
struct Counter {
    pending: Cell<u32>,
    id: Cell<Option<CounterId>>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Requests::default(),
            reasons: std::array::from_fn(|_| Counter::default()),
            rules: RefCell::default(),
        }
    }
}

impl Metrics {
    /// Counts a decision.
    pub(crate) fn count(&self, decision: &Decision) {
        let requests = &self.requests;
        match &decision.outcome {
            Outcome::Forward => requests.allowed.add(1),
            Outcome::Refuse { cause, .. } => {
                requests.denied.add(1);
                if let Some(counter) = self.reasons.get(cause.reason as usize) {
                    counter.add(1);
                }
            }
            Outcome::Await { .. } => return,
        }
        requests.unverified.add(u32::from(decision.unverified.is_some()));
        match decision.shadow.map(|shadow| shadow.reason) {
            Some(Some(_)) => requests.shadow_denied.add(1),
            Some(None) => requests.shadow_allowed.add(1),
            None => {}
        }
        let verification = &decision.verification;
        requests.cache_hits.add(verification.hits);
        requests.cache_misses.add(verification.misses);
        requests.verified_by_host.add(verification.host);
        requests.verified_by_software.add(verification.software);
        requests.verified_by_others.add(verification.shared);
        requests.unreadable_roles.add(verification.unreadable_roles);
        if let (Some(rule), Ok(mut rules)) = (decision.rule, self.rules.try_borrow_mut()) {
            match rules.get(&rule) {
                Some(counter) => counter.add(1),
                None => first(&mut rules, rule),
            }
        }
    }

    /// Adds what was counted to Envoy's counters.
    pub(crate) fn flush(&self, engine: &Engine) {
        for (name, counter) in self.requests.named() {
            counter.flush(|| format!("attache.{name}"));
        }
        for (reason, counter) in Reason::ALL.iter().zip(&self.reasons) {
            counter.flush(|| format!("attache.reasons.{reason}"));
        }
        let Ok(rules) = self.rules.try_borrow() else { return };
        for (&rule, counter) in rules.iter() {
            if let Some(names) = engine.rule(rule) {
                counter.flush(|| format!("attache.rules.{}.{}", names.policy, names.rule));
            }
        }
    }
}

/// Counts a rule that has not decided before.
#[inline(never)]
fn first(rules: &mut BTreeMap<RuleIndex, Counter>, rule: RuleIndex) {
    rules.entry(rule).or_default().add(1);
}

/// Counts an attempt to get keys: rare enough to be told at once.
pub(crate) fn count_fetch(outcome: FetchOutcome) {
    if let Some(id) = host::define_counter(&format!("attache.keys.fetches.{outcome}")) {
        host::add_to_counter(id, 1);
    }
}

impl Requests {
    fn named(&self) -> [(&'static str, &Counter); 11] {
        [
            ("requests.allowed", &self.allowed),
            ("requests.denied", &self.denied),
            ("requests.shadow_denied", &self.shadow_denied),
            ("requests.shadow_allowed", &self.shadow_allowed),
            ("requests.unverified", &self.unverified),
            ("cache.hits", &self.cache_hits),
            ("cache.misses", &self.cache_misses),
            ("cache.shared", &self.verified_by_others),
            ("verify.host", &self.verified_by_host),
            ("verify.software", &self.verified_by_software),
            ("roles.unreadable", &self.unreadable_roles),
        ]
    }
}

impl Counter {
    fn add(&self, count: u32) {
        self.pending.set(self.pending.get().saturating_add(count));
    }

    fn flush(&self, name: impl FnOnce() -> String) {
        if self.pending.get() == 0 {
            return;
        }
        let Some(id) = self.id.get().or_else(|| host::define_counter(&name())) else { return };
        self.id.set(Some(id));
        host::add_to_counter(id, self.pending.take());
    }
}
