//! What the engine is handed with a request. It talks to no host, no clock and no network itself.

use crate::host::{HostCrypto, Peer, SharedStore, UnixSeconds};
use crate::remote::KeyWait;

/// What the engine may ask while it decides about one request.
#[derive(Clone, Copy)]
pub struct HostContext<'a> {
    /// The other end of the connection.
    pub peer: &'a dyn Peer,
    /// What other workers tell of tokens.
    pub shared: &'a dyn SharedStore,
    /// The host's cryptography.
    pub crypto: &'a dyn HostCrypto,
    /// Who knows whether keys that are missing will come.
    pub key_wait: &'a dyn KeyWait,
    /// The time.
    pub now: UnixSeconds,
    /// Whether the request ends with its headers: no body follows, not even an empty one.
    pub ends_with_headers: bool,
}
