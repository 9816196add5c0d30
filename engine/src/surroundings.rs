//! What the engine asks of the place it runs in. The engine itself talks to no host, no clock and no network.

use crate::remote::{Hope, Missing};
use crate::session::IssuerIndex;
use crate::token::PublicKey;
use attache_plugin_config::Algorithm;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// The workload that the engine decides for, read once, at configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workload {
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its service account.
    pub service_account: Option<String>,
    /// Its labels: those that selectors name suffice.
    pub labels: BTreeMap<String, String>,
}

/// The environment variables of the VM, where HMAC secrets lie.
pub trait Environment {
    /// The bytes of a variable, or `None` where it is not set.
    fn variable(&self, name: &str) -> Option<Vec<u8>>;
}

/// Cryptography that a host offers, faster than what runs inside the VM.
pub trait HostCrypto {
    /// Whether the key made this signature, or `None` where the host can't tell: then the engine verifies on its own.
    /// Asked about RS256/384/512 and ES256/384/512 only; an ECDSA signature comes as DER, as BoringSSL takes it.
    fn verify(&self, key: &PublicKey, algorithm: Algorithm, message: &[u8], signature: &[u8])
    -> Option<bool>;

    /// Whether there is time to verify by an algorithm that is dear, for a token that nobody knows.
    fn has_time(&self) -> bool {
        true
    }

    /// Hears that a key was tried by an algorithm that is dear, and did not make the signature.
    fn tried_in_vain(&self) {}
}

/// Data that all workers of a proxy share, and all its plugins.
pub trait SharedData {
    /// What was written last.
    fn get(&self, key: &str) -> Option<Vec<u8>>;
    /// Overwrites, whoever wrote last.
    fn set(&self, key: &str, value: &[u8]);
}

/// The other end of the connection, and the port it came in on. Each is asked for only where a rule needs it.
pub trait Peer {
    /// The URI SAN of the client certificate of an mTLS connection, without `spiffe://`.
    fn principal(&self) -> Option<String>;
    /// The address of the direct peer; `None` where it can't be told for sure.
    fn source_ip(&self) -> Option<IpAddr>;
    /// The address of what the host takes for the client, be it that a header says so.
    fn remote_ip(&self) -> Option<IpAddr>;
    /// The port that the request came in on.
    fn destination_port(&self) -> Option<u16>;
}

/// Whether requests wait for keys that a provider serves.
pub trait Patience {
    /// Whether this request, which lacks keys of this issuer, is to wait: then it will be decided about anew. Where
    /// not, it is decided about without them.
    fn hope(&self, issuer: IssuerIndex, missing: Missing) -> Hope;
}

/// No patience: no request waits.
impl Patience for () {
    fn hope(&self, _: IssuerIndex, _: Missing) -> Hope {
        Hope::Never(Duration::ZERO)
    }
}

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixSeconds(pub u64);

/// What the engine may ask while it decides about one request.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The other end of the connection.
    pub peer: &'a dyn Peer,
    /// What other workers tell of tokens.
    pub shared: &'a dyn SharedData,
    /// The host's cryptography.
    pub crypto: &'a dyn HostCrypto,
    /// Who knows whether keys that are missing will come.
    pub patience: &'a dyn Patience,
    /// The time.
    pub now: UnixSeconds,
    /// Whether the request ends with its headers: no body follows, not even an empty one.
    pub ends_with_headers: bool,
}
