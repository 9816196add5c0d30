//! A real Tyk with the definitions of a scenario.

use crate::corpus::{Scenario, scenarios};
use crate::cryptography::choose_cryptography;
use crate::generate::requests;
use crate::recording::{Answer, Sent, read, write};
use crate::upstream::{MARK, serve};
use attache_tyk_routes::definition::{Definitions, Document};
use attache_tyk_routes::gateway::{Gateway, Request};
use serde_json::{Value, json};
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SECRET: &str = "of-this-test-alone";
/// How many requests are under way at once.
const AT_ONCE: usize = 16;

/// A program that ends with this value.
struct Process(Child);

impl Process {
    fn start(command: &mut Command, log: &Path) -> Self {
        let log = File::create(log).unwrap();
        Self(
            command
                .stdin(Stdio::null())
                .stdout(log.try_clone().unwrap())
                .stderr(log)
                .spawn()
                .unwrap(),
        )
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Tyk {
    address: SocketAddr,
    client: reqwest::Client,
    _gateway: Process,
    _redis: Process,
    folder: tempfile::TempDir,
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Returns the object with another's members in it, at every depth.
fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

impl Tyk {
    async fn start(conf: &Value, upstream: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (address, store) = (free_address(), free_address());
        let mut redis = Command::new("redis-server");
        redis
            .args(["--bind", "127.0.0.1", "--save", "", "--port", &store.port().to_string()])
            .current_dir(folder.path());
        let redis = Process::start(&mut redis, &at("redis.log"));
        for name in ["apps", "middleware", "templates"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        std::fs::write(at("templates/error.json"), r#"{"error": "{{.Message}}"}"#).unwrap();
        std::fs::write(at("policies.json"), "{}").unwrap();
        let mut whole = json!({
            "secret": SECRET, "node_secret": SECRET,
            "template_path": at("templates"), "app_path": at("apps"), "middleware_path": at("middleware"),
            "policies": {"policy_source": "file", "policy_record_name": at("policies.json")},
            "storage": {"type": "redis", "host": "127.0.0.1", "port": store.port()},
            "hash_keys": true, "enable_analytics": false, "uptime_tests": {"disable": true}
        });
        merge(&mut whole, conf);
        // The port that definitions mean is the gateway's own, whatever it is here.
        merge(&mut whole, &json!({"listen_address": "127.0.0.1", "listen_port": address.port()}));
        std::fs::write(at("tyk.conf"), whole.to_string()).unwrap();
        let mut gateway =
            Command::new(std::env::var_os("TYK_BIN").expect("TYK_BIN; run scripts/test-tyk"));
        gateway.arg("start").arg("--conf").arg(at("tyk.conf")).current_dir(folder.path());
        // Every service is one program, which says what it was asked for.
        gateway
            .env("http_proxy", format!("http://{upstream}"))
            .env_remove("no_proxy")
            .env_remove("NO_PROXY");
        let gateway = Process::start(&mut gateway, &at("tyk.log"));
        choose_cryptography();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let mut tyk = Self { address, client, _gateway: gateway, _redis: redis, folder };
        tyk.wait().await;
        tyk
    }

    async fn wait(&mut self) {
        let start = Instant::now();
        let url = format!("http://{}/hello", self.address);
        loop {
            if self.client.get(&url).send().await.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            let ended = self._gateway.0.try_wait().unwrap();
            assert!(
                ended.is_none() && start.elapsed() < Duration::from_secs(120),
                "Tyk is not up: {}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("tyk.log")).unwrap_or_default()
    }

    async fn manage(&self, method: reqwest::Method, path: &str, body: &Value) -> String {
        let url = format!("http://{}{path}", self.address);
        let request = self.client.request(method, url).header("x-tyk-authorization", SECRET);
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(status, 200, "{path}: {text}\n{body:#}");
        text
    }

    /// Adds definitions, marked, and has the gateway serve them.
    async fn serve(&self, scenario: &Scenario) {
        for definition in scenario.definitions() {
            let path =
                if definition.get("openapi").is_some() { "/tyk/apis/oas" } else { "/tyk/apis" };
            self.manage(reqwest::Method::POST, path, &marked(&definition)).await;
        }
        self.manage(reqwest::Method::GET, "/tyk/reload/group?block=true", &Value::Null).await;
        self.manage(reqwest::Method::GET, "/tyk/reload?block=true", &Value::Null).await;
    }

    /// Returns a gateway of the definitions that this one tells of itself.
    async fn own_definitions(&self, scenario: &Scenario) -> Gateway {
        let mut documents = Vec::new();
        for path in ["/tyk/apis", "/tyk/apis/oas"] {
            let text = self.manage(reqwest::Method::GET, path, &Value::Null).await;
            documents
                .push(Document { value: serde_json::from_str(&text).unwrap(), is_named: false });
        }
        let found = Definitions::read(&documents);
        assert!(found.problems.is_empty(), "{}: {:?}", scenario.name, found.problems);
        assert_eq!(found.apis.len(), scenario.count(), "{}", scenario.name);
        Gateway::new(found.apis, scenario.gateway.settings().clone())
    }

    async fn ask(&self, request: &Request) -> Answer {
        let query =
            if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        let url = format!("http://{}{}{query}", self.address, request.path);
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).unwrap();
        let mut asked = self.client.request(method, url).header("host", &request.host);
        for (name, value) in &request.headers {
            asked = asked.header(name, value);
        }
        let answer = asked.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        let parts: Vec<&str> = text.split(' ').collect();
        match parts.as_slice() {
            [api, authority, host, path, version] if status == 200 && *authority != "-" => {
                Answer::Sent(Sent {
                    api: (*api).to_owned(),
                    authority: (*authority).to_owned(),
                    host: (*host).to_owned(),
                    path: (*path).to_owned(),
                    version: (*version).to_owned(),
                })
            }
            _ => Answer::Own(status),
        }
    }
}

/// Returns a definition that marks what it sends, and asks for no credential: who calls changes no
/// way.
fn marked(definition: &Value) -> Value {
    let mut definition = definition.clone();
    if definition.get("openapi").is_some() {
        let extension = &mut definition["x-tyk-api-gateway"];
        let id = extension["info"]["id"].clone();
        merge(
            extension,
            &json!({"middleware": {"global": {"transformRequestHeaders": {"enabled": true, "add": [{"name": MARK, "value": id}]}}}}),
        );
        if let Some(server) = extension["server"].as_object_mut() {
            server.remove("authentication");
        }
        definition.as_object_mut().unwrap().remove("security");
        return definition;
    }
    let id = definition["api_id"].clone();
    merge(&mut definition, &json!({"use_keyless": true, "active": true}));
    for version in definition["version_data"]["versions"].as_object_mut().unwrap().values_mut() {
        merge(version, &json!({"global_headers": {MARK: id}}));
    }
    definition
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Tyk and Redis: run scripts/test-tyk"]
async fn a_tyk_answers_as_was_recorded() {
    let upstream = serve().await;
    let is_recording = std::env::var_os("ATTACHE_RECORD").is_some();
    let only = std::env::var("ATTACHE_SCENARIO").unwrap_or_default();
    let mut count = 0;
    for scenario in scenarios().iter().filter(|scenario| scenario.name.contains(&only)) {
        println!("{}", scenario.name);
        let tyk = Tyk::start(&scenario.conf, upstream).await;
        tyk.serve(scenario).await;
        let requests = requests(scenario);
        let tyk = std::sync::Arc::new(tyk);
        let mut answers = Vec::new();
        for group in requests.chunks(AT_ONCE) {
            let tasks: Vec<_> = group
                .iter()
                .map(|request| {
                    let (tyk, request) = (std::sync::Arc::clone(&tyk), request.clone());
                    tokio::spawn(async move { tyk.ask(&request).await })
                })
                .collect();
            for task in tasks {
                answers.push(task.await.unwrap());
            }
        }
        count += answers.len();
        let told = tyk.own_definitions(scenario).await;
        for request in &requests {
            let (from_files, from_gateway) = (scenario.gateway.route(request), told.route(request));
            assert_eq!(from_files, from_gateway, "{}: {request:?}", scenario.name);
        }
        if is_recording {
            write(&scenario.name, &requests, &answers);
        } else {
            for ((request, now), then) in
                requests.iter().zip(&answers).zip(read(&scenario.name, &requests))
            {
                assert!(
                    is_alike(scenario, now, &then),
                    "{}: {request:?}\nnow  {now:?}\nthen {then:?}",
                    scenario.name
                );
            }
        }
    }
    println!("{count} requests through Tyk");
}

/// Returns whether two answers are the same, but for which of several targets in turn it was.
fn is_alike(scenario: &Scenario, now: &Answer, then: &Answer) -> bool {
    match (now, then) {
        (Answer::Sent(now), Answer::Sent(then)) if now.api == then.api => {
            let served = scenario.gateway.find(&now.api).unwrap();
            now == then || served.api.targets.len() > 1
        }
        _ => now == then,
    }
}
