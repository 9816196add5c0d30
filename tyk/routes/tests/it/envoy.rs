//! A real Envoy with route tables, a listener for each port.

use crate::cryptography::choose_cryptography;
use crate::istio::Tables;
use attache_test_envoy::{Launcher, chosen};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

/// What stands for all services.
pub(crate) const CLUSTER: &str = "services";

pub(crate) struct Envoy {
    process: attache_test_envoy::Envoy,
    ports: BTreeMap<u16, SocketAddr>,
    client: reqwest::Client,
}

/// Where an Envoy sent a request.
#[derive(Debug)]
pub(crate) struct Routed {
    /// The name of the route; `None` where none fits.
    pub(crate) route: Option<String>,
    pub(crate) backend: Option<String>,
}

impl Envoy {
    pub(crate) async fn start(tables: &Tables, services: SocketAddr) -> Self {
        let ports: BTreeMap<u16, SocketAddr> =
            tables.keys().map(|port| (*port, free_address())).collect();
        let listeners: Vec<Value> =
            tables.iter().map(|(port, hosts)| listener(ports[port], hosts)).collect();
        let bootstrap = json!({
            "admin": {"address": socket("127.0.0.1:0".parse().unwrap())},
            "static_resources": {
                "listeners": listeners,
                "clusters": [{
                    "name": CLUSTER, "connect_timeout": "5s",
                    "load_assignment": {"cluster_name": CLUSTER, "endpoints": [{"lb_endpoints": [
                        {"endpoint": {"address": socket(services)}}
                    ]}]}
                }]
            }
        });
        let process = Launcher::new(&chosen("1.40.0").unwrap()).unwrap().start(&bootstrap).unwrap();
        choose_cryptography();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut envoy = Self { process, ports, client };
        envoy.wait().await;
        envoy
    }

    async fn wait(&mut self) {
        let start = Instant::now();
        for address in self.ports.values() {
            while self.client.get(format!("http://{address}/")).send().await.is_err() {
                self.process.check().unwrap();
                assert!(start.elapsed() < Duration::from_secs(60), "{}", self.process.log());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// Sends what a gateway sent.
    pub(crate) async fn ask(&self, port: u16, host: &str, path: &str, version: &str) -> Routed {
        let Some(address) = self.ports.get(&port) else {
            return Routed { route: None, backend: None };
        };
        let mut request = self.client.get(format!("http://{address}{path}")).header("host", host);
        if version != "-" {
            request = request.header(crate::upstream::VERSION, version);
        }
        let answer = request.send().await.unwrap();
        let header =
            |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        Routed { route: header("x-route"), backend: header("x-backend") }
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn socket(address: SocketAddr) -> Value {
    json!({"socket_address": {"address": address.ip(), "port_value": address.port()}})
}

fn listener(address: SocketAddr, hosts: &[Value]) -> Value {
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "outbound",
        "route_config": {"virtual_hosts": hosts},
        "http_filters": [{
            "name": "router",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}
        }]
    });
    json!({
        "address": socket(address),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}]
    })
}
