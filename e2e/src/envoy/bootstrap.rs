//! Envoy's configuration, as near to what Istio gives a sidecar as one Envoy can be.

use super::STATS_TAGS;
use super::mutual_tls::mutual_tls;
use anyhow::Result;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Configurations of the filter that Envoy took.
pub(super) const ACCEPTED: &str = "extension_config_discovery.http_filter.attache.update_success";
/// Those that it refused.
pub(super) const REFUSED: &str = "extension_config_discovery.http_filter.attache.update_rejected";

const HTTP_MANAGER: &str = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

/// The workload that an Envoy stands before.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Workload {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its service account.
    pub service_account: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

impl Default for Workload {
    fn default() -> Self {
        Self {
            namespace: "shop".into(),
            name: "orders".into(),
            service_account: "orders".into(),
            labels: BTreeMap::from([("app".into(), "orders".into())]),
        }
    }
}

/// What an Envoy is told of its place.
#[derive(Clone, Debug)]
pub struct Sidecar {
    /// The filter's module.
    pub module: PathBuf,
    /// The workload.
    pub workload: Workload,
    /// The environment of the filter's VM.
    pub environment: BTreeMap<String, String>,
    /// Where the workload's service listens.
    pub service: SocketAddr,
    /// The folder of `ca.pem`, `cert.pem` and `key.pem`, where mTLS is spoken besides plain text.
    pub certificates: Option<PathBuf>,
    /// How many workers Envoy has.
    pub workers: u32,
    /// What happens to requests when the filter's VM has trapped: Envoy's name for it.
    pub failure_policy: &'static str,
    /// Providers of keys, by the name of the cluster that leads to each.
    pub providers: BTreeMap<String, SocketAddr>,
    /// What an operator may set otherwise than Istio does.
    pub overrides: Overrides,
}

/// Members that take the place of those that Envoy is told as a rule: objects, or `null` for none.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Of the filter's `envoy.extensions.wasm.v3.PluginConfig`.
    pub plugin: Value,
    /// Of the HTTP connection manager.
    pub manager: Value,
    /// An HTTP filter that requests go through before they come to the plugin.
    pub filter_before: Value,
    /// Of the service's `HttpProtocolOptions`: its protocol, where that is not always the client's.
    pub upstream: Value,
}

impl Sidecar {
    /// That of the default workload, as Istio sets it up, with one worker: what is to be otherwise
    /// is set by whoever asks.
    pub fn before(service: SocketAddr, module: PathBuf) -> Self {
        Self {
            module,
            workload: Workload::default(),
            environment: BTreeMap::new(),
            service,
            certificates: None,
            workers: 1,
            failure_policy: "FAIL_CLOSED",
            providers: BTreeMap::new(),
            overrides: Overrides::default(),
        }
    }

    /// The bootstrap of an Envoy that listens at `address` and keeps its files in `folder`.
    pub(super) fn bootstrap(&self, folder: &Path, address: SocketAddr) -> Value {
        let mut chains = vec![json!({
            "filter_chain_match": {"transport_protocol": "raw_buffer"},
            "filters": [self.http_manager(folder)],
        })];
        if let Some(certificates) = &self.certificates {
            chains.push(json!({
                "filter_chain_match": {"transport_protocol": "tls"},
                "filters": [self.http_manager(folder)],
                "transport_socket": mutual_tls(certificates),
            }));
        }
        json!({
            "node": {"id": format!("sidecar~{}.{}", self.workload.name, self.workload.namespace), "cluster": "mesh",
                "metadata": {
                    "NAMESPACE": self.workload.namespace,
                    "WORKLOAD_NAME": self.workload.name,
                    "SERVICE_ACCOUNT": self.workload.service_account,
                    "LABELS": self.workload.labels,
                }},
            "admin": {"address": socket("127.0.0.1", 0)},
            "stats_config": {"use_all_default_tags": false, "stats_tags": stats_tags()},
            "static_resources": {
                "listeners": [{
                    "name": "inbound",
                    "traffic_direction": "INBOUND",
                    "address": socket(&address.ip().to_string(), address.port()),
                    // Two Envoys must not share a port unnoticed.
                    "enable_reuse_port": false,
                    "listener_filters": [{
                        "name": "envoy.filters.listener.tls_inspector",
                        "typed_config": {"@type":
                            "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"},
                    }],
                    "filter_chains": chains,
                }],
                "clusters": self.clusters(),
            },
        })
    }

    fn clusters(&self) -> Vec<Value> {
        let provider = |(name, address): (&String, &SocketAddr)| {
            json!({
                "name": name,
                "type": "STATIC",
                "connect_timeout": "1s",
                "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {
                    "address": socket(&address.ip().to_string(), address.port())}}]}]},
            })
        };
        std::iter::once(self.service_cluster()).chain(self.providers.iter().map(provider)).collect()
    }

    fn service_cluster(&self) -> Value {
        let mut protocol = json!({
            "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        });
        if self.overrides.upstream.is_null() {
            let both = json!({"http_protocol_options": {}, "http2_protocol_options": {}});
            override_members(&mut protocol, &json!({"use_downstream_protocol_config": both}));
        } else {
            override_members(&mut protocol, &self.overrides.upstream);
        }
        json!({
            "name": "service",
            "type": "STATIC",
            "load_assignment": {"cluster_name": "service", "endpoints": [{"lb_endpoints": [{"endpoint": {
                "address": socket(&self.service.ip().to_string(), self.service.port())}}]}]},
            "typed_extension_protocol_options": {
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocol,
            },
        })
    }

    fn http_manager(&self, folder: &Path) -> Value {
        let mut manager = http_manager(folder);
        if let Some(config) = manager.get_mut("typed_config") {
            override_members(config, &self.overrides.manager);
        }
        let filters =
            manager.pointer_mut("/typed_config/http_filters").and_then(Value::as_array_mut);
        if let (Some(filters), false) = (filters, self.overrides.filter_before.is_null()) {
            filters.insert(0, self.overrides.filter_before.clone());
        }
        manager
    }

    /// Writes the filter's resource where Envoy looks for it, in one step.
    pub(super) fn write_filter(
        &self,
        folder: &Path,
        configuration: &str,
        version: u64,
    ) -> Result<()> {
        let mut resource = json!({
            "version_info": version.to_string(),
            "resources": [{
                "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
                "name": "attache",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                    "config": {
                        "name": "attache",
                        "failure_policy": self.failure_policy,
                        "vm_config": {
                            "runtime": "envoy.wasm.runtime.v8",
                            "code": {"local": {"filename": self.module}},
                            "environment_variables": {"key_values": self.environment},
                        },
                        // Istio turns `pluginConfig` into JSON itself; an Envoy would hand on a
                        // Struct undecoded.
                        "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue",
                            "value": configuration},
                    },
                },
            }],
        });
        if let Some(config) = resource.pointer_mut("/resources/0/typed_config/config") {
            override_members(config, &self.overrides.plugin);
        }
        let next = folder.join("filter.next.json");
        fs::write(&next, resource.to_string())?;
        Ok(fs::rename(next, folder.join("filter.json"))?)
    }
}

fn stats_tags() -> Vec<Value> {
    STATS_TAGS.iter().map(|(tag, regex)| json!({"tag_name": tag, "regex": regex})).collect()
}

fn override_members(object: &mut Value, members: &Value) {
    if let (Value::Object(object), Value::Object(members)) = (object, members) {
        object.extend(members.clone());
    }
}

/// The HTTP connection manager of an inbound listener, with what Istio sets that a filter can
/// notice.
fn http_manager(folder: &Path) -> Value {
    json!({
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": HTTP_MANAGER,
            "stat_prefix": "inbound",
            "server_name": "istio-envoy",
            "use_remote_address": false,
            "normalize_path": true,
            "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
            "forward_client_cert_details": "APPEND_FORWARD",
            "set_current_client_cert_details": {"subject": true, "dns": true, "uri": true},
            "stream_idle_timeout": "0s",
            "proxy_100_continue": true,
            // A CONNECT goes no further than the filter.
            "upgrade_configs": [{"upgrade_type": "websocket"}, {"upgrade_type": "CONNECT"}],
            "route_config": {"virtual_hosts": [{"name": "inbound", "domains": ["*"], "routes": [
                {"match": {"connect_matcher": {}}, "direct_response": {"status": 405}},
                {"match": {"prefix": "/"}, "route": {"cluster": "service", "timeout": "0s"}}]}]},
            "access_log": [{
                "name": "envoy.access_loggers.file",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                    "path": folder.join("access.log"),
                    "log_format": {"json_format": {
                        "id": "%REQ(X-REQUEST-ID)%",
                        "code": "%RESPONSE_CODE%",
                        "details": "%RESPONSE_CODE_DETAILS%",
                        "unverified": "%FILTER_STATE(wasm.attache.unverified:PLAIN)%",
                        "reason": "%FILTER_STATE(wasm.attache.reason:PLAIN)%",
                        "policy": "%FILTER_STATE(wasm.attache.policy:PLAIN)%",
                        "rule": "%FILTER_STATE(wasm.attache.rule:PLAIN)%",
                        "issuer": "%FILTER_STATE(wasm.attache.issuer:PLAIN)%",
                        "subject": "%FILTER_STATE(wasm.attache.subject:PLAIN)%",
                        "shadow_reason": "%FILTER_STATE(wasm.attache.shadow_reason:PLAIN)%",
                    }},
                },
            }],
            "http_filters": [
                {"name": "attache", "config_discovery": {
                    "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"],
                    "config_source": {
                        "resource_api_version": "V3",
                        "initial_fetch_timeout": "0s",
                        "path_config_source": {"path": folder.join("filter.json")},
                    }}},
                {"name": "envoy.filters.http.router", "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}},
            ],
        },
    })
}

fn socket(host: &str, port: u16) -> Value {
    json!({"socket_address": {"address": host, "port_value": port}})
}
