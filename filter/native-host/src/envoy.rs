//! What a worker of Envoy holds, as far as the filter can see it.

use crate::crypto::Crypto;
use proxy_wasm::types::{LogLevel, Status};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Header maps keep their order and their duplicates.
pub(crate) type Headers = Vec<(String, Vec<u8>)>;

/// The state of one worker.
pub(crate) struct Envoy {
    pub(crate) configuration: Vec<u8>,
    /// The headers of the request at hand; `None` outside of one.
    pub(crate) request: Option<Headers>,
    pub(crate) reply: Option<LocalReply>,
    /// By their path, its parts joined by NUL as on the wire.
    pub(crate) properties: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The filter state of the request at hand.
    pub(crate) filter_state: BTreeMap<String, Vec<u8>>,
    pub(crate) shared: SharedData,
    /// By their id.
    pub(crate) metrics: Vec<Metric>,
    /// The names of the metrics that were changed, in that order.
    pub(crate) changed: Vec<String>,
    pub(crate) log: Vec<LogLine>,
    pub(crate) log_level: LogLevel,
    /// Nanoseconds since 1970.
    pub(crate) now: u64,
    /// Milliseconds; 0 for none.
    pub(crate) tick_period: u32,
    pub(crate) crypto: Crypto,
    pub(crate) http_calls: Vec<HttpCall>,
    /// The headers and the body of the answer that is being handed over.
    pub(crate) call_response: Option<(Headers, Vec<u8>)>,
    /// How often each hostcall was made.
    pub(crate) calls: BTreeMap<&'static str, u32>,
}

impl Envoy {
    pub(crate) fn new(shared: SharedData) -> Self {
        Self {
            configuration: Vec::new(),
            request: None,
            reply: None,
            properties: BTreeMap::new(),
            filter_state: BTreeMap::new(),
            shared,
            metrics: Vec::new(),
            changed: Vec::new(),
            log: Vec::new(),
            log_level: LogLevel::Info,
            now: 0,
            tick_period: 0,
            crypto: Crypto::Real,
            http_calls: Vec::new(),
            call_response: None,
            calls: BTreeMap::new(),
        }
    }
}

thread_local! {
    static ENVOY: RefCell<Option<Envoy>> = const { RefCell::new(None) };
}

/// Gives this thread an Envoy in the place of what it had.
pub(crate) fn install(envoy: Envoy) {
    ENVOY.with_borrow_mut(|slot| *slot = Some(envoy));
}

/// Works with this thread's Envoy. The filter must not be called from inside.
pub(crate) fn with<T>(work: impl FnOnce(&mut Envoy) -> T) -> T {
    ENVOY.with_borrow_mut(|slot| work(slot.get_or_insert_with(|| Envoy::new(SharedData::default()))))
}

/// A counter or a gauge.
pub(crate) struct Metric {
    pub(crate) name: String,
    pub(crate) is_counter: bool,
    pub(crate) value: u64,
}

/// A line of Envoy's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How important it is.
    pub level: LogLevel,
    /// Its text.
    pub text: String,
}

/// An answer that the filter gave in the service's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalReply {
    /// The HTTP status.
    pub status: u32,
    /// The headers.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body; for a gRPC client Envoy makes `grpc-message` of it.
    pub body: Vec<u8>,
    /// The gRPC status that the call itself named; -1 for none.
    pub grpc_status: i32,
}

impl LocalReply {
    /// The value of a header, which must be text and occur once at most.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(key, _)| key == name);
        let value = values.next().map(|(_, value)| std::str::from_utf8(value).expect("text"));
        assert!(values.next().is_none(), "`{name}` occurs twice");
        value
    }
}

/// A call that the filter made to a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCall {
    /// What to answer with.
    pub token: u32,
    /// The cluster.
    pub cluster: String,
    /// The request's headers.
    pub headers: Vec<(String, Vec<u8>)>,
    /// How long the filter waits, in milliseconds.
    pub timeout: u32,
}

/// Data that the workers of one Envoy share: values with a number that changes with each write.
#[derive(Clone, Debug, Default)]
pub struct SharedData(Arc<Mutex<BTreeMap<String, Numbered>>>);

/// A value, and the number of its last write.
type Numbered = (Vec<u8>, u32);

impl SharedData {
    /// A value and its number.
    pub fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Writes a value, as `proxy_set_shared_data` does: only if `cas` is 0 or the present number of the value, if there
    /// is one.
    ///
    /// # Errors
    /// [`Status::CasMismatch`] where another worker was faster.
    pub fn set(&self, key: &str, value: &[u8], cas: u32) -> Result<(), Status> {
        let mut data = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let present = data.get(key).map(|(_, cas)| *cas);
        if cas != 0 && present.is_some_and(|present| cas != present) {
            return Err(Status::CasMismatch);
        }
        data.insert(key.to_owned(), (value.to_vec(), present.unwrap_or(0) + 1));
        Ok(())
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
