//! One worker, as tests drive it.

use crate::callbacks;
use crate::crypto::Crypto;
use crate::envoy::{self, Envoy, HttpCall, LocalReply, LogLine, SharedData};
use proxy_wasm::types::LogLevel;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

thread_local! {
    /// Context ids are never used twice, even where a thread runs one host after the other.
    static LAST_CONTEXT: Cell<u32> = const { Cell::new(0) };
}

fn next_context() -> u32 {
    LAST_CONTEXT.set(LAST_CONTEXT.get() + 1);
    LAST_CONTEXT.get()
}

/// A worker of an Envoy with the filter in it. It belongs to its thread, which holds one at a time.
pub struct Host {
    /// The root context of the configuration that holds.
    root: Option<u32>,
    not_send: PhantomData<*const ()>,
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// A worker without a configuration. Its clock stands at 2026-01-01T00:00:00Z.
    pub fn new() -> Self {
        Self::sharing(&SharedData::default())
    }

    /// A worker that shares data with others.
    pub fn sharing(data: &SharedData) -> Self {
        envoy::install(Envoy::new(data.clone()));
        callbacks::initialize();
        let host = Self { root: None, not_send: PhantomData };
        host.set_time(1_767_225_600);
        host
    }

    /// A worker with this configuration, which must be good.
    pub fn configured(document: &str) -> Self {
        let mut host = Self::new();
        assert!(host.configure(document), "the configuration is refused: {:#?}", host.log());
        host
    }

    /// Gives the worker a configuration as Envoy does: in a root context of its own, which takes the place of the old
    /// one if it is good. Says whether it is.
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

    /// Gives a configuration to the root context that is there, or to a new one. Says whether it is good.
    pub fn configure_again(&mut self, document: &str) -> bool {
        let root = self.root();
        Self::configure_root(root, document)
    }

    /// Sends a request through the filter.
    pub fn request(&mut self, request: &Request) -> Response {
        let (root, stream) = (self.root(), next_context());
        callbacks::create_stream(stream, root);
        envoy::with(|envoy| {
            envoy.request = Some(request.headers.clone());
            envoy.calls.clear();
        });
        let goes_on = callbacks::request_headers(stream, request.headers.len());
        let response = envoy::with(|envoy| Response {
            goes_on,
            headers: envoy.request.take().unwrap_or_default(),
            reply: envoy.reply.take(),
            filter_state: std::mem::take(&mut envoy.filter_state),
            calls: std::mem::take(&mut envoy.calls),
        });
        callbacks::end(stream);
        assert_ne!(response.goes_on, response.reply.is_some(), "a request either goes on or is answered");
        response
    }

    /// Lets the tick come once.
    pub fn tick(&mut self) {
        callbacks::tick(self.root());
    }

    /// How often the filter wants the tick, if at all.
    pub fn tick_period(&self) -> Option<Duration> {
        let period = envoy::with(|envoy| envoy.tick_period);
        (period > 0).then(|| Duration::from_millis(period.into()))
    }

    /// The value of a counter, after a tick; 0 where the filter never counted.
    pub fn counter(&mut self, name: &str) -> u64 {
        self.counters().get(name).copied().unwrap_or(0)
    }

    /// All counters, after a tick. Those that two configurations made under one name are one, as in Envoy.
    pub fn counters(&mut self) -> BTreeMap<String, u64> {
        if self.root.is_some() {
            self.tick();
        }
        self.shown_counters()
    }

    /// All counters as Envoy shows them now, before any tick.
    pub fn shown_counters(&self) -> BTreeMap<String, u64> {
        envoy::with(|envoy| {
            let mut sums = BTreeMap::new();
            for metric in envoy.metrics.iter().filter(|metric| metric.is_counter) {
                *sums.entry(metric.name.clone()).or_default() += metric.value;
            }
            sums
        })
    }

    /// The value of a gauge, as it stands; `None` where the filter never made it.
    pub fn gauge(&self, name: &str) -> Option<u64> {
        envoy::with(|envoy| {
            let mut gauges = envoy.metrics.iter().filter(|metric| !metric.is_counter && metric.name == name);
            gauges.next_back().map(|metric| metric.value)
        })
    }

    /// Sets a gauge that the filter made, as another plugin of the proxy would.
    pub fn set_gauge(&self, name: &str, value: u64) {
        envoy::with(|envoy| {
            let gauges = envoy.metrics.iter_mut().filter(|metric| !metric.is_counter && metric.name == name);
            gauges.for_each(|metric| metric.value = value);
        });
    }

    /// The names of the counters and gauges that were changed since the last time this was asked, in that order.
    pub fn take_changed(&mut self) -> Vec<String> {
        envoy::with(|envoy| std::mem::take(&mut envoy.changed))
    }

    /// What was logged so far.
    pub fn log(&self) -> Vec<LogLine> {
        envoy::with(|envoy| envoy.log.clone())
    }

    /// What was logged since the last time this was asked.
    pub fn take_log(&mut self) -> Vec<LogLine> {
        envoy::with(|envoy| std::mem::take(&mut envoy.log))
    }

    /// Sets the level from which on Envoy writes lines.
    pub fn set_log_level(&self, level: LogLevel) {
        envoy::with(|envoy| envoy.log_level = level);
    }

    /// Sets the clock, in seconds since 1970.
    pub fn set_time(&self, seconds: u64) {
        envoy::with(|envoy| envoy.now = seconds * 1_000_000_000);
    }

    /// The clock, in seconds since 1970.
    pub fn time(&self) -> u64 {
        envoy::with(|envoy| envoy.now / 1_000_000_000)
    }

    /// Sets a property, such as `["xds", "node", "metadata", "NAMESPACE"]`.
    pub fn set_property(&self, path: &[&str], value: impl AsRef<[u8]>) {
        envoy::with(|envoy| envoy.properties.insert(path.join("\0").into_bytes(), value.as_ref().to_vec()));
    }

    /// Sets how the host verifies signatures.
    pub fn set_crypto(&self, crypto: Crypto) {
        envoy::with(|envoy| envoy.crypto = crypto);
    }

    /// The calls to clusters so far.
    pub fn http_calls(&self) -> Vec<HttpCall> {
        envoy::with(|envoy| envoy.http_calls.clone())
    }

    /// Answers a call to a cluster.
    pub fn answer_call(&mut self, token: u32, headers: &[(&str, &str)], body: &[u8]) {
        let root = self.root();
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        let count = headers.len();
        envoy::with(|envoy| envoy.call_response = Some((headers, body.to_vec())));
        callbacks::call_response(root, token, count, body.len());
        envoy::with(|envoy| envoy.call_response = None);
    }

    /// Sets an environment variable of the VM, which is this process: for all hosts, once and for all.
    pub fn set_variable(name: &str, value: &str) {
        // SAFETY: within this process only Rust's own library reads the environment, and it locks it against this.
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
        envoy::with(|envoy| envoy.configuration = document.as_bytes().to_vec());
        callbacks::configure(root, document.len())
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

/// A request to send.
#[derive(Clone)]
pub struct Request {
    headers: Vec<(String, Vec<u8>)>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.headers.iter().map(|(name, value)| (name, value.escape_ascii().to_string())))
            .finish()
    }
}

impl Request {
    /// A request to the host `orders.example`.
    pub fn new(method: &str, path: &str) -> Self {
        Self::empty()
            .with(":authority", "orders.example")
            .with(":path", path)
            .with(":method", method)
            .with(":scheme", "http")
    }

    /// A request without a single header.
    pub fn empty() -> Self {
        Self { headers: Vec::new() }
    }

    /// Its headers.
    pub fn headers(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    /// A GET request.
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// With one more header, beside those of the same name. Codecs hand names over in lower case.
    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// With a bearer token.
    pub fn bearer(self, token: &str) -> Self {
        self.with("authorization", format!("Bearer {token}"))
    }
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Response {
    /// Whether it goes on to the service.
    pub goes_on: bool,
    /// Its headers, as the service or the access log sees them.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The answer, if it doesn't.
    pub reply: Option<LocalReply>,
    /// What the filter left for access logs.
    pub filter_state: BTreeMap<String, Vec<u8>>,
    /// How often the filter made each hostcall.
    pub calls: BTreeMap<&'static str, u32>,
}

impl Response {
    /// The values of a header of the request, in their order.
    pub fn all(&self, name: &str) -> Vec<String> {
        let values = self.headers.iter().filter(|(key, _)| key == name);
        values.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    }

    /// The value of a header of the request, which must occur once at most.
    pub fn header(&self, name: &str) -> Option<String> {
        let mut values = self.all(name);
        assert!(values.len() <= 1, "`{name}` occurs {} times", values.len());
        values.pop()
    }

    /// The status of the answer; 200 where the request goes on, as the service would answer.
    pub fn status(&self) -> u32 {
        self.reply.as_ref().map_or(200, |reply| reply.status)
    }

    /// The reason of the refusal, as the answer and the filter state both say it.
    pub fn reason(&self) -> Option<String> {
        self.state("attache.reason")
    }

    /// A value that the filter left for access logs.
    pub fn state(&self, name: &str) -> Option<String> {
        let value = self.filter_state.get(&format!("wasm.{name}"));
        value.map(|value| String::from_utf8(value.clone()).expect("text"))
    }
}
