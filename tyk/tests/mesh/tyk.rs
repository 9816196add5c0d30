//! A Tyk gateway with its Redis, driven through its own API.

use crate::process::{Process, free_address, from_env};
use crate::service::{Answer, send, try_send};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

const SECRET: &str = "of-this-test-alone";

/// A running gateway.
pub struct Tyk {
    pub address: SocketAddr,
    gateway: Process,
    redis: Process,
    store: SocketAddr,
    folder: tempfile::TempDir,
}

impl Tyk {
    /// Returns the errors of its log.
    pub fn errors(&self) -> String {
        self.gateway
            .log()
            .lines()
            .filter(|line| line.contains("level=error"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// Returns its log.
    pub fn log(&self) -> String {
        self.gateway.log()
    }

    /// Starts one that asks the issuer at this target, with the example policies and these besides.
    pub async fn start(issuer: &str, more_policies: Value) -> Self {
        Self::start_with(issuer, more_policies, json!({})).await
    }

    /// Starts one with more settings.
    pub async fn start_with(issuer: &str, more_policies: Value, settings: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (address, store) = (free_address(), free_address());
        let redis = Self::redis(store, folder.path()).await;
        let at = |name: &str| folder.path().join(name);
        for name in ["apps", "middleware", "templates"] {
            std::fs::create_dir(at(name)).unwrap();
        }
        std::fs::write(at("templates/error.json"), r#"{"error": "{{.Message}}"}"#).unwrap();
        let mut policies = example("policies.json");
        policies.as_object_mut().unwrap().extend(more_policies.as_object().unwrap().clone());
        std::fs::write(at("policies.json"), policies.to_string()).unwrap();
        let mut config = json!({
            "listen_address": "127.0.0.1",
            "listen_port": address.port(),
            "secret": SECRET,
            "node_secret": SECRET,
            "template_path": at("templates"),
            "app_path": at("apps"),
            "middleware_path": at("middleware"),
            "policies": {
                "policy_source": "file",
                "policy_record_name": at("policies.json"),
                "allow_explicit_policy_id": true
            },
            "storage": {"type": "redis", "host": "127.0.0.1", "port": store.port()},
            "hash_keys": true,
            "enable_analytics": false,
            "uptime_tests": {"disable": true},
            // The default limiter is an estimate; this one counts.
            "enable_redis_rolling_limiter": true,
            "local_session_cache": {"disable_cached_session_state": true},
            "coprocess_options": {
                "enable_coprocess": true,
                "coprocess_grpc_server": issuer,
                "grpc_round_robin_load_balancing": true,
                "grpc_recv_max_size": (8 << 20) + (64 << 10)
            }
        });
        config.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        std::fs::write(at("tyk.conf"), config.to_string()).unwrap();
        let mut gateway = Command::new(from_env("TYK_BIN"));
        gateway.arg("start").arg("--conf").arg(at("tyk.conf")).current_dir(folder.path());
        let mut gateway = Process::start("tyk", &mut gateway, folder.path());
        let url = format!("http://{address}/hello");
        let up = async || {
            try_send("GET", &url, &[], None).await.is_ok_and(|answer| answer.status == 200)
        };
        gateway.wait_until("greeting", up).await;
        Self { address, gateway, redis, store, folder }
    }

    async fn redis(address: SocketAddr, folder: &Path) -> Process {
        let port = address.port().to_string();
        let mut redis = Command::new("redis-server");
        redis.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port]);
        redis.current_dir(folder);
        let mut redis = Process::start("redis", &mut redis, folder);
        redis
            .wait_until("listening", async || tokio::net::TcpStream::connect(address).await.is_ok())
            .await;
        redis
    }

    /// Takes the store away for as long as `meanwhile` lasts. Another comes in its place, which is
    /// empty.
    pub async fn without_redis(&mut self, meanwhile: impl Future<Output = ()>) {
        self.redis.signal("-KILL");
        meanwhile.await;
        self.redis = Self::redis(self.store, self.folder.path()).await;
    }

    /// Adds an example API definition that leads to `upstream`, as changed by `change`.
    pub async fn add_api(&self, file: &str, upstream: SocketAddr, change: impl FnOnce(&mut Value)) {
        let mut api = example(file);
        let target = Value::from(format!("http://{upstream}/"));
        let path = if file.starts_with("oas/") {
            api["x-tyk-api-gateway"]["upstream"]["url"] = target;
            "/tyk/apis/oas"
        } else {
            api["proxy"]["target_url"] = target;
            "/tyk/apis"
        };
        change(&mut api);
        self.manage("POST", path, Some(&api)).await;
    }

    /// Has the gateway take up what was added.
    pub async fn reload(&self) {
        self.manage("GET", "/tyk/reload/group?block=true", None).await;
        self.manage("GET", "/tyk/reload?block=true", None).await;
    }

    /// A key with these policies.
    pub async fn key(&self, alias: &str, policies: &[&str]) -> String {
        self.key_of(&json!({"org_id": "acme", "alias": alias, "apply_policies": policies})).await
    }

    /// A key with this session.
    pub async fn key_of(&self, session: &Value) -> String {
        let made = self.manage("POST", "/tyk/keys", Some(session)).await;
        made["key"].as_str().unwrap().to_owned()
    }

    /// Gives a key its session again; asks until the gateway has its store back.
    pub async fn restore(&self, key: &str, session: &Value) {
        let (url, body) = (format!("http://{}/tyk/keys/{key}", self.address), session.to_string());
        let headers = [("x-tyk-authorization", SECRET), ("content-type", "application/json")];
        while !try_send("POST", &url, &headers, Some(&body))
            .await
            .is_ok_and(|answer| answer.status == 200)
        {}
    }

    /// Revokes a key.
    pub async fn revoke(&self, key: &str) {
        self.manage("DELETE", &format!("/tyk/keys/{key}"), None).await;
    }

    /// Registers an OAuth client.
    pub async fn oauth_client(&self, id: &str, secret: &str, api: &str, policy: &str) {
        let client = json!({
            "client_id": id, "secret": secret, "api_id": api, "policy_id": policy, "redirect_uri": "http://localhost"
        });
        self.manage("POST", "/tyk/oauth/clients/create", Some(&client)).await;
    }

    /// A client's request.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        send(method, &format!("http://{}{path}", self.address), headers, body).await
    }

    async fn manage(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let body = body.map(Value::to_string);
        let headers = [("x-tyk-authorization", SECRET), ("content-type", "application/json")];
        let answer = self.send(method, path, &headers, body.as_deref()).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.body);
        answer.body
    }
}

/// An example of `tyk/apis`.
fn example(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("apis").join(file);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
}
