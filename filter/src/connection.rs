//! The other end of a request's connection.

use crate::host;
use attache_engine::surroundings::Peer;
use std::cell::OnceCell;
use std::net::{IpAddr, SocketAddr};

/// The connection that a request came in on. Each property is a hostcall, so each is read when it is first needed, and
/// once.
pub(crate) struct Connection<'h> {
    headers: &'h [(String, Vec<u8>)],
    principal: OnceCell<Option<String>>,
    source_ip: OnceCell<Option<IpAddr>>,
    destination_port: OnceCell<Option<u16>>,
}

impl<'h> Connection<'h> {
    /// The connection of a request with these headers.
    pub(crate) fn of(headers: &'h [(String, Vec<u8>)]) -> Self {
        Self {
            headers,
            principal: OnceCell::new(),
            source_ip: OnceCell::new(),
            destination_port: OnceCell::new(),
        }
    }

    /// Whether `source.address` is the peer's: where a request has `x-forwarded-for`, Envoy tells what that says, and
    /// whoever can send a request can write it.
    fn shows_peer(&self) -> bool {
        !self.headers.iter().any(|(name, _)| name == "x-forwarded-for")
    }
}

impl Peer for Connection<'_> {
    fn principal(&self) -> Option<String> {
        let read = || host::property(&["connection", "uri_san_peer_certificate"]).and_then(principal);
        self.principal.get_or_init(read).clone()
    }

    fn source_ip(&self) -> Option<IpAddr> {
        let read = || host::property(&["source", "address"]).and_then(source_ip);
        if self.shows_peer() { *self.source_ip.get_or_init(read) } else { None }
    }

    fn destination_port(&self) -> Option<u16> {
        *self.destination_port.get_or_init(|| host::property(&["destination", "port"]).and_then(port))
    }
}

fn principal(uri: Vec<u8>) -> Option<String> {
    let uri = String::from_utf8(uri).ok()?;
    let principal = uri.strip_prefix("spiffe://").unwrap_or(&uri);
    (!principal.is_empty()).then(|| principal.to_owned())
}

/// `10.0.0.1:4711` or `[2001:db8::1]:4711`.
fn source_ip(address: Vec<u8>) -> Option<IpAddr> {
    let address: SocketAddr = std::str::from_utf8(&address).ok()?.parse().ok()?;
    Some(address.ip().to_canonical())
}

/// A 64-bit integer, little-endian.
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
        assert_eq!(read("spiffe://cluster.local/ns/a/sa/b").as_deref(), Some("cluster.local/ns/a/sa/b"));
        assert_eq!(
            read("https://cluster.local/ns/a/sa/b").as_deref(),
            Some("https://cluster.local/ns/a/sa/b")
        );
        assert_eq!(read(""), None);
        assert_eq!(principal(vec![0xff]), None);
    }

    #[test]
    fn a_source_is_an_address_with_a_port() {
        let read = |address: &str| source_ip(address.as_bytes().to_vec()).map(|ip| ip.to_string());
        assert_eq!(read("10.0.0.1:4711").as_deref(), Some("10.0.0.1"));
        assert_eq!(read("[2001:db8::1]:4711").as_deref(), Some("2001:db8::1"));
        assert_eq!(read("[::ffff:10.0.0.1]:4711").as_deref(), Some("10.0.0.1"));
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
