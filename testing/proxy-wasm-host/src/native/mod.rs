//! A filter that is linked into the test itself: one worker, as tests drive it.
//!
//! The filter is a library that calls `proxy_wasm::main!`. The test must link it
//! (`use my_filter as _;`), since its callbacks are reached by symbol alone.

#![expect(unsafe_code, reason = "the ABI is made of raw pointers and of symbols by name")]

mod callbacks;
mod imports;

use crate::abi::LogLevel;
use crate::header_map::Headers;
use crate::http::{CallResponse, HttpCall, Request, Response};
use crate::shared_data::SharedData;
use crate::state::{ForeignFunction, LogLine, State};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::time::Duration;

thread_local! {
    /// Context ids are never used twice, even where a thread runs one host after the other.
    static LAST_CONTEXT: Cell<u32> = const { Cell::new(0) };
    /// The worker that this thread is.
    static STATE: RefCell<State> = RefCell::default();
}

fn next_context() -> u32 {
    LAST_CONTEXT.set(LAST_CONTEXT.get().saturating_add(1));
    LAST_CONTEXT.get()
}

/// Works with this thread's state. The filter must not be called from inside.
fn with<T>(work: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(work)
}

/// A worker of a proxy with the filter in it. It belongs to its thread, which holds one at a time.
#[derive(Debug)]
pub struct Host {
    /// The root context of the configuration that holds.
    root: Option<u32>,
    not_send: PhantomData<*const ()>,
}

/// A request that is under way: its context, by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream(u32);

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// Makes a worker without a configuration. Its clock stands at
    /// [`START_TIME`](crate::START_TIME).
    pub fn new() -> Self {
        Self::sharing(&SharedData::default())
    }

    /// Makes a worker that shares data with others.
    pub fn sharing(data: &SharedData) -> Self {
        let mut state = State::default();
        state.shared = data.clone();
        STATE.set(state);
        callbacks::initialize();
        Self { root: None, not_send: PhantomData }
    }

    /// Makes a worker with this configuration.
    ///
    /// # Panics
    /// The filter refuses it.
    pub fn configured(document: &str) -> Self {
        let mut host = Self::new();
        assert!(host.configure(document), "the configuration is refused: {:#?}", host.log());
        host
    }

    /// Gives the worker a configuration as Envoy does: in a root context of its own, which takes
    /// the place of the old one if the filter takes it. Returns whether it does.
    pub fn configure(&mut self, document: &str) -> bool {
        let root = next_context();
        callbacks::create_root(root);
        let good = Self::configure_root(root, document);
        let old = if good { self.root.replace(root) } else { Some(root) };
        if let Some(old) = old {
            callbacks::end(old);
        }
        good
    }

    /// Gives a configuration to the root context that is there, or to a new one. Returns whether
    /// the filter takes it.
    pub fn configure_again(&mut self, document: &str) -> bool {
        let root = self.root();
        Self::configure_root(root, document)
    }

    /// Sends a request through the filter, to its end.
    ///
    /// # Panics
    /// The request waits: [`Host::open`] is for one that may.
    pub fn request(&mut self, request: &Request) -> Response {
        let stream = self.open(request);
        let response = self.close(stream);
        assert_ne!(
            response.goes_on,
            response.reply.is_some(),
            "a request either goes on or is answered"
        );
        response
    }

    /// Hands a request to the filter, which may have it wait.
    pub fn open(&mut self, request: &Request) -> Stream {
        let (root, stream) = (self.root(), next_context());
        callbacks::create_stream(stream, root);
        with(|state| state.receive(stream, request));
        if callbacks::request_headers(stream, request.headers.len()) {
            with(|state| state.go_on(stream));
        }
        Stream(stream)
    }

    /// Hands the trailers of a request to the filter. Returns whether they go on.
    pub fn trailers(&mut self, stream: Stream, trailers: &Headers) -> bool {
        with(|state| state.receive_trailers(stream.0, trailers));
        callbacks::request_trailers(stream.0, trailers.len())
    }

    /// Returns what became of a request, so far.
    ///
    /// # Panics
    /// It has ended.
    pub fn response(&self, stream: Stream) -> Response {
        let response = with(|state| state.response(stream.0));
        #[expect(clippy::expect_used, reason = "who asks after a request that is no more errs")]
        response.expect("a request that is under way")
    }

    /// Ends a request, whether it waits or not. Returns what became of it.
    ///
    /// # Panics
    /// It has ended before, or the filter answered it more than once.
    pub fn close(&mut self, stream: Stream) -> Response {
        let response = self.response(stream);
        assert!(response.replies <= 1, "the filter answered a request {} times", response.replies);
        callbacks::end(stream.0);
        response
    }

    /// Lets the tick come once.
    pub fn tick(&mut self) {
        callbacks::tick(self.root());
    }

    /// Returns how often the filter wants the tick, if at all.
    pub fn tick_period(&self) -> Option<Duration> {
        with(|state| state.tick_period)
    }

    /// Returns the value of a counter, after a tick; 0 where the filter never counted.
    pub fn counter(&mut self, name: &str) -> u64 {
        self.counters().get(name).copied().unwrap_or(0)
    }

    /// Returns all counters, after a tick.
    pub fn counters(&mut self) -> BTreeMap<String, u64> {
        if self.root.is_some() {
            self.tick();
        }
        self.shown_counters()
    }

    /// Returns all counters as the proxy shows them now, before any tick.
    pub fn shown_counters(&self) -> BTreeMap<String, u64> {
        with(|state| state.metrics.counters())
    }

    /// Returns the value of a gauge, as it stands; `None` where the filter never defined it.
    pub fn gauge(&self, name: &str) -> Option<u64> {
        with(|state| state.metrics.gauge(name))
    }

    /// Sets a gauge that the filter defined, as another plugin of the proxy would.
    ///
    /// # Panics
    /// There is no such gauge.
    pub fn set_gauge(&self, name: &str, value: u64) {
        assert!(with(|state| state.metrics.set_gauge(name, value)), "no gauge `{name}`");
    }

    /// Returns the names of the metrics that were changed since the last time this was asked, in
    /// that order.
    pub fn take_changed(&mut self) -> Vec<String> {
        with(|state| state.metrics.take_changed())
    }

    /// Returns what was logged so far.
    pub fn log(&self) -> Vec<LogLine> {
        with(|state| state.log.clone())
    }

    /// Returns what was logged since the last time this was asked.
    pub fn take_log(&mut self) -> Vec<LogLine> {
        with(|state| std::mem::take(&mut state.log))
    }

    /// Sets the level from which on the proxy writes lines.
    pub fn set_log_level(&self, level: LogLevel) {
        with(|state| state.log_level = level);
    }

    /// Sets the clock, in seconds since 1970.
    pub fn set_time(&self, seconds: u64) {
        with(|state| state.now = Duration::from_secs(seconds));
    }

    /// Returns what the clock says, in seconds since 1970.
    pub fn time(&self) -> u64 {
        with(|state| state.now.as_secs())
    }

    /// Sets a property, such as `["xds", "node", "metadata", "NAMESPACE"]`.
    pub fn set_property(&self, path: &[&str], value: impl AsRef<[u8]>) {
        with(|state| state.set_property(path, value));
    }

    /// Gives the host a function beyond the ABI, or takes it away.
    pub fn set_foreign_function(&self, name: &str, function: Option<ForeignFunction>) {
        with(|state| state.set_foreign_function(name, function));
    }

    /// Returns the calls to clusters so far.
    pub fn http_calls(&self) -> Vec<HttpCall> {
        with(|state| state.http_calls.clone())
    }

    /// Answers a call to a cluster, to the context that made it.
    ///
    /// # Panics
    /// There is no such call.
    pub fn answer_call(&mut self, token: u32, headers: &[(&str, &str)], body: &[u8]) {
        let context = with(|state| {
            state.call_response = Some(CallResponse::new(headers, body));
            state.http_calls.iter().find(|call| call.token == token).map(|call| call.context)
        });
        #[expect(clippy::expect_used, reason = "who answers a call that was not made errs")]
        let context = context.expect("a call that was made");
        callbacks::call_response(context, token, headers.len(), body.len());
        with(|state| state.call_response = None);
    }

    /// Sets an environment variable of the VM, which is this process: for all hosts, once and for
    /// all.
    pub fn set_variable(name: &str, value: &str) {
        // SAFETY: within this process only Rust's own library reads the environment, and it locks
        // it against this.
        unsafe { std::env::set_var(name, value) };
    }

    fn root(&mut self) -> u32 {
        *self.root.get_or_insert_with(|| {
            let root = next_context();
            callbacks::create_root(root);
            root
        })
    }

    fn configure_root(root: u32, document: &str) -> bool {
        with(|state| state.configuration = document.as_bytes().to_vec());
        callbacks::configure(root)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // A test that fails has nothing more to tell, and the filter may be where it panicked.
        if let (Some(root), false) = (self.root, std::thread::panicking()) {
            callbacks::end(root);
        }
    }
}
