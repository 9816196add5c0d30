//! A host for the Attaché filter inside a test process: hundreds of requests in a fraction of a second, each of them
//! through the same callbacks and hostcalls as in Envoy.
//!
//! [`Host`] plays one worker: it defines the `proxy_*` imports over an [`Envoy`] of its own and drives the callbacks
//! that the SDK exports. A thread is a worker; hosts in different threads may share data as workers do
//! ([`Host::sharing`]).
//!
//! What only a real Envoy can show (V8, codecs, access logs, local replies in gRPC's form) is for the scenarios in
//! `e2e`.

mod callbacks;
mod crypto;
mod envoy;
mod host;
mod imports;
mod wire;

pub use crypto::Crypto;
pub use envoy::{HttpCall, LocalReply, LogLine, SharedData};
pub use host::{Host, Request, Response};
pub use proxy_wasm::types::LogLevel;

// Links the filter, whose callbacks are reached by symbol alone.
use attache_filter as _;
