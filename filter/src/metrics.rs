//! Counting what was decided.
//!
//! Counts gather in the VM and go to Envoy once a second, from the tick: a request pays for an
//! addition, not for a hostcall each. So a counter may lag a second behind, and a VM that dies
//! takes what it had not told with it. Workers add to the same counters. Envoy shows them as
//! `wasmcustom.attache.…`.

use crate::host::{self, CounterId};
use attache_engine::policy::RuleIndex;
use attache_engine::remote::FetchOutcome;
use attache_engine::{Decided, Engine, Outcome, Reason, Shadow};
use attache_plugin_config::Name;
use std::cell::{Cell, RefCell};

/// The counters of one configuration. Those of rules are defined when they first count, since there
/// may be thousands and few ever decide; all others with the configuration, so that Prometheus sees
/// them at 0 and misses no first burst.
pub(crate) struct Metrics {
    requests: Requests,
    reasons: Reasons,
    /// What SHADOW would refuse, by reason.
    would_be_denied: Reasons,
    /// In order.
    rules: RefCell<Vec<(RuleIndex, Counter)>>,
}

/// A counter for each reason.
type Reasons = [Counter; Reason::ALL.len()];

/// The counters that every configuration has.
#[derive(Default)]
struct Requests {
    allowed: Counter,
    denied: Counter,
    /// Went on, but SHADOW would refuse them.
    would_be_denied: Counter,
    /// Were refused, but SHADOW would let them go on.
    would_be_allowed: Counter,
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

impl Metrics {
    /// Defines the counters of a configuration, those of SHADOW where something is in SHADOW, those
    /// of keys where a provider serves them.
    #[inline(never)]
    pub(crate) fn new(engine: &Engine) -> Self {
        let metrics = Self {
            requests: Requests::default(),
            reasons: [const { Counter::new() }; Reason::ALL.len()],
            would_be_denied: [const { Counter::new() }; Reason::ALL.len()],
            rules: RefCell::default(),
        };
        metrics.each(&mut |name, counter| {
            let name = name();
            if engine.has_shadow() || !name.starts_with(WOULD_BE_DENIED) {
                counter.define(&name);
            }
        });
        host::define_counter(AUDIT_DROPPED);
        if engine.remote_issuers().next().is_some() {
            for outcome in FetchOutcome::ALL {
                define_fetches(outcome);
            }
        }
        if let Some(gauge) = host::define_gauge(DRY_RUN) {
            host::set_gauge(gauge, u64::from(engine.is_dry_run()));
        }
        metrics
    }

    /// Counts a decision.
    pub(crate) fn count(&self, decided: &Decided<'_>) {
        let requests = &self.requests;
        match &decided.outcome {
            Outcome::Forward => requests.allowed.add(1),
            Outcome::Refuse { cause, .. } => {
                requests.denied.add(1);
                add_one(&self.reasons, cause.reason);
            }
        }
        requests.unverified.add(u32::from(decided.unverified.is_some()));
        if let Some(shadow) = &decided.shadow {
            self.count_shadow(shadow);
        }
        let verification = &decided.verification;
        requests.cache_hits.add(verification.hits);
        requests.cache_misses.add(verification.misses);
        requests.verified_by_host.add(verification.host);
        requests.verified_by_software.add(verification.software);
        requests.verified_by_others.add(verification.shared);
        requests.unreadable_roles.add(verification.unreadable_roles);
        let rule = decided.rule.or_else(|| decided.shadow.as_ref()?.rule);
        if let (Some(rule), Ok(mut rules)) = (rule, self.rules.try_borrow_mut()) {
            match rules.binary_search_by(|(known, _)| known.cmp(&rule)) {
                Ok(place) => add_at(&rules, place),
                Err(place) => first(&mut rules, place, rule),
            }
        }
    }

    #[inline(never)]
    fn count_shadow(&self, shadow: &Shadow) {
        match shadow.reason() {
            Some(reason) => {
                self.requests.would_be_denied.add(1);
                add_one(&self.would_be_denied, reason);
            }
            None => self.requests.would_be_allowed.add(1),
        }
    }

    /// Adds what was counted to Envoy's counters.
    #[inline(never)]
    pub(crate) fn flush(&self, engine: &Engine) {
        self.each(&mut |name, counter| counter.flush(name));
        let Ok(rules) = self.rules.try_borrow() else { return };
        for (rule, counter) in rules.iter() {
            if let Some(names) = engine.rule(*rule) {
                let name = || format!("attache.rules.{}/{}", part(names.policy), part(names.rule));
                counter.flush(&name);
            }
        }
    }

    /// Visits every counter but those of rules, each with what words its name.
    #[inline(never)]
    fn each(&self, visit: &mut dyn FnMut(&dyn Fn() -> String, &Counter)) {
        for (name, counter) in self.requests.named() {
            visit(&|| format!("attache.{name}"), counter);
        }
        let families =
            [("attache.reasons.", &self.reasons), (WOULD_BE_DENIED, &self.would_be_denied)];
        for (family, counters) in families {
            for (reason, counter) in Reason::ALL.iter().zip(counters) {
                visit(&|| format!("{family}{reason}"), counter);
            }
        }
    }
}

/// What SHADOW would refuse, by reason.
const WOULD_BE_DENIED: &str = "attache.would_be_denied.";
/// Whether the configuration is a dry run here: 1 or 0.
const DRY_RUN: &str = "attache.dry_run";
/// Audit lines that were left out.
const AUDIT_DROPPED: &str = "attache.audit.dropped";

/// Returns a name of the configuration's, as it stands in a metric's: with `-` for `_` and `.`. In
/// Prometheus all three are `_` anyway; and whatever a user calls a rule, no pattern of Istio's
/// `stats_tags` finds in it what it looks for.
pub(crate) fn part(name: &Name) -> String {
    name.as_str().replace(['_', '.'], "-")
}

fn add_one(reasons: &Reasons, reason: Reason) {
    if let Some(counter) = reasons.get(reason as usize) {
        counter.add(1);
    }
}

fn add_at(rules: &[(RuleIndex, Counter)], place: usize) {
    if let Some((_, counter)) = rules.get(place) {
        counter.add(1);
    }
}

/// Counts a rule that has not decided before.
#[inline(never)]
fn first(rules: &mut Vec<(RuleIndex, Counter)>, place: usize, rule: RuleIndex) {
    rules.insert(place, (rule, Counter::default()));
    add_at(rules, place);
}

/// Counts an attempt to get keys: rare enough to be told at once.
pub(crate) fn count_fetch(outcome: FetchOutcome) {
    if let Some(id) = define_fetches(outcome) {
        host::add_to_counter(id, 1);
    }
}

fn define_fetches(outcome: FetchOutcome) -> Option<CounterId> {
    host::define_counter(&format!("attache.keys.fetches.{outcome}"))
}

/// Counts audit lines that were left out.
pub(crate) fn count_dropped(lines: u32) {
    if let Some(id) = host::define_counter(AUDIT_DROPPED) {
        host::add_to_counter(id, lines);
    }
}

impl Requests {
    fn named(&self) -> [(&'static str, &Counter); 11] {
        [
            ("requests.allowed", &self.allowed),
            ("requests.denied", &self.denied),
            ("requests.would_be_denied", &self.would_be_denied),
            ("requests.would_be_allowed", &self.would_be_allowed),
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
    const fn new() -> Self {
        Self { pending: Cell::new(0), id: Cell::new(None) }
    }

    fn add(&self, count: u32) {
        self.pending.set(self.pending.get().saturating_add(count));
    }

    fn define(&self, name: &str) -> Option<CounterId> {
        let id = self.id.get().or_else(|| host::define_counter(name));
        self.id.set(id);
        id
    }

    #[inline(never)]
    fn flush(&self, name: &dyn Fn() -> String) {
        if self.pending.get() == 0 {
            return;
        }
        let id = self.id.get().or_else(|| self.define(&name()));
        if let Some(id) = id {
            host::add_to_counter(id, self.pending.take());
        }
    }
}
