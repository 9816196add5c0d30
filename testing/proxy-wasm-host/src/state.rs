//! What a worker of a proxy holds, as far as a module can see it.

use crate::abi::{LogLevel, Status};
use crate::header_map::Headers;
use crate::http::{CallResponse, HttpCall, LocalReply, Request, Response};
use crate::metrics::Metrics;
use crate::shared_data::SharedData;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What the clock of a host says at first: 2026-01-01T00:00:00Z, in seconds since 1970.
pub const START_TIME: u64 = 1_767_225_600;

/// A function of the host beyond the ABI: takes bytes and gives bytes, or says why it does not.
pub type ForeignFunction = fn(&[u8]) -> Result<Vec<u8>, Status>;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How important it is.
    pub level: LogLevel,
    /// Its text.
    pub text: String,
}

/// The state of one worker: what a test sets for the module to see, and what the module did.
#[derive(Debug)]
pub struct State {
    /// The configuration of the VM.
    pub vm_configuration: Vec<u8>,
    /// The configuration of the plugin.
    pub configuration: Vec<u8>,
    /// Properties by their path, its parts joined by NUL as on the wire.
    pub properties: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What the workers of the proxy share.
    pub shared: SharedData,
    /// Counters and gauges.
    pub metrics: Metrics,
    /// The lines that the module logged or wrote, whatever the level.
    pub log: Vec<LogLine>,
    /// The level from which on the proxy writes lines, as the module is told.
    pub log_level: LogLevel,
    /// The clock: the time since 1970.
    pub now: Duration,
    /// How often the module wants the tick; `None` for never.
    pub tick_period: Option<Duration>,
    /// The calls to clusters, oldest first. A test may take out what it has answered.
    pub http_calls: Vec<HttpCall>,
    /// The answer that the module sees while it is told of one.
    pub call_response: Option<CallResponse>,
    /// The indices that an instrumented module told, in the order in which each first came; see
    /// `interpreter::ENTER`.
    pub entered: Vec<u32>,
    foreign_functions: BTreeMap<String, ForeignFunction>,
    /// How many calls to clusters were made.
    called: u32,
    /// How often each hostcall was made.
    calls: BTreeMap<String, u32>,
    roots: BTreeSet<u32>,
    streams: BTreeMap<u32, Stream>,
    /// The context whose callback runs.
    current: u32,
    /// The context that hostcalls are about, where it is another.
    effective: Option<u32>,
}

/// A request that is there.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    pub(crate) goes_on: bool,
    pub(crate) headers: Headers,
    pub(crate) trailers: Headers,
    pub(crate) reply: Option<LocalReply>,
    pub(crate) replies: u32,
    pub(crate) filter_state: BTreeMap<String, Vec<u8>>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            vm_configuration: Vec::new(),
            configuration: Vec::new(),
            properties: BTreeMap::new(),
            shared: SharedData::default(),
            metrics: Metrics::default(),
            log: Vec::new(),
            log_level: LogLevel::Info,
            now: Duration::from_secs(START_TIME),
            tick_period: None,
            http_calls: Vec::new(),
            call_response: None,
            entered: Vec::new(),
            foreign_functions: foreign_functions(),
            called: 0,
            calls: BTreeMap::new(),
            roots: BTreeSet::new(),
            streams: BTreeMap::new(),
            current: 0,
            effective: None,
        }
    }
}

/// What a host has at first.
#[cfg(feature = "verify-signature")]
fn foreign_functions() -> BTreeMap<String, ForeignFunction> {
    let verify: ForeignFunction = crate::verify_signature::verify;
    [(crate::verify_signature::NAME.to_owned(), verify)].into()
}

/// What a host has at first.
#[cfg(not(feature = "verify-signature"))]
const fn foreign_functions() -> BTreeMap<String, ForeignFunction> {
    BTreeMap::new()
}

impl State {
    /// Gives the host a function beyond the ABI, or takes it away.
    pub fn set_foreign_function(&mut self, name: &str, function: Option<ForeignFunction>) {
        match function {
            Some(function) => _ = self.foreign_functions.insert(name.to_owned(), function),
            None => _ = self.foreign_functions.remove(name),
        }
    }

    /// Returns a function beyond the ABI.
    pub(crate) fn foreign_function(&self, name: &str) -> Option<ForeignFunction> {
        self.foreign_functions.get(name).copied()
    }

    /// Sets a property, such as `["xds", "node", "metadata", "NAMESPACE"]`.
    pub fn set_property(&mut self, path: &[&str], value: impl AsRef<[u8]>) {
        self.properties.insert(path.join("\0").into_bytes(), value.as_ref().to_vec());
    }

    /// Returns a property that was set, or the filter state of the request that a module set as a
    /// property.
    pub(crate) fn property(&mut self, path: &[u8]) -> Option<Vec<u8>> {
        if let Some(value) = self.properties.get(path) {
            return Some(value.clone());
        }
        let name = filter_state_name(path)?;
        self.stream()?.filter_state.get(&name).cloned()
    }

    /// Returns what became of the request of a context, so far; `None` where there is no such
    /// context.
    pub fn response(&self, context: u32) -> Option<Response> {
        let stream = self.streams.get(&context)?;
        Some(Response {
            goes_on: stream.goes_on,
            headers: stream.headers.clone(),
            trailers: stream.trailers.clone(),
            reply: stream.reply.clone(),
            replies: stream.replies,
            filter_state: stream.filter_state.clone(),
            calls: self.calls.clone(),
        })
    }

    /// Returns a number for a call to a cluster that no other has.
    pub(crate) fn next_call(&mut self) -> u32 {
        self.called = self.called.wrapping_add(1);
        self.called
    }

    /// Counts a hostcall.
    pub(crate) fn count(&mut self, name: &str) {
        let count = self.calls.entry(name.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    /// Notes a new context: a root where it has no parent, else a stream.
    pub(crate) fn create(&mut self, context: u32, parent: u32) {
        if parent == 0 {
            self.roots.insert(context);
        } else {
            self.streams.insert(context, Stream::default());
        }
    }

    /// Forgets a context.
    pub(crate) fn delete(&mut self, context: u32) {
        self.roots.remove(&context);
        self.streams.remove(&context);
    }

    /// Has hostcalls be about the context whose callback begins.
    pub(crate) fn enter(&mut self, context: u32) {
        (self.current, self.effective) = (context, None);
    }

    /// Has hostcalls be about another context. Returns whether there is such a context.
    pub(crate) fn set_effective(&mut self, context: u32) -> bool {
        let exists = self.roots.contains(&context) || self.streams.contains_key(&context);
        if exists {
            self.effective = Some(context);
        }
        exists
    }

    /// Returns the context that hostcalls are about.
    pub(crate) fn context(&self) -> u32 {
        self.effective.unwrap_or(self.current)
    }

    /// Returns the request that hostcalls are about; `None` where they are about a root context.
    pub(crate) fn stream(&mut self) -> Option<&mut Stream> {
        let context = self.context();
        self.streams.get_mut(&context)
    }

    /// Hands a request to a context, in the place of what it had, and begins to count hostcalls.
    pub(crate) fn receive(&mut self, context: u32, request: &Request) {
        self.calls.clear();
        let stream = Stream { headers: request.headers.clone(), ..Stream::default() };
        self.streams.insert(context, stream);
    }

    /// Notes that the callback for a request's headers has it go on.
    pub(crate) fn go_on(&mut self, context: u32) {
        if let Some(stream) = self.streams.get_mut(&context) {
            stream.goes_on = true;
        }
    }

    /// Hands a request's trailers to a context.
    #[cfg(feature = "native")]
    pub(crate) fn receive_trailers(&mut self, context: u32, trailers: &Headers) {
        if let Some(stream) = self.streams.get_mut(&context) {
            stream.trailers = trailers.clone();
        }
    }
}

/// Returns the name of the filter state that a property of this path is.
pub(crate) fn filter_state_name(path: &[u8]) -> Option<String> {
    Some(format!("wasm.{}", std::str::from_utf8(path).ok()?))
}
