//! Requests, what becomes of them, and the calls that a filter makes.

use crate::header_map::Headers;
use std::collections::BTreeMap;
use std::fmt;

/// A request to send.
#[derive(Clone, Default)]
pub struct Request {
    /// Its headers, in their order. Codecs hand names over in lower case.
    pub headers: Headers,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(
                self.headers.iter().map(|(name, value)| (name, value.escape_ascii().to_string())),
            )
            .finish()
    }
}

impl Request {
    /// Makes a request to the host `orders.example`.
    pub fn new(method: &str, path: &str) -> Self {
        Self::empty()
            .with(":authority", "orders.example")
            .with(":path", path)
            .with(":method", method)
            .with(":scheme", "http")
    }

    /// Makes a request without a single header.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Makes a GET request.
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// Adds a header, beside those of the same name.
    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Adds a bearer token.
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
    pub headers: Headers,
    /// Its trailers, if they were handed over.
    pub trailers: Headers,
    /// The answer, if the filter gave one in the service's place.
    pub reply: Option<LocalReply>,
    /// How often the filter answered: more than once is a defect of the filter, or of a host that
    /// handed over the same request twice.
    pub replies: u32,
    /// What the filter left for access logs, by the name that Envoy gives it: `wasm.` and the
    /// property's.
    pub filter_state: BTreeMap<String, Vec<u8>>,
    /// How often each hostcall was made since the request came.
    pub calls: BTreeMap<String, u32>,
}

impl Response {
    /// Returns the values of a header of the request, in their order.
    pub fn all(&self, name: &str) -> Vec<String> {
        let values = self.headers.iter().filter(|(key, _)| key == name);
        values.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    }

    /// Returns the value of a header of the request.
    ///
    /// # Panics
    /// It occurs more than once.
    pub fn header(&self, name: &str) -> Option<String> {
        let mut values = self.all(name);
        assert!(values.len() <= 1, "`{name}` occurs {} times", values.len());
        values.pop()
    }

    /// Returns the status of the answer; 200 where the request goes on, as the service would
    /// answer.
    pub fn status(&self) -> u32 {
        self.reply.as_ref().map_or(200, |reply| reply.status)
    }

    /// Returns the text that the filter left for access logs under this name.
    pub fn state(&self, name: &str) -> Option<String> {
        let value = self.filter_state.get(&format!("wasm.{name}"))?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

/// An answer that the filter gave in the service's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalReply {
    /// The HTTP status.
    pub status: u32,
    /// The headers.
    pub headers: Headers,
    /// The body; for a gRPC client Envoy makes `grpc-message` of it.
    pub body: Vec<u8>,
    /// The gRPC status that the call itself named; -1 for none.
    pub grpc_status: i32,
}

impl LocalReply {
    /// Returns the value of a header.
    ///
    /// # Panics
    /// It occurs more than once, or is no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(key, _)| key == name);
        let (_, value) = values.next()?;
        assert!(values.next().is_none(), "`{name}` occurs more than once");
        let text = std::str::from_utf8(value);
        assert!(text.is_ok(), "`{name}` is no text: {}", value.escape_ascii());
        text.ok()
    }
}

/// A call that the filter made to a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCall {
    /// What names it in the answer.
    pub token: u32,
    /// The context that made it, which gets the answer.
    pub context: u32,
    /// The cluster.
    pub cluster: String,
    /// The request's headers.
    pub headers: Headers,
    /// The request's body.
    pub body: Vec<u8>,
    /// How long the filter waits, in milliseconds.
    pub timeout: u32,
}

/// The answer to a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallResponse {
    /// Its headers, `:status` with them; none where the call failed.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
}

impl CallResponse {
    /// Makes an answer of texts.
    pub fn new(headers: &[(&str, &str)], body: &[u8]) -> Self {
        let headers =
            headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        Self { headers: headers.collect(), body: body.to_vec() }
    }
}
