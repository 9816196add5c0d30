//! The other end of a request's connection.

use crate::host;
use attache_engine::host::Peer;
use std::cell::OnceCell;
use std::net::{IpAddr, SocketAddr};

/// The connection that a request came in on. Each property is a hostcall, so each is read when it
/// is first needed, and once.
#[derive(Default)]
pub(crate) struct Connection {
    principal: OnceCell<Option<String>>,
    source: OnceCell<Option<SocketAddr>>,
    destination_port: OnceCell<Option<u16>>,
}

impl Connection {
    /// Returns what Envoy takes for the client. An address that it has from a header, as
    /// `x-forwarded-for` or one that it is told to look at (`original_ip_detection_extensions`),
    /// comes without a port, which Envoy tells as port 0; that of a connection never is.
    fn source(&self) -> Option<SocketAddr> {
        let read = || host::property(&["source", "address"]).and_then(address);
        *self.source.get_or_init(read)
    }
}

impl Peer for Connection {
    fn principal(&self) -> Option<String> {
        let read =
            || host::property(&["connection", "uri_san_peer_certificate"]).and_then(principal);
        self.principal.get_or_init(read).clone()
    }

    fn source_ip(&self) -> Option<IpAddr> {
        self.source().filter(|address| address.port() != 0).map(|address| address.ip())
    }

    fn remote_ip(&self) -> Option<IpAddr> {
        self.source().map(|address| address.ip())
    }

    fn destination_port(&self) -> Option<u16> {
        *self
            .destination_port
            .get_or_init(|| host::property(&["destination", "port"]).and_then(port))
    }
}

fn principal(uri: Vec<u8>) -> Option<String> {
    let uri = String::from_utf8(uri).ok()?;
    let principal = uri.strip_prefix("spiffe://").unwrap_or(&uri);
    (!principal.is_empty()).then(|| principal.to_owned())
}

/// Reads an address such as `10.0.0.1:4711` or `[2001:db8::1]:4711`.
fn address(text: Vec<u8>) -> Option<SocketAddr> {
    let address: SocketAddr = std::str::from_utf8(&text).ok()?.parse().ok()?;
    Some(SocketAddr::new(address.ip().to_canonical(), address.port()))
}

/// Reads a 64-bit integer, little-endian.
fn port(number: Vec<u8>) -> Option<u16> {
    let number = i64::from_le_bytes(number.try_into().ok()?);
    u16::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spiffe_uri_is_a_principal_without_its_scheme() {
        let read = |uri: &str| principal(uri.as_bytes().to_vec());
        assert_eq!(
            read("spiffe://cluster.local/ns/a/sa/b").as_deref(),
            Some("cluster.local/ns/a/sa/b")
        );
        assert_eq!(
            read("https://cluster.local/ns/a/sa/b").as_deref(),
            Some("https://cluster.local/ns/a/sa/b")
        );
        assert_eq!(read(""), None);
        assert_eq!(principal(vec![0xff]), None);
    }

    #[test]
    fn a_source_is_an_address_with_a_port() {
        let read =
            |text: &str| address(text.as_bytes().to_vec()).map(|address| address.to_string());
        assert_eq!(read("10.0.0.1:4711").as_deref(), Some("10.0.0.1:4711"));
        assert_eq!(read("[2001:db8::1]:0").as_deref(), Some("[2001:db8::1]:0"));
        assert_eq!(read("[::ffff:10.0.0.1]:4711").as_deref(), Some("10.0.0.1:4711"));
        assert_eq!(read("10.0.0.1"), None);
        assert_eq!(read("@pipe"), None);
    }

    #[test]
    fn a_port_is_an_integer_in_range() {
        assert_eq!(port(8080_i64.to_le_bytes().to_vec()), Some(8080));
        assert_eq!(port(65536_i64.to_le_bytes().to_vec()), None);
        assert_eq!(port((-1_i64).to_le_bytes().to_vec()), None);
        assert_eq!(port(vec![0x90, 0x1f]), None);
    }
}
