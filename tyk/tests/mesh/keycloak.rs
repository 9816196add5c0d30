//! A Keycloak with a realm of two clients: `caller`, who gets tokens, and `gateway`, who exchanges
//! them for the mesh.

use crate::process::{Process, free_address, from_env};
use crate::service::try_send;
use form_urlencoded::Serializer;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Command;

/// A running Keycloak.
pub struct Keycloak {
    pub address: SocketAddr,
    _process: Process,
    _folder: tempfile::TempDir,
}

impl Keycloak {
    /// Starts one with the realm `mesh`, in memory.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (address, management) = (free_address(), free_address());
        // A copy of its own: it imports from below its home and writes what it builds there.
        let home = folder.path().join("keycloak");
        let copied = Command::new("cp")
            .arg("-r")
            .arg(from_env("KEYCLOAK_HOME"))
            .arg(&home)
            .status()
            .unwrap();
        assert!(copied.success());
        std::fs::create_dir_all(home.join("data/import")).unwrap();
        std::fs::write(home.join("data/import/mesh.json"), realm().to_string()).unwrap();
        let mut command = Command::new(home.join("bin/kc.sh"));
        command
            .args([
                "start-dev",
                "--import-realm",
                "--db=dev-mem",
                "--cache=local",
                "--http-host=127.0.0.1",
            ])
            .arg(format!("--http-port={}", address.port()))
            .arg(format!("--http-management-port={}", management.port()))
            .env("JAVA_OPTS_APPEND", "-Djava.net.preferIPv4Stack=true");
        let mut process = Process::start("keycloak", &mut command, folder.path());
        let url = format!("http://{address}/realms/mesh");
        let up = async || {
            try_send("GET", &url, &[], None).await.is_ok_and(|answer| answer.status == 200)
        };
        process.wait_until("serving its realm", up).await;
        Self { address, _process: process, _folder: folder }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}/realms/mesh{path}", self.address)
    }

    /// What discovery says of itself.
    pub async fn discovery(&self) -> Value {
        self.get("/.well-known/openid-configuration").await
    }

    pub async fn get(&self, path: &str) -> Value {
        try_send("GET", &self.url(path), &[], None).await.unwrap().body
    }

    /// A token of the caller, by client credentials.
    pub async fn callers_token(&self) -> String {
        let form = Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", "caller")
            .append_pair("client_secret", "caller-secret")
            .finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer =
            try_send("POST", &self.url("/protocol/openid-connect/token"), &headers, Some(&form))
                .await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["access_token"].as_str().unwrap().to_owned()
    }
}

fn realm() -> Value {
    let client = |id: &str| {
        json!({
            "clientId": id,
            "secret": format!("{id}-secret"),
            "enabled": true,
            "publicClient": false,
            "serviceAccountsEnabled": true,
            "standardFlowEnabled": false,
            "protocol": "openid-connect"
        })
    };
    // Whose token is exchanged must have been meant for who exchanges it.
    let for_gateway = json!({
        "name": "for the gateway",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "config": {"included.client.audience": "gateway", "access.token.claim": "true"}
    });
    let for_mesh = json!({
        "name": "for the mesh",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "config": {"included.client.audience": "mesh", "access.token.claim": "true"}
    });
    let mut caller = client("caller");
    caller["protocolMappers"] = json!([for_gateway]);
    let mut gateway = client("gateway");
    gateway["attributes"] = json!({"standard.token.exchange.enabled": "true"});
    gateway["protocolMappers"] = json!([for_mesh]);
    json!({
        "realm": "mesh",
        "enabled": true,
        "accessTokenLifespan": 300,
        "roles": {"realm": [{"name": "reader"}, {"name": "writer"}]},
        "users": [{
            "username": "service-account-caller",
            "enabled": true,
            "serviceAccountClientId": "caller",
            "realmRoles": ["reader"]
        }],
        "clients": [caller, gateway, client("mesh")]
    })
}
