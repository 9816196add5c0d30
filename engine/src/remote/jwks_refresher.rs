//! One issuer's keys as one worker has them.

use super::UnixMillis;
use super::change::Change;
use super::fetch::{Fetch, FetchOutcome};
use super::fetch_report::{FetchReport, Progress};
use super::fetch_step::{FetchStep, Fetched, Read};
use super::jitter::Jitter;
use super::key_wait::{MissingKeys, WaitDecision};
use super::prepare::Prepared;
use super::refresh_state::RefreshState;
use super::response::{FetchError, Response};
use super::schedule::Schedule;
use super::shared_keys::SharedKeys;
use crate::host::SharedStore;
use crate::token::IssuerKeys;
use attache_plugin_config::{HttpUrl, KeyLocation, RemoteKeys};
use hmac_sha256::Hash;
use std::rc::Rc;
use std::time::Duration;

/// Keeps the keys of one issuer up to date, together with its twins in other workers.
#[derive(Debug)]
pub struct JwksRefresher {
    issuer: String,
    source: RemoteKeys,
    schedule: Schedule,
    shared: SharedKeys,
    /// Tells this worker from others.
    me: u64,
    jitter: Jitter,
    in_flight: Option<InFlight>,
}

/// An attempt of this worker.
#[derive(Debug)]
struct InFlight {
    attempt: u64,
    step: FetchStep,
}

impl JwksRefresher {
    /// Returns a refresher that has no keys yet. `seed` must differ from worker to worker.
    #[inline(never)]
    pub fn new(issuer: &str, source: &RemoteKeys, seed: u64) -> Self {
        let (questions, kind, url) = match &source.location {
            KeyLocation::JwksUri(url) => (1, "jwks", url),
            KeyLocation::Discovery(url) => (2, "discovery", url),
        };
        let mut jitter = Jitter(seed);
        // Whatever makes an answer another: so a new configuration takes over the keys of the one
        // before, unless it asks elsewhere.
        let (cluster, hosts) =
            (source.cluster.as_deref().unwrap_or_default(), source.jwks_hosts.join(" "));
        let identity = [kind, issuer, url.as_str(), cluster, &hosts].join("\0");
        let id: String = Hash::hash(identity.as_bytes())
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            issuer: issuer.to_owned(),
            source: source.clone(),
            schedule: Schedule::new(source.refresh, questions),
            shared: SharedKeys::new(&id, source.refresh.keep_for),
            me: jitter.next(),
            jitter,
            in_flight: None,
        }
    }

    /// Returns the keys that hold.
    pub fn keys(&self) -> Option<&Rc<IssuerKeys>> {
        self.shared.keys()
    }

    /// Returns how long ago the provider last spoke for the keys that hold.
    pub fn age(&self, now: UnixMillis) -> Option<Duration> {
        self.shared.age(now)
    }

    /// Reads what others have posted, and gives up keys that are older than `keepFor`.
    pub fn sync(&mut self, now: UnixMillis, store: &dyn SharedStore) {
        self.shared.catch_up(now, store);
    }

    /// Begins an attempt if one is due, or if requests wait and one is allowed, and if no other
    /// worker is at it. Syncs first.
    #[inline(never)]
    pub fn begin(
        &mut self,
        now: UnixMillis,
        demand: bool,
        store: &dyn SharedStore,
    ) -> Option<Fetch> {
        let version = self.shared.catch_up(now, store);
        let state = *self.shared.state();
        if !self.schedule.is_due(&state, now, demand) {
            return None;
        }
        let claimed = RefreshState {
            attempt: state.attempt.max(self.shared.sequence()).saturating_add(1),
            holder: self.me,
            attempted_at: now,
            lease_until: now.plus(self.schedule.lease),
            ..state
        };
        if !self.shared.claim(claimed, version, store) {
            return None;
        }
        let (step, fetch) = match &self.source.location {
            KeyLocation::Discovery(url) => {
                let cluster = self.source.cluster.clone().unwrap_or_else(|| url.cluster());
                let fetch = Fetch::new(url, cluster, None, self.source.refresh.timeout);
                (FetchStep::Discovery(url.clone()), fetch)
            }
            KeyLocation::JwksUri(url) => self.ask_for_keys(
                url.clone(),
                self.source.cluster.clone().unwrap_or_else(|| url.cluster()),
            ),
        };
        self.in_flight = Some(InFlight { attempt: claimed.attempt, step });
        Some(fetch)
    }

    /// Takes the answer to the question that [`JwksRefresher::begin`] or this function returned
    /// last. `None`: it could not be sent.
    pub fn answer(
        &mut self,
        response: Option<&Response>,
        now: UnixMillis,
        store: &dyn SharedStore,
    ) -> Progress {
        let Some(InFlight { attempt, step }) = self.in_flight.take() else {
            return Progress::Done(FetchReport::bad(FetchError::new(
                FetchOutcome::Late,
                "nothing was asked",
            )));
        };
        let read = match response {
            None => Err(FetchError::new(
                FetchOutcome::NotSent,
                "Envoy could not send the request; check that its cluster exists: a ServiceEntry, or `cluster`",
            )),
            Some(response) => step.read(response, &self.issuer, &self.source),
        };
        match read {
            Ok(Read::KeysAreAt(url, cluster)) => {
                let (step, fetch) = self.ask_for_keys(url, cluster);
                self.in_flight = Some(InFlight { attempt, step });
                Progress::Ask(fetch)
            }
            Ok(Read::Keys(fetched)) => Progress::Done(self.succeed(attempt, fetched, now, store)),
            Err(error) => {
                self.fail(attempt, now, store);
                Progress::Done(FetchReport::bad(error))
            }
        }
    }

    /// Returns whether a request that lacks keys since `arrived` is to wait.
    pub fn wait_decision(
        &self,
        missing: MissingKeys,
        arrived: UnixMillis,
        now: UnixMillis,
    ) -> WaitDecision {
        let state = self.shared.state();
        let deadline = arrived.plus(self.source.refresh.timeout);
        let next = self.schedule.on_demand_at(state, now);
        let never = WaitDecision::GiveUp(next.since(now));
        if now >= deadline || now < arrived {
            return never;
        }
        if self.schedule.is_under_way(state, now) {
            return WaitDecision::Wait;
        }
        // The provider has been asked since: what it said, or didn't, holds.
        let asked = state.attempt > 0 && state.attempted_at >= arrived;
        if asked && missing == MissingKeys::KeyId && state.attempted_at <= now {
            return never;
        }
        if next < deadline { WaitDecision::Wait } else { never }
    }

    #[inline(never)]
    fn ask_for_keys(&self, url: HttpUrl, cluster: String) -> (FetchStep, Fetch) {
        let known = self.shared.set().filter(|set| set.url == url.as_str() && set.etag.is_some());
        let etag = known.and_then(|set| set.etag.as_deref());
        let fetch = Fetch::new(&url, cluster, etag, self.source.refresh.timeout);
        (FetchStep::Keys { url, known: known.cloned() }, fetch)
    }

    #[inline(never)]
    fn succeed(
        &mut self,
        attempt: u64,
        fetched: Fetched,
        now: UnixMillis,
        store: &dyn SharedStore,
    ) -> FetchReport {
        let Fetched { prepared: Prepared { keys, skipped }, mut set, max_age, not_modified } =
            fetched;
        self.shared.catch_up(now, store);
        let Some((state, version)) = self.lease(attempt, store) else { return FetchReport::late() };
        let held = self.shared.set().filter(|held| held.sequence == state.sequence);
        let same = held.is_some_and(|held| {
            (&held.body, &held.url, &held.etag) == (&set.body, &set.url, &set.etag)
        });
        set.sequence = if same { state.sequence } else { attempt };
        let ended = RefreshState {
            lease_until: UnixMillis(0),
            next_at: self.schedule.after_success(now, max_age, self.jitter.next()),
            failures: 0,
            sequence: set.sequence,
            confirmed_at: now,
            ..state
        };
        if !same {
            // The set goes first: whoever sees its number in the shared state finds it.
            self.shared.write_set(&set, store);
        }
        if !self.shared.write_state(ended, version, store) {
            return FetchReport::late();
        }
        let change = Change::between(self.keys().map(Rc::as_ref), &keys);
        let outcome = match (not_modified, change.is_empty()) {
            (true, _) => FetchOutcome::NotModified,
            (false, true) => FetchOutcome::Unchanged,
            (false, false) => FetchOutcome::Updated,
        };
        self.shared.hold(keys, set, now);
        FetchReport {
            outcome,
            detail: String::new(),
            change: (!change.is_empty()).then_some(change),
            skipped,
        }
    }

    fn fail(&mut self, attempt: u64, now: UnixMillis, store: &dyn SharedStore) {
        let Some((state, version)) = self.lease(attempt, store) else { return };
        let failures = state.failures.saturating_add(1);
        let next_at = self.schedule.after_failure(now, failures, self.jitter.next());
        let ended = RefreshState { lease_until: UnixMillis(0), next_at, failures, ..state };
        self.shared.write_state(ended, version, store);
    }

    /// Returns the state, if this worker's attempt is still the last one.
    fn lease(&self, attempt: u64, store: &dyn SharedStore) -> Option<(RefreshState, Option<u32>)> {
        self.shared
            .read_state(store)
            .filter(|(state, _)| state.attempt == attempt && state.holder == self.me)
    }
}

#[cfg(test)]
mod tests;
