//! Keys that providers serve, on Envoy: calls from the root context, records in shared data,
//! requests that wait.

mod pending;
mod source;

pub(crate) use pending::{Pending, PendingRequests, client};

use crate::connection::Connection;
use crate::host::{self, CallId, GaugeId};
use attache_engine::remote::KeyWait;
use attache_engine::remote::{MissingKeys, Response, UnixMillis, WaitDecision};
use attache_engine::{Engine, IssuerIndex};
use source::Source;
use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// How often shared data is looked at while nothing presses. News comes by a gauge; this is for
/// hosts that keep no gauges, and for keys that grow too old.
const IDLE: Duration = Duration::from_secs(1);

/// How often, while requests wait for what another worker fetches.
const PRESSED: Duration = Duration::from_millis(10);

/// The issuers of a configuration whose keys providers serve.
pub(crate) struct Keys {
    sources: RefCell<Vec<Source>>,
    pub(crate) pending: PendingRequests,
    generation: KeyGeneration,
}

/// Tells all workers at once that one of them has new keys: a gauge counts them up, and reading it
/// costs a request next to nothing. So no worker honours a key that another knows to be gone.
struct KeyGeneration {
    gauge: Option<GaugeId>,
    seen: Cell<u64>,
}

impl Keys {
    /// Returns the issuers of an engine that need this, if any do. What an earlier configuration
    /// has fetched is taken over.
    pub(crate) fn new(engine: &Engine, now: UnixMillis) -> Option<Self> {
        let random = RandomState::new();
        let sources: Vec<Source> = engine
            .remote_issuers()
            .map(|issuer| Source::new(&issuer, random.hash_one(issuer.index)))
            .collect();
        if sources.is_empty() {
            return None;
        }
        let gauge = host::define_gauge("attache.keys.generation");
        let seen = Cell::new(gauge.map(host::gauge).unwrap_or_default());
        let keys = Self {
            sources: RefCell::new(sources),
            pending: PendingRequests::new(),
            generation: KeyGeneration { gauge, seen },
        };
        keys.each(|source| source.sync(engine, now));
        Some(keys)
    }

    /// Takes over what other workers have fetched since, if they have.
    pub(crate) fn catch_up(&self, engine: &Engine, now: UnixMillis) {
        if self.generation.is_there() {
            self.each(|source| source.sync(engine, now));
        }
    }

    /// Asks the providers whose answer is due, or whose keys requests wait for.
    pub(crate) fn ask(&self, engine: &Engine, now: UnixMillis) {
        self.generation.is_there();
        self.each(|source| {
            source.ask(self.pending.is_awaited(source.issuer) || source.is_doubted, engine, now);
            source.publish_age(now);
        });
    }

    /// Has a provider asked soon, as if a request waited for it: a key may have taken the place of
    /// another under the same `kid`, or under none. Nobody waits for that, since most such tokens
    /// are forged.
    #[inline(never)]
    pub(crate) fn doubt(&self, issuer: IssuerIndex) {
        self.each(|source| source.is_doubted |= source.issuer == issuer);
    }

    /// Takes an answer to one of the calls.
    pub(crate) fn answer(
        &self,
        call: CallId,
        response: &Response,
        engine: &Engine,
        now: UnixMillis,
    ) {
        self.each(|source| {
            let Some(report) = source.answer(call, response, engine, now) else { return };
            // Before anything else is told: whoever sees the count of a fetch finds no worker that
            // still honours a key which that fetch has shown to be gone.
            if report.outcome.is_good() {
                self.generation.announce();
            }
            source.log(&report, now);
        });
    }

    /// Returns whether a request that lacks keys has something to wait for.
    pub(crate) fn wait_decision(
        &self,
        issuer: IssuerIndex,
        missing: MissingKeys,
        arrived: UnixMillis,
        now: UnixMillis,
    ) -> WaitDecision {
        let sources = self.sources.try_borrow();
        let source = sources
            .iter()
            .flat_map(|sources| sources.iter())
            .find(|source| source.issuer == issuer);
        source.map_or(WaitDecision::GiveUp(Duration::ZERO), |source| {
            source.wait_decision(missing, arrived, now)
        })
    }

    /// Returns how many times an issuer's keys have changed.
    pub(crate) fn version(&self, issuer: IssuerIndex) -> u64 {
        let sources = self.sources.try_borrow();
        let source = sources
            .iter()
            .flat_map(|sources| sources.iter())
            .find(|source| source.issuer == issuer);
        source.map_or(0, |source| source.version)
    }

    /// Returns the waiting requests that are to be decided about anew: their keys have changed, or
    /// none are to be hoped for.
    pub(crate) fn ready(&self, now: UnixMillis) -> Vec<Pending> {
        self.pending.take(|request| {
            request.version != self.version(request.issuer)
                || self.wait_decision(request.issuer, request.missing, request.arrived, now)
                    != WaitDecision::Wait
        })
    }

    /// Returns how long the next look may take.
    pub(crate) fn tick(&self) -> Duration {
        if self.pending.is_empty() { IDLE } else { PRESSED }
    }

    fn each(&self, mut act: impl FnMut(&mut Source)) {
        if let Ok(mut sources) = self.sources.try_borrow_mut() {
            sources.iter_mut().for_each(&mut act);
        }
    }
}

impl KeyGeneration {
    fn is_there(&self) -> bool {
        let Some(gauge) = self.gauge else { return false };
        let count = host::gauge(gauge);
        self.seen.replace(count) != count
    }

    fn announce(&self) {
        if let Some(gauge) = self.gauge {
            host::add_to_gauge(gauge, 1);
        }
    }
}

/// Whether one request waits for keys.
pub(crate) struct Waiting<'a> {
    pub(crate) keys: Option<&'a Keys>,
    pub(crate) peer: &'a Connection,
    pub(crate) arrived: UnixMillis,
    pub(crate) now: UnixMillis,
    pub(crate) turn: Turn,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It has just come, so that it needs a place if it is to wait; whether nothing follows its
    /// headers.
    New { end_of_stream: bool },
    /// It has waited. It was no preflight request then, so that it matters no more whether a body
    /// follows.
    Woken,
    /// It waited, and its place is another's now.
    TurnedAway,
}

impl KeyWait for Waiting<'_> {
    fn wait_decision(&self, issuer: IssuerIndex, missing: MissingKeys) -> WaitDecision {
        let Some(keys) = self.keys else { return WaitDecision::GiveUp(Duration::ZERO) };
        match keys.wait_decision(issuer, missing, self.arrived, self.now) {
            WaitDecision::Wait if !self.has_place(keys, issuer) => WaitDecision::Full,
            wait_decision => wait_decision,
        }
    }
}

impl Waiting<'_> {
    fn has_place(&self, keys: &Keys, issuer: IssuerIndex) -> bool {
        match self.turn {
            Turn::New { .. } => keys.pending.has_place(issuer, client(self.peer)),
            Turn::Woken => true,
            Turn::TurnedAway => false,
        }
    }
}
