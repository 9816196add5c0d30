//! Real gateways with their Redis, for one scenario.

use crate::faults::plugin;
use crate::process::{Process, free_address};
use crate::scenario::{Scenario, World};
use reqwest::blocking::Client;
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

const SECRET: &str = "of-this-test-alone";

pub(crate) struct Cluster {
    pub(crate) gateways: Vec<SocketAddr>,
    client: Client,
    _tyks: Vec<Process>,
    pub(crate) stores: Vec<Process>,
    _folder: tempfile::TempDir,
}

impl Cluster {
    /// Starts the gateways of a scenario, which lead to `upstream` and ask the issuer at `issuer`.
    pub(crate) fn start(
        scenario: &Scenario,
        upstream: SocketAddr,
        issuer: Option<SocketAddr>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = &scenario.real;
        let at = |name: &str| folder.path().join(name);
        for name in ["apps", "middleware", "templates"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        std::fs::write(at("templates/error.json"), r#"{"error": "{{.Message}}"}"#).unwrap();
        std::fs::write(at("policies.json"), world.policies.to_string()).unwrap();
        let definition = served(world, upstream, folder.path());
        let is_oas = definition.get("openapi").is_some();
        if !is_oas {
            std::fs::write(at("apps/orders.json"), definition.to_string()).unwrap();
        }
        std::fs::write(at("touch.js"), plugin()).unwrap();
        let count = if scenario.is_apart { world.gateways } else { 1 };
        let stores: Vec<(SocketAddr, Process)> =
            (0..count).map(|index| redis(folder.path(), index)).collect();
        // No client here speaks TLS, but none can be made without.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder().no_proxy().build().unwrap();
        let (mut gateways, mut tyks) = (Vec::new(), Vec::new());
        for index in 0..world.gateways {
            let store = stores[index % stores.len()].0;
            let (address, tyk) = gateway(world, index, folder.path(), store, issuer, &client);
            gateways.push(address);
            tyks.push(tyk);
        }
        let stores = stores.into_iter().map(|(_, process)| process).collect();
        let cluster = Self { gateways, client, _tyks: tyks, stores, _folder: folder };
        if is_oas {
            cluster.add(&definition);
        }
        cluster.wait_until_served();
        cluster.wait_for_each_other();
        cluster
    }

    /// Adds an OAS definition, which only the gateway's API takes.
    fn add(&self, definition: &Value) {
        let base = format!("http://{}/tyk", self.gateways[0]);
        let asked = |request: reqwest::blocking::RequestBuilder| {
            let answer = request.header("x-tyk-authorization", SECRET).send().unwrap();
            let status = answer.status();
            assert_eq!(status, 200, "{}", answer.text().unwrap());
        };
        asked(self.client.post(format!("{base}/apis/oas")).body(definition.to_string()));
        asked(self.client.get(format!("{base}/reload/group?block=true")));
        asked(self.client.get(format!("{base}/reload?block=true")));
    }

    /// Waits until each gateway asks for a key, which it does once it serves the API.
    fn wait_until_served(&self) {
        let start = std::time::Instant::now();
        for gateway in &self.gateways {
            let url = format!("http://{gateway}/orders/ready");
            while !self.client.get(&url).send().is_ok_and(|answer| answer.status() != 404) {
                assert!(start.elapsed().as_secs() < 60, "{gateway} does not serve the API");
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        }
    }

    /// Waits until each has told the others of itself, which they do every two seconds, and until
    /// they have heard it.
    fn wait_for_each_other(&self) {
        if self.gateways.len() > 1 {
            std::thread::sleep(std::time::Duration::from_secs(5));
        }
    }

    /// Returns a key with a session, which every gateway knows.
    pub(crate) fn key(&self, session: &Value) -> String {
        let made = self.send(self.gateways[0], reqwest::Method::POST, "", session);
        let key = made["key"].as_str().unwrap().to_owned();
        // Those with a store of their own have not heard of it.
        for gateway in self.gateways.iter().skip(1).take(self.stores.len() - 1) {
            self.send(*gateway, reqwest::Method::POST, &format!("/{key}"), session);
        }
        key
    }

    /// Writes a key anew.
    pub(crate) fn update(&self, key: &str, session: &Value, is_quiet: bool) {
        let quiet = if is_quiet { "?suppress_reset=1" } else { "" };
        self.send(self.gateways[0], reqwest::Method::PUT, &format!("/{key}{quiet}"), session);
    }

    fn send(
        &self,
        gateway: SocketAddr,
        method: reqwest::Method,
        path: &str,
        session: &Value,
    ) -> Value {
        let url = format!("http://{gateway}/tyk/keys{path}");
        let request = self.client.request(method, url).header("x-tyk-authorization", SECRET);
        let request = request.header("content-type", "application/json").body(session.to_string());
        let answer = request.send().unwrap();
        let (status, text) = (answer.status(), answer.text().unwrap());
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }
}

/// Returns the definition as gateways have it.
fn served(world: &World, upstream: SocketAddr, folder: &Path) -> Value {
    let mut definition = world.definition.clone();
    for place in ["/proxy/target_url", "/x-tyk-api-gateway/upstream/url"] {
        if let Some(target) = definition.pointer_mut(place) {
            *target = format!("http://{upstream}/").into();
        }
    }
    if let Some(path) = definition.pointer_mut("/custom_middleware/auth_check/path") {
        *path = folder.join("touch.js").to_str().unwrap().into();
    }
    definition
}

fn redis(folder: &Path, index: usize) -> (SocketAddr, Process) {
    let address = free_address();
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--save", "", "--port", &address.port().to_string()]);
    let mut process =
        Process::start(command.current_dir(folder), &folder.join(format!("redis-{index}.log")));
    process.wait_until("listening", || TcpStream::connect(address).is_ok());
    (address, process)
}

fn gateway(
    world: &World,
    index: usize,
    folder: &Path,
    store: SocketAddr,
    issuer: Option<SocketAddr>,
    client: &Client,
) -> (SocketAddr, Process) {
    let at = |name: &str| folder.join(name);
    let address = free_address();
    let mut conf = json!({
        "secret": SECRET, "node_secret": SECRET, "listen_address": "127.0.0.1", "listen_port": address.port(),
        "template_path": at("templates"), "app_path": at("apps"), "middleware_path": at("middleware"),
        "policies": {"policy_source": "file", "policy_record_name": at("policies.json"), "allow_explicit_policy_id": true},
        "storage": {"type": "redis", "host": "127.0.0.1", "port": store.port(), "timeout": 1},
        "hash_keys": true, "enable_analytics": false, "uptime_tests": {"disable": true},
        "pid_file_location": at(&format!("tyk-{index}.pid"))
    });
    if let Some(issuer) = issuer {
        conf["coprocess_options"] = json!({
            "enable_coprocess": true, "coprocess_grpc_server": format!("tcp://{issuer}"),
            "grpc_recv_max_size": 8_454_144
        });
    }
    for (key, value) in world.conf.as_object().unwrap() {
        conf[key] = value.clone();
    }
    let file = at(&format!("tyk-{index}.conf"));
    std::fs::write(&file, conf.to_string()).unwrap();
    let mut command =
        Command::new(std::env::var_os("TYK_BIN").expect("TYK_BIN; run scripts/test-tyk"));
    command.arg("start").arg("--conf").arg(&file).current_dir(folder);
    let mut process = Process::start(&mut command, &at(&format!("tyk-{index}.log")));
    let url = format!("http://{address}/hello");
    process.wait_until("greeting", || {
        client.get(&url).send().is_ok_and(|answer| answer.status() == 200)
    });
    (address, process)
}
