//! Envoy's bootstrap: a listener a chain, each on a Unix socket. The route answers by itself: with
//! no service behind, nothing but the chain differs between listeners, and what the filters write
//! they have to write all the same.

use crate::chains::{Chain, Parts};
use anyhow::Result;
use serde_json::{Value, json};
use std::fs;
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
    let listeners: Vec<Value> = chains
        .iter()
        .map(|&chain| Ok(listener(&socket(folder, chain), &chain.name(), parts.filters(chain)?)))
        .collect::<Result<_>>()?;
    Ok(with_admin(folder, json!({"static_resources": {"listeners": listeners}})))
}

/// The bootstrap of one chain on many listeners, as a sidecar has it: one a service and port. The
/// first is the chain's own.
pub(crate) fn copies(folder: &Path, chain: Chain, count: usize, parts: &Parts) -> Result<Value> {
    let filters = parts.filters(chain)?;
    let mut listeners = vec![listener(&socket(folder, chain), &chain.name(), filters.clone())];
    for number in 1..count {
        let name = format!("{}-{number}", chain.name());
        listeners.push(listener(&folder.join(&name), &name, filters.clone()));
    }
    Ok(with_admin(folder, json!({"static_resources": {"listeners": listeners}})))
}

/// The bootstrap of an Envoy whose one listener is in a file that may change.
pub(crate) fn dynamic(folder: &Path) -> Value {
    let lds = json!({"path_config_source": {"path": listener_file(folder)}});
    let source = json!({
        "node": {"id": "bench", "cluster": "bench"},
        "dynamic_resources": {"lds_config": lds},
    });
    with_admin(folder, source)
}

/// Writes the file of [`dynamic`] in the place of what it was, in one step, as Envoy wants it.
pub(crate) fn write_listener(folder: &Path, chain: Chain, filters: Vec<Value>) -> Result<()> {
    let mut listener = listener(&socket(folder, chain), &chain.name(), filters);
    if let Some(listener) = listener.as_object_mut() {
        listener
            .insert("@type".into(), json!("type.googleapis.com/envoy.config.listener.v3.Listener"));
    }
    let file = listener_file(folder);
    let draft = file.with_extension("draft");
    fs::write(&draft, json!({"resources": [listener]}).to_string())?;
    Ok(fs::rename(draft, file)?)
}

fn listener_file(folder: &Path) -> PathBuf {
    folder.join("listener.json")
}

fn with_admin(folder: &Path, mut bootstrap: Value) -> Value {
    if let Some(bootstrap) = bootstrap.as_object_mut() {
        bootstrap.insert("admin".into(), json!({"address": pipe(&admin_socket(folder))}));
        // Not while a chain is measured.
        bootstrap.insert("stats_flush_interval".into(), json!("299s"));
    }
    bootstrap
}

fn listener(socket: &Path, name: &str, mut filters: Vec<Value>) -> Value {
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    }));
    json!({
        "name": name,
        "address": pipe(socket),
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                "stat_prefix": name,
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
    })
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
