//! One issuer's keys: its refresher, and the calls that it makes.

use crate::host::{self, CallId, GaugeId};
use crate::redact::redact;
use crate::shared::AllWorkers;
use crate::{audit, metrics};
use attache_engine::remote::{
    Fetch, FetchOutcome, FetchReport, JwksRefresher, MissingKeys, Progress, Response, UnixMillis,
    WaitDecision,
};
use attache_engine::token::IssuerKeys;
use attache_engine::{Engine, IssuerIndex, RemoteIssuer};
use attache_plugin_config::{Name, Skipped};
use log::warn;
use std::rc::Rc;
use std::time::Duration;

/// One issuer whose keys a provider serves.
pub(super) struct Source {
    pub(super) issuer: IssuerIndex,
    /// How many times its keys have changed.
    pub(super) version: u64,
    /// A signature was refuted since the provider was last asked.
    pub(super) is_doubted: bool,
    name: Name,
    refresher: JwksRefresher,
    /// The keys that the engine verifies with.
    installed: Option<Rc<IssuerKeys>>,
    /// The call whose answer is awaited.
    call: Option<CallId>,
    age: Option<GaugeId>,
    /// What the last attempt came to and why, so that an outage is not told of again and again, but
    /// a new cause is.
    last: Option<(FetchOutcome, String)>,
    /// The keys that were last told to be left out.
    skipped: Vec<Skipped>,
}

impl Source {
    pub(super) fn new(issuer: &RemoteIssuer<'_>, seed: u64) -> Self {
        Self {
            issuer: issuer.index,
            version: 0,
            is_doubted: false,
            name: issuer.name.clone(),
            refresher: JwksRefresher::new(issuer.issuer, issuer.keys, seed),
            installed: None,
            call: None,
            age: None,
            last: None,
            skipped: Vec::new(),
        }
    }

    /// Takes over what other workers have posted.
    pub(super) fn sync(&mut self, engine: &Engine, now: UnixMillis) {
        self.refresher.sync(now, &AllWorkers);
        self.install(engine);
    }

    /// Asks the provider, if that is due.
    pub(super) fn ask(&mut self, demand: bool, engine: &Engine, now: UnixMillis) {
        let fetch = self.refresher.begin(now, demand, &AllWorkers);
        self.install(engine);
        if let Some(fetch) = fetch {
            self.is_doubted = false;
            self.send(fetch, now);
        }
    }

    /// Takes an answer, if it is to this issuer's call. Returns what it came to, if that ends the
    /// attempt; who has told the other workers then calls [`Source::log`].
    pub(super) fn answer(
        &mut self,
        call: CallId,
        response: &Response,
        engine: &Engine,
        now: UnixMillis,
    ) -> Option<FetchReport> {
        if self.call != Some(call) {
            return None;
        }
        self.call = None;
        match self.refresher.answer(Some(response), now, &AllWorkers) {
            Progress::Ask(fetch) => {
                self.send(fetch, now);
                None
            }
            Progress::Done(report) => {
                self.install(engine);
                Some(report)
            }
        }
    }

    pub(super) fn wait_decision(
        &self,
        missing: MissingKeys,
        arrived: UnixMillis,
        now: UnixMillis,
    ) -> WaitDecision {
        self.refresher.wait_decision(missing, arrived, now)
    }

    /// Sets the gauge of how old the keys are.
    pub(super) fn publish_age(&mut self, now: UnixMillis) {
        let Some(age) = self.refresher.age(now) else { return };
        if self.age.is_none() {
            self.age = host::define_gauge(&format!(
                "attache.keys.age_seconds.{}",
                metrics::part(&self.name)
            ));
        }
        if let Some(gauge) = self.age {
            host::set_gauge(gauge, age.as_secs());
        }
    }

    /// Has the engine verify with the keys that hold now, if they are others than before.
    fn install(&mut self, engine: &Engine) {
        let keys = self.refresher.keys();
        if keys.map(Rc::as_ptr) == self.installed.as_ref().map(Rc::as_ptr) {
            return;
        }
        if keys.is_none() {
            warn!(
                "attache: issuer {}: the last good keys are older than `keepFor`: there are none now",
                self.name
            );
        }
        self.installed = keys.map(Rc::clone);
        engine.set_keys(self.issuer, self.installed.clone());
        self.version = self.version.wrapping_add(1);
    }

    fn send(&mut self, fetch: Fetch, now: UnixMillis) {
        let headers = fetch.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.call = host::call(&fetch.cluster, headers, fetch.timeout);
        if self.call.is_none()
            && let Progress::Done(mut report) = self.refresher.answer(None, now, &AllWorkers)
        {
            report.detail = format!("{} (cluster `{}`)", report.detail, fetch.cluster);
            self.log(&report, now);
        }
    }

    /// Logs what is new in what an attempt came to, and then counts it.
    pub(super) fn log(&mut self, report: &FetchReport, now: UnixMillis) {
        if let Some(change) = &report.change {
            audit::log_keys(&self.name, change, Duration::from_millis(now.0));
        }
        if report.outcome.is_good() && report.skipped != self.skipped {
            for skipped in &report.skipped {
                warn!(
                    "attache: issuer {}: a key of its set is left out: {}",
                    self.name,
                    describe(skipped)
                );
            }
            self.skipped.clone_from(&report.skipped);
        }
        let known = self.last.as_ref().is_some_and(|(outcome, detail)| {
            *outcome == report.outcome && *detail == report.detail
        });
        if !report.outcome.is_good() && !known {
            let keys = if self.refresher.keys().is_some() {
                "the last good keys serve on"
            } else {
                "there are no keys"
            };
            warn!(
                "attache: issuer {}: keys could not be fetched ({}): {}; {keys}",
                self.name, report.outcome, report.detail
            );
        }
        if !known {
            self.last = Some((report.outcome, report.detail.clone()));
        }
        metrics::count_fetch(report.outcome);
    }
}

/// Returns a key that is left out, and why.
fn describe(skipped: &Skipped) -> String {
    let why = redact(skipped.reason.to_string().as_bytes(), 512);
    match &skipped.key_id {
        Some(key_id) => format!("`{}`: {why}", redact(key_id.as_bytes(), 256)),
        None => why,
    }
}
