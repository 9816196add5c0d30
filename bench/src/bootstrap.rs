//! Envoy's bootstrap: a listener a chain, each on a Unix socket. The route answers by itself: with no service behind,
//! nothing but the chain differs between listeners, and what the filters write they have to write all the same.

use crate::chains::{Chain, Parts};
use anyhow::Result;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The host whose answer tells what a service would have seen.
pub(crate) const PROBE_HOST: &str = "probe";

/// The header in which the probe's answer tells of a request header.
pub(crate) fn seen(header: &str) -> String {
    format!("seen-{header}")
}

/// The headers that the probe tells of.
pub(crate) const PROBED: [&str; 5] = ["x-sub", "x-org-id", "x-email", "x-scope", "authorization"];

/// The socket that a chain listens on.
pub(crate) fn socket(folder: &Path, chain: Chain) -> PathBuf {
    folder.join(chain.name())
}

/// The socket of Envoy's administration.
pub(crate) fn admin_socket(folder: &Path) -> PathBuf {
    folder.join("admin")
}

pub(crate) fn bootstrap(folder: &Path, chains: &[Chain], parts: &Parts) -> Result<Value> {
    let listeners: Vec<Value> =
        chains.iter().map(|&chain| listener(folder, chain, parts)).collect::<Result<_>>()?;
    Ok(json!({
        "admin": {"address": pipe(&admin_socket(folder))},
        // Not while a chain is measured.
        "stats_flush_interval": "299s",
        "static_resources": {"listeners": listeners},
    }))
}

fn listener(folder: &Path, chain: Chain, parts: &Parts) -> Result<Value> {
    let mut filters = parts.filters(chain)?;
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    }));
    Ok(json!({
        "name": chain.name(),
        "address": pipe(&socket(folder, chain)),
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": chain.name(),
                "server_name": "istio-envoy",
                "use_remote_address": false,
                "normalize_path": true,
                "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
                "stream_idle_timeout": "0s",
                "route_config": {"virtual_hosts": [
                    {"name": "probe", "domains": [PROBE_HOST], "routes": [answer(true)]},
                    {"name": "service", "domains": ["*"], "routes": [answer(false)]},
                ]},
                "http_filters": filters,
            },
        }]}],
    }))
}

fn answer(telling: bool) -> Value {
    let mut route = json!({"match": {"prefix": "/"}, "direct_response": {"status": 200}});
    if telling && let Some(route) = route.as_object_mut() {
        let headers: Value = PROBED
            .iter()
            .map(|header| json!({"header": {"key": seen(header), "value": format!("%REQ({header})%")}}))
            .collect();
        route.insert("response_headers_to_add".into(), headers);
    }
    route
}

fn pipe(path: &Path) -> Value {
    json!({"pipe": {"path": path}})
}
