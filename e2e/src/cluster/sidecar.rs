//! What a sidecar tells of itself.

use super::{Forward, Kubectl, Log};
use crate::envoy::Stats;
use crate::http1;
use anyhow::{Context, Result};
use serde_json::Value;

/// Envoy's admin interface, within the pod.
const ADMIN_PORT: u16 = 15000;
/// How Istio names what discovers a plugin's configuration, up to the plugin's own name.
const DISCOVERY: &str = "extension_config_discovery.http_filter.";

/// How many lines of a log are told of a failed test.
const REMARKS: usize = 30;

/// The sidecar of one pod.
#[derive(Debug)]
pub struct Sidecar {
    /// The pod.
    pub pod: String,
    admin: Forward,
    log: Log,
}

impl Sidecar {
    /// That of the pod with the label `app`.
    ///
    /// # Errors
    /// No such pod is ready.
    pub async fn of(kubectl: &Kubectl, namespace: &str, app: &str) -> Result<Self> {
        let pod = kubectl.pod(namespace, app).await?;
        Ok(Self {
            admin: kubectl.forward(namespace, &pod, ADMIN_PORT).await?,
            log: kubectl.follow(namespace, &pod, "istio-proxy")?,
            pod,
        })
    }

    async fn ask(&self, path: &str) -> Result<String> {
        Ok(http1::get(self.admin.address(), path)
            .await
            .context("Envoy's admin interface is silent")?
            .text())
    }

    /// Its counters and gauges.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn stats(&self) -> Result<Stats> {
        Ok(Stats::parse(&self.ask("/stats?usedonly").await?))
    }

    /// How many new configurations of plugins it has tried, and how many of those it refused; both
    /// are counted in the same moment. (One that comes a second time counts as an update, but is
    /// not tried anew.)
    ///
    /// # Errors
    /// It does not answer.
    pub async fn outcomes(&self) -> Result<(u64, u64)> {
        let stats = self.stats().await?;
        let sum = |end: &str| stats.sum(|name| name.starts_with(DISCOVERY) && name.ends_with(end));
        Ok((sum(".config_reload"), sum(".update_rejected")))
    }

    /// Whether a plugin is part of what it runs.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn runs_plugin(&self) -> Result<bool> {
        // Listeners that drain are still listed, but no longer as active.
        let dump: Value =
            serde_json::from_str(&self.ask("/config_dump?resource=dynamic_listeners").await?)?;
        let listeners = dump.get("configs").and_then(Value::as_array).into_iter().flatten();
        let active = listeners.filter_map(|listener| listener.get("active_state"));
        Ok(active.map(Value::to_string).any(|listener| listener.contains("\"config_discovery\"")))
    }

    /// Whether a listener, or a part of one, still serves connections under a configuration that
    /// has been replaced. It then holds that configuration's plugin, and a plugin of the same name
    /// that comes again begins as it was.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn drains(&self) -> Result<bool> {
        let stats = self.stats().await?;
        Ok(stats.sum(|name| name.starts_with("listener_manager.") && name.ends_with("_draining"))
            > 0)
    }

    /// Returns the names of the routes that it has for a host and a port.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn route_names(&self, host: &str, port: u16) -> Result<Vec<String>> {
        let dump = self.ask("/config_dump?resource=dynamic_route_configs").await?;
        Ok(names_of_routes(&serde_json::from_str(&dump)?, host, port))
    }

    /// Where the code of the plugin lies that it runs: the agent names the file by its digest.
    ///
    /// # Errors
    /// It does not answer, or runs no plugin.
    pub async fn plugin_code(&self) -> Result<String> {
        let dump: Value =
            serde_json::from_str(&self.ask("/config_dump?resource=ecds_filters").await?)?;
        let place = "/ecds_filter/typed_config/config/vm_config/code/local/filename";
        let configs = dump.get("configs").and_then(Value::as_array).into_iter().flatten();
        let file = configs.filter_map(|config| config.pointer(place)).find_map(Value::as_str);
        Ok(file.context("no plugin runs")?.to_owned())
    }

    /// Everything that it, its agent and the filter logged since it was first looked at.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// The last of that without the requests: what a failed test should show.
    pub fn remarks(&self) -> String {
        let text = self.log();
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with(r#"{"#)).collect();
        lines.get(lines.len().saturating_sub(REMARKS)..).unwrap_or_default().join("\n")
    }

    /// The finished requests, oldest first. `e2e/kind/manifests/access-log.yaml` says what is told
    /// of each.
    pub fn access_log(&self) -> Vec<Value> {
        let text = self.log();
        let entries = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        entries.filter(|entry| entry.get("log").is_some_and(|log| log == "access")).collect()
    }
}

/// Returns the names of the routes that a dump of them has for a host, in their order. Istio names
/// what is for a port by it, and leaves the port out of the domains.
fn names_of_routes(dump: &Value, host: &str, port: u16) -> Vec<String> {
    let configs = dump.get("configs").and_then(Value::as_array).into_iter().flatten();
    let port = port.to_string();
    let hosts = configs
        .filter_map(|config| config.get("route_config"))
        .filter(|config| config.get("name").is_some_and(|name| *name == port))
        .filter_map(|config| config.get("virtual_hosts")?.as_array())
        .flatten();
    let is_for = |one: &&Value| {
        let domains = one.get("domains").and_then(Value::as_array).into_iter().flatten();
        domains.filter_map(Value::as_str).any(|domain| domain == host)
    };
    let routes = hosts.filter(is_for).filter_map(|one| one.get("routes")?.as_array()).flatten();
    let names = routes.map(|route| route.get("name").and_then(Value::as_str).unwrap_or_default());
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn routes_are_those_of_the_host_and_the_port_alone() {
        let host = |domain: &str, names: &[&str]| {
            let routes: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
            json!({"domains": [domain, "a.shop", "10.96.0.7"], "routes": routes})
        };
        let config = |name: &str, hosts: Value| json!({"route_config": {"name": name, "virtual_hosts": hosts}});
        let dump = json!({"configs": [
            config("9090", json!([host("a.shop.svc", &["of another port"])])),
            config("8080", json!([host("a.shop.svc", &["first", "second"]), host("b.shop.svc", &["other"])])),
            {"route_config": {"name": "8080"}},
        ]});
        assert_eq!(names_of_routes(&dump, "a.shop.svc", 8080), ["first", "second"]);
        assert_eq!(names_of_routes(&dump, "c.shop.svc", 8080), [""; 0]);
    }
}
