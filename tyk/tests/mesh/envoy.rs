//! An Envoy with the filter before a service.

use crate::process::{free_address, from_env};
use crate::service::try_send;
use attache_test_envoy::Launcher;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long an Envoy may take to compile the module on a busy machine.
const PATIENCE: Duration = Duration::from_secs(600);

/// An Envoy with the filter.
pub struct Envoy {
    pub address: SocketAddr,
    process: attache_test_envoy::Envoy,
}

/// What the filter is told: an issuer whose roles decide over two rules, and three headers.
pub fn filter_config(issuer: &str, jwks: &str, roles: &str) -> Value {
    let jwks: Value = serde_json::from_str(jwks).unwrap();
    json!({
        "issuers": [{
            "name": "gateway",
            "issuer": issuer,
            "audiences": ["mesh"],
            "jwks": jwks,
            "roleClaims": [{"claim": roles}],
            "outputClaimToHeaders": [
                {"header": "x-user", "claim": "sub"},
                {"header": "x-roles", "claim": roles, "format": "CSV"},
                {"header": "x-tenant", "claim": "org_id"}
            ]
        }],
        "policies": [{
            "name": "orders",
            "rules": [
                {"name": "read", "to": [{"methods": ["GET"], "paths": ["/list"]}], "roles": {"anyOf": ["reader"]}},
                {"name": "write", "to": [{"methods": ["POST"], "paths": ["/list"]}], "roles": {"anyOf": ["writer"]}}
            ]
        }]
    })
}

impl Envoy {
    /// Starts one before a service.
    pub async fn start(filter: &Value, service: SocketAddr) -> Self {
        Self::start_with(filter, service, &json!({}), &[]).await
    }

    /// Returns its log.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Starts one before a service, with more of its connection manager, and more clusters.
    pub async fn start_with(
        filter: &Value,
        service: SocketAddr,
        manager: &Value,
        clusters: &[Value],
    ) -> Self {
        let address = free_address();
        // The audit lines of requests that go on are no warnings.
        let launcher = Launcher::new(&from_env("ENVOY_BIN")).unwrap();
        let launcher = launcher.arguments(&["--component-log-level", "wasm:info"]);
        let mut process =
            launcher.start(&with(bootstrap(filter, address, service), manager, clusters)).unwrap();
        let started = Instant::now();
        while try_send("GET", &format!("http://{address}/"), &[], None).await.is_err() {
            process.check().unwrap();
            assert!(started.elapsed() < PATIENCE, "Envoy does not answer:\n{}", process.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self { address, process }
    }
}

fn with(mut bootstrap: Value, manager: &Value, clusters: &[Value]) -> Value {
    let at = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    let own = bootstrap.pointer_mut(at).and_then(Value::as_object_mut).unwrap();
    own.extend(manager.as_object().unwrap().clone());
    let own = bootstrap["static_resources"]["clusters"].as_array_mut().unwrap();
    own.extend_from_slice(clusters);
    bootstrap
}

fn bootstrap(filter: &Value, address: SocketAddr, service: SocketAddr) -> Value {
    let socket = |address: SocketAddr| json!({"socket_address": {"address": address.ip(), "port_value": address.port()}});
    let text = |value: String| json!({"@type": "type.googleapis.com/google.protobuf.StringValue", "value": value});
    let wasm = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {
            "name": "attache",
            "root_id": "attache",
            "configuration": text(filter.to_string()),
            "vm_config": {
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": from_env("ATTACHE_MODULE")}}
            }
        }
    });
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "inbound",
        "route_config": {"virtual_hosts": [{
            "name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "service"}}]
        }]},
        "http_filters": [
            {"name": "attache", "typed_config": wasm},
            {"name": "router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}
        ]
    });
    json!({
        "node": {"id": "orders", "cluster": "orders", "metadata": {"NAMESPACE": "shop", "LABELS": {"app": "orders"}}},
        "static_resources": {
            "listeners": [{
                "name": "inbound",
                "address": socket(address),
                "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}]
            }],
            "clusters": [{
                "name": "service",
                "connect_timeout": "5s",
                "load_assignment": {"cluster_name": "service", "endpoints": [{"lb_endpoints": [
                    {"endpoint": {"address": socket(service)}}
                ]}]}
            }]
        }
    })
}
