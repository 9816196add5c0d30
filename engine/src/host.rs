//! What the engine asks of the place that it runs in: ports, which speak of bytes, texts and
//! numbers alone.

use attache_plugin_config::Algorithm;
use std::collections::BTreeMap;
use std::net::IpAddr;

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
    /// Returns the bytes of a variable, or `None` where it is not set.
    fn variable(&self, name: &str) -> Option<Vec<u8>>;
}

/// Cryptography that a host offers, faster than what runs inside the VM.
pub trait HostCrypto {
    /// Returns whether the key, a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), made this
    /// signature, or `None` where the host can't tell: then the engine verifies on its own if it is
    /// built with `software-signatures`, and refuses if not.
    ///
    /// Asked about RS256/384/512 and ES256/384/512 only; an ECDSA signature comes as DER, as
    /// BoringSSL takes it.
    fn verify(
        &self,
        key: &[u8],
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Option<bool>;

    /// Returns whether there is time to verify by an algorithm that is dear, for a token that
    /// nobody knows.
    fn has_time(&self) -> bool {
        true
    }

    /// Hears that a key was tried by an algorithm that is dear, and did not make the signature.
    fn tried_in_vain(&self) {}
}

/// Byte strings that all workers of a proxy read and write, and all its plugins, such as Envoy's
/// shared data.
pub trait SharedStore {
    /// Returns a value, with the version by which a later [`SharedStore::compare_and_set`] proves
    /// its knowledge.
    fn read(&self, key: &str) -> Option<(Vec<u8>, Option<u32>)>;

    /// Writes a value. With a version, only if the value is still the one that was read with it, or
    /// if there is none. Returns whether it was written.
    fn compare_and_set(&self, key: &str, value: &[u8], version: Option<u32>) -> bool;
}

/// The other end of the connection, and the port it came in on. Each is asked for only where a rule
/// needs it.
pub trait Peer {
    /// Returns the URI SAN of the client certificate of an mTLS connection, without `spiffe://`.
    fn principal(&self) -> Option<String>;
    /// Returns the address of the direct peer; `None` where it can't be told for sure.
    fn source_ip(&self) -> Option<IpAddr>;
    /// Returns the address of what the host takes for the client, be it that a header says so.
    fn remote_ip(&self) -> Option<IpAddr>;
    /// Returns the port that the request came in on.
    fn destination_port(&self) -> Option<u16>;
}

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixSeconds(pub u64);
