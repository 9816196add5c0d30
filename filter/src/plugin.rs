//! A configuration at work: decides about requests, carries out what was decided and tells of it.

use crate::audit::{self, Event};
use crate::connection::Connection;
use crate::crypto::{self, EnvoyCrypto};
use crate::host::CallId;
use crate::keys::{self, Keys, Pending, Turn, Waiting};
use crate::metrics::Metrics;
use crate::neighbours::Neighbours;
use crate::ration::Ration;
use crate::shared::AllWorkers;
use crate::{filter_state, host, reply, workload};
use attache_engine::host::{Environment, UnixSeconds};
use attache_engine::host_context::HostContext;
use attache_engine::remote::{MAX_BODY, Response, UnixMillis};
use attache_engine::{Coverage, Decided, Decision, Engine, HeaderEdit, Outcome};
use attache_plugin_config::Diagnostics;
use log::warn;
use std::collections::BTreeSet;
use std::time::Duration;

/// The shortest that a tick can take.
const SOON: Duration = Duration::from_millis(1);

/// A good configuration, ready for this workload. Requests that came in under it share it.
pub(crate) struct Plugin {
    engine: Engine,
    crypto: EnvoyCrypto,
    metrics: Metrics,
    ration: Ration,
    /// The keys that providers serve, where there are such.
    keys: Option<Keys>,
    neighbours: Neighbours,
}

impl Plugin {
    /// Makes a configuration ready, given its text.
    pub(crate) fn new(document: &[u8]) -> Result<Self, Diagnostics> {
        let config = attache_plugin_config::parse(document)?;
        crypto::refuse_where_unable(&config)?;
        let workload = workload::identify(&config.selector_labels());
        let engine = Engine::new(&config, &workload, &Variables)?;
        for warning in config.warnings.iter().chain(engine.warnings()) {
            warn!("attache: configuration: {warning}");
        }
        if engine.is_dry_run() {
            warn!(
                "attache: configuration: a dry run: nothing is refused here, what would be is counted and logged"
            );
        }
        Ok(Self::with(engine))
    }

    /// Returns what stands in for a configuration where none is good: it refuses every request.
    #[inline(never)]
    pub(crate) fn closed() -> Result<Self, Diagnostics> {
        Engine::closed(&workload::identify(&BTreeSet::new()), &Variables).map(Self::with)
    }

    fn with(engine: Engine) -> Self {
        Self {
            keys: Keys::new(&engine, unix_millis(host::now())),
            crypto: EnvoyCrypto::default(),
            metrics: Metrics::new(&engine),
            ration: Ration::default(),
            neighbours: Neighbours::new(),
            engine,
        }
    }

    /// Returns how many of the policies apply to this workload.
    pub(crate) fn coverage(&self) -> &Coverage {
        self.engine.coverage()
    }

    /// Handles a request. Says whether it goes on; if not, it has been answered, or waits for
    /// [`Plugin::tick`] or [`Plugin::call_answered`].
    pub(crate) fn handle(
        &self,
        context: u32,
        headers: &[(String, Vec<u8>)],
        end_of_stream: bool,
    ) -> bool {
        let now = host::now();
        let arrived = unix_millis(now);
        self.neighbours.meet_request();
        if let Some(keys) = &self.keys {
            keys.catch_up(&self.engine, arrived);
        }
        self.decide(context, headers, arrived, Turn::New { end_of_stream }, now)
    }

    /// Asks providers whose answer is due, and has waiting requests go on that need wait no longer.
    /// `root` is the context that the tick is for.
    #[inline(never)]
    pub(crate) fn tick(&self, root: u32) -> Duration {
        self.neighbours.look_around(host::now());
        let Some(keys) = &self.keys else { return Duration::from_secs(1) };
        keys.ask(&self.engine, unix_millis(host::now()));
        self.wake(keys, root);
        keys.tick()
    }

    /// Takes the answer to a call of the root context.
    #[inline(never)]
    pub(crate) fn call_answered(&self, call: CallId, root: u32) {
        let Some(keys) = &self.keys else { return };
        let headers = host::call_headers();
        let response = Response { headers, body: host::call_body(MAX_BODY.saturating_add(1)) };
        keys.answer(call, &response, &self.engine, unix_millis(host::now()));
        self.wake(keys, root);
    }

    /// Forgets a request that is gone.
    pub(crate) fn forget(&self, context: u32) {
        if let Some(keys) = &self.keys {
            keys.pending.leave(context);
        }
    }

    /// Decides anew about the requests that need wait no longer.
    fn wake(&self, keys: &Keys, root: u32) {
        let now = host::now();
        self.decide_anew(keys.ready(unix_millis(now)), Turn::Woken, now, root);
    }

    /// Decides anew about requests that waited, and goes back to the context that the host is at.
    #[inline(never)]
    fn decide_anew(&self, all: Vec<Pending>, turn: Turn, now: Duration, context: u32) {
        for request in all {
            if !host::set_effective_context(request.context) {
                continue;
            }
            match host::request_headers() {
                Some(headers)
                    if self.decide(request.context, &headers, request.arrived, turn, now) =>
                {
                    host::resume()
                }
                Some(_) => {}
                None => reply::not_ready(),
            }
        }
        host::set_effective_context(context);
    }

    /// Decides about a request that has come just now, or that has waited.
    fn decide(
        &self,
        context: u32,
        headers: &[(String, Vec<u8>)],
        arrived: UnixMillis,
        turn: Turn,
        now: Duration,
    ) -> bool {
        let connection = Connection::default();
        let key_wait = Waiting {
            keys: self.keys.as_ref(),
            peer: &connection,
            arrived,
            now: unix_millis(now),
            turn,
        };
        let host_context = HostContext {
            peer: &connection,
            shared: &AllWorkers,
            crypto: &self.crypto,
            key_wait: &key_wait,
            now: UnixSeconds(now.as_secs()),
            ends_with_headers: matches!(turn, Turn::New { end_of_stream: true }),
        };
        let decided = match self.engine.decide(headers, &host_context) {
            Decision::Decided(decided) => decided,
            Decision::Wait { issuer, missing } => {
                match &self.keys {
                    Some(keys) => {
                        let client = keys::client(&connection);
                        let version = keys.version(issuer);
                        let pending =
                            Pending { context, client, issuer, missing, arrived, version };
                        self.wait(keys, pending, turn, now);
                    }
                    // Without keys to wait for the engine is told to give up; should a request wait
                    // all the same, it must not go on unseen.
                    None => reply::not_ready(),
                }
                return false;
            }
        };
        if let (Some(issuer), Some(keys)) = (decided.verification.doubted, &self.keys) {
            keys.doubt(issuer);
        }
        self.metrics.count(&decided);
        audit::log(
            &self.engine,
            &Event { decided: &decided, headers, peer: &connection, at: now, ration: &self.ration },
        );
        filter_state::set(&self.engine, &decided);
        carry_out(&decided, headers)
    }

    /// Has a request wait, in the place of another where all are taken.
    #[inline(never)]
    fn wait(&self, keys: &Keys, request: Pending, turn: Turn, now: Duration) {
        let is_first = keys.pending.is_empty();
        let displaced = keys.pending.enter(request);
        if matches!(turn, Turn::New { .. }) && is_first {
            // Only the root context can ask the provider; let that be soon.
            host::tick_every(SOON);
        }
        if let Some(displaced) = displaced {
            self.decide_anew(vec![displaced], Turn::TurnedAway, now, request.context);
        }
    }

    /// Removes the trailers that could pass for headers which only the filter writes, or has looked
    /// at.
    #[inline(never)]
    pub(crate) fn clean_trailers(&self, trailers: &[(String, Vec<u8>)]) {
        self.engine.forged_trailers(trailers).for_each(host::remove_request_trailer);
    }

    /// Hands what was counted to Envoy.
    pub(crate) fn flush_metrics(&self) {
        self.metrics.flush(&self.engine);
        let now = host::now();
        if let Some(dropped) = self.ration.take_dropped(now) {
            audit::log_dropped(dropped, now);
        }
    }
}

/// Changes the request as decided, or answers it. Returns whether it goes on.
fn carry_out(decided: &Decided<'_>, headers: &[(String, Vec<u8>)]) -> bool {
    for edit in decided.edits.iter() {
        match edit {
            HeaderEdit::Remove(name) => host::remove_request_header(name),
            HeaderEdit::Set(name, value) => host::replace_request_header(name, value),
            HeaderEdit::Add(name, value) => host::add_request_header(name, value),
        }
    }
    match &decided.outcome {
        Outcome::Forward => true,
        Outcome::Refuse { answer, .. } => {
            reply::refuse(answer, headers);
            false
        }
    }
}

/// Converts a duration, without the 128 bits of [`Duration::as_millis`], which Wasm has to emulate.
fn unix_millis(since_1970: Duration) -> UnixMillis {
    let seconds = since_1970.as_secs().saturating_mul(1_000);
    UnixMillis(seconds.saturating_add(u64::from(since_1970.subsec_millis())))
}

/// The VM's environment, which `vmConfig.env` of a WasmPlugin fills.
struct Variables;

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        std::env::var_os(name).map(|value| value.into_encoded_bytes())
    }
}
