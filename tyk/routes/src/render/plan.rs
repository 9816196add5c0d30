//! Which service of the mesh a target is.

use crate::gap::{Gap, Kind};
use crate::mesh::{Arrival, HostSeen, Mesh};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What the definitions do not say.
#[derive(Clone, Debug)]
pub struct Options {
    /// Tyk's namespace, in which its sidecar finds the routes and where short names are completed.
    pub namespace: String,
    /// The cluster's domain.
    pub domain: String,
    /// Services for hosts that are no names of services, by the host or the host with its port.
    pub destinations: BTreeMap<String, Service>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            namespace: "tyk".to_owned(),
            domain: "cluster.local".to_owned(),
            destinations: BTreeMap::new(),
        }
    }
}

/// A port of a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The port.
    pub port: u16,
}

impl Service {
    /// Returns the name in full: `orders.shop.svc.cluster.local`.
    #[must_use]
    pub fn host(&self, domain: &str) -> String {
        format!("{}.{}.svc.{domain}", self.name, self.namespace)
    }
}

/// What arrives at one host, as routes have it.
pub(super) struct Host<'m> {
    /// The host that requests name.
    pub(super) name: String,
    /// In their order, each with the service that it goes to.
    pub(super) arrivals: Vec<(&'m Arrival, Service)>,
}

impl Options {
    /// Returns the service that a target is; `None` where its name does not tell.
    #[must_use]
    pub fn service(&self, host: &str, port: u16) -> Option<Service> {
        let known = self
            .destinations
            .get(&format!("{host}:{port}"))
            .or_else(|| self.destinations.get(host));
        if let Some(service) = known {
            return Some(service.clone());
        }
        if host.is_empty() || host.starts_with('[') || host.parse::<IpAddr>().is_ok() {
            return None;
        }
        let suffix = format!(".svc.{}", self.domain);
        let short = host.strip_suffix(&suffix).or_else(|| host.strip_suffix(".svc"));
        let (name, namespace) = match (short, host.split('.').collect::<Vec<_>>().as_slice()) {
            (Some(short), _) => short.split_once('.')?,
            (None, [name]) => (*name, self.namespace.as_str()),
            (None, [name, namespace]) => (*name, *namespace),
            (None, _) => return None,
        };
        let is_label = |text: &str| !text.is_empty() && !text.contains('.');
        (is_label(name) && is_label(namespace)).then(|| Service {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            port,
        })
    }
}

/// Returns what arrives by its host, and what has none.
pub(super) fn plan<'m>(mesh: &'m Mesh, options: &Options) -> (Vec<Host<'m>>, Vec<Gap>) {
    let mut hosts: BTreeMap<String, Host<'m>> = BTreeMap::new();
    let mut gaps: Vec<Gap> = Vec::new();
    for arrival in &mesh.arrivals {
        let Some(service) = options.service(&arrival.host, arrival.port) else {
            let gap = Gap {
                kind: Kind::UnknownTarget,
                api: arrival.api.clone(),
                place: arrival.place.clone(),
                reason: format!(
                    "`{}` is not the name of a service; say which it is with --destination {}=SERVICE.NAMESPACE:PORT",
                    arrival.host, arrival.host
                ),
            };
            if !gaps.contains(&gap) {
                gaps.push(gap);
            }
            continue;
        };
        let Some(name) = host_name(arrival, &service, mesh, options) else { continue };
        let host = hosts.entry(name.clone()).or_insert_with(|| Host { name, arrivals: Vec::new() });
        host.arrivals.push((arrival, service));
    }
    (hosts.into_values().collect(), gaps)
}

/// Returns the host that requests name; `None` where it is the client's and can't be listed, of
/// which a gap tells. Where another API on the port has any host of clients, its requests may name
/// this one: a route for it would take them away.
fn host_name(
    arrival: &Arrival,
    service: &Service,
    mesh: &Mesh,
    options: &Options,
) -> Option<String> {
    let is_any = |host: &HostSeen| matches!(host, HostSeen::Client(domain) if domain.is_empty() || domain.contains('{'));
    match &arrival.host_seen {
        HostSeen::Client(domain) => {
            let is_shared = mesh
                .arrivals
                .iter()
                .any(|other| other.port == arrival.port && is_any(&other.host_seen));
            (!is_shared).then(|| domain.clone())
        }
        // A name of the service, however short, has the routes of the full one.
        HostSeen::Target if options.destinations.is_empty() => Some(service.host(&options.domain)),
        HostSeen::Target => {
            let is_mapped = options.destinations.contains_key(&arrival.host)
                || options.destinations.contains_key(&format!("{}:{}", arrival.host, arrival.port));
            Some(if is_mapped { arrival.host.clone() } else { service.host(&options.domain) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_services_are_completed() {
        let options = Options::default();
        let host =
            |name: &str| options.service(name, 80).map(|service| service.host("cluster.local"));
        for (name, full) in [
            ("orders", Some("orders.tyk.svc.cluster.local")),
            ("orders.shop", Some("orders.shop.svc.cluster.local")),
            ("orders.shop.svc", Some("orders.shop.svc.cluster.local")),
            ("orders.shop.svc.cluster.local", Some("orders.shop.svc.cluster.local")),
            ("api.shop.example.com", None),
            ("10.0.0.1", None),
            ("[::1]", None),
        ] {
            assert_eq!(host(name).as_deref(), full, "{name}");
        }
    }
}
