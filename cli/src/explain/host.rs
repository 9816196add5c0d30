//! What stands in for a proxy.

use attache_engine::IssuerIndex;
use attache_engine::host::{HostCrypto, Peer, SharedStore, UnixSeconds};
use attache_engine::host_context::HostContext;
use attache_engine::remote::{KeyWait, MissingKeys, WaitDecision};
use attache_plugin_config::Algorithm;
use std::net::IpAddr;
use std::time::Duration;

/// The other end of the connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    /// The mTLS principal, without `spiffe://`.
    pub(crate) principal: Option<String>,
    /// The address of the direct peer.
    pub(crate) address: Option<IpAddr>,
    /// What a header tells instead: Envoy does not know the direct peer's then.
    pub(crate) client_address: Option<IpAddr>,
    /// The port that the request comes in on.
    pub(crate) port: Option<u16>,
}

impl Peer for Client {
    fn principal(&self) -> Option<String> {
        self.principal.clone()
    }

    fn source_ip(&self) -> Option<IpAddr> {
        self.address
    }

    fn remote_ip(&self) -> Option<IpAddr> {
        self.client_address.or(self.address)
    }

    fn destination_port(&self) -> Option<u16> {
        self.port
    }
}

/// A proxy of one request: it shares nothing, and lets nothing wait.
pub(crate) struct TrialHost {
    pub(crate) client: Client,
    /// Every signature is taken for good.
    pub(crate) trusts_signatures: bool,
    /// Seconds since 1970.
    pub(crate) now: u64,
    /// Nothing follows the headers.
    pub(crate) ends_with_headers: bool,
}

impl TrialHost {
    /// Returns what the engine asks of a host.
    pub(crate) fn context(&self) -> HostContext<'_> {
        HostContext {
            peer: &self.client,
            shared: self,
            crypto: self,
            key_wait: self,
            now: UnixSeconds(self.now),
            ends_with_headers: self.ends_with_headers,
        }
    }
}

impl HostCrypto for TrialHost {
    fn verify(&self, _: &[u8], _: Algorithm, _: &[u8], _: &[u8]) -> Option<bool> {
        // Else the engine verifies on its own.
        self.trusts_signatures.then_some(true)
    }
}

impl SharedStore for TrialHost {
    fn read(&self, _: &str) -> Option<(Vec<u8>, Option<u32>)> {
        None
    }

    fn compare_and_set(&self, _: &str, _: &[u8], _: Option<u32>) -> bool {
        false
    }
}

impl KeyWait for TrialHost {
    fn wait_decision(&self, _: IssuerIndex, _: MissingKeys) -> WaitDecision {
        WaitDecision::GiveUp(Duration::from_secs(1))
    }
}
