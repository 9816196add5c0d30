//! Where hosts are. Each is looked up once: what somebody consented to is what is connected to,
//! whatever DNS answers later.

use crate::nearness::is_near;
use reqwest::Url;
use reqwest::blocking::ClientBuilder;
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};

/// The addresses of hosts, as they were looked up.
#[derive(Clone, Debug, Default)]
pub struct Hosts(BTreeMap<String, Vec<SocketAddr>>);

impl Hosts {
    /// Looks a URL's host up, unless it is known, and returns whether all of its addresses are near
    /// ([`is_near`]).
    ///
    /// # Errors
    /// The host is unknown, or has no address.
    pub fn find(&mut self, url: &Url) -> io::Result<bool> {
        self.find_by(url, |host, port| Ok((host, port).to_socket_addrs()?.collect()))
    }

    fn find_by(
        &mut self,
        url: &Url,
        look_up: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>>,
    ) -> io::Result<bool> {
        let name = url.host_str().unwrap_or_default();
        if !self.0.contains_key(name) {
            let host = name.trim_start_matches('[').trim_end_matches(']');
            let addresses = look_up(host, url.port_or_known_default().unwrap_or_default())?;
            if addresses.is_empty() {
                return Err(io::Error::new(io::ErrorKind::NotFound, "it has no address"));
            }
            self.0.insert(name.to_owned(), addresses);
        }
        let known = self.0.get(name).into_iter().flatten();
        Ok(known.map(SocketAddr::ip).all(is_near))
    }

    /// Has a client connect to these addresses for these hosts, and ask nobody for them again.
    pub fn pin(&self, client: ClientBuilder) -> ClientBuilder {
        self.0.iter().fold(client, |client, (host, all)| client.resolve_to_addrs(host, all))
    }
}

/// Takes addresses that are known.
impl FromIterator<(String, Vec<SocketAddr>)> for Hosts {
    fn from_iter<T: IntoIterator<Item = (String, Vec<SocketAddr>)>>(known: T) -> Self {
        Self(known.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_host_is_looked_up_once() {
        let asked = Cell::new(0_u8);
        let look_up = |host: &str, port: u16| {
            asked.set(asked.get() + 1);
            assert_eq!((host, port), ("gateway.test", 80));
            // Near first, and a stranger's whenever it is asked again.
            Ok(vec![SocketAddr::from(([if asked.get() == 1 { 10 } else { 8 }, 0, 0, 1], port))])
        };
        let mut hosts = Hosts::default();
        let url = Url::parse("http://gateway.test/").unwrap();
        assert!(hosts.find_by(&url, look_up).unwrap());
        assert!(hosts.find_by(&url, look_up).unwrap());
        assert_eq!(asked.get(), 1);
        assert_eq!(hosts.0["gateway.test"], [SocketAddr::from(([10, 0, 0, 1], 80))]);
    }

    #[test]
    fn a_host_without_an_address_is_not_near() {
        let url = Url::parse("http://gateway.test/").unwrap();
        let error = Hosts::default().find_by(&url, |_, _| Ok(Vec::new())).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let mixed = |_: &str, port: u16| {
            Ok([[10, 0, 0, 1], [8, 8, 8, 8]].map(|ip| SocketAddr::from((ip, port))).to_vec())
        };
        assert!(!Hosts::default().find_by(&url, mixed).unwrap());
        let url = Url::parse("https://[::1]:8443/").unwrap();
        assert!(Hosts::default().find(&url).unwrap());
    }
}
