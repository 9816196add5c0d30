//! What the policies of a mesh make of a request without a token.

use super::samples::samples;
use crate::explain::{
    Client, Credential, Query, RequestLine, Simulation, WorkloadQuery, is_refused,
};
use crate::input::Configuration;
use attache_engine::policy::View;
use attache_plugin_config::{Config, Operation, Selector};
use attache_tyk_routes::definition::Document;
use attache_tyk_routes::drift::{Guard, Sample};
use attache_tyk_routes::render::Service;
use serde_json::Value;
use std::collections::BTreeMap;

/// The namespace whose resources are for the whole mesh.
const ROOT_NAMESPACE: &str = "istio-system";

/// The policies of a mesh, and the labels of its workloads as services select them.
pub(super) struct Policies<'c> {
    configurations: Vec<(&'c Configuration, Config)>,
    selectors: BTreeMap<(String, String), BTreeMap<String, String>>,
}

impl<'c> Policies<'c> {
    /// Takes configurations that the filter takes; others are left to `attache check`.
    pub(super) fn new(configurations: &'c [Configuration], documents: &[Document]) -> Self {
        let parsed = configurations.iter().filter_map(|one| Some((one, one.parse().ok()?)));
        let services = documents.iter().flat_map(|document| services(&document.value));
        Self { configurations: parsed.collect(), selectors: services.collect() }
    }

    /// Returns the configurations that are for the workload of a service.
    fn applying(
        &self,
        service: &Service,
        labels: &BTreeMap<String, String>,
    ) -> Vec<&(&'c Configuration, Config)> {
        self.configurations.iter().filter(|(one, _)| is_for(one, service, labels)).collect()
    }

    fn labels(&self, service: &Service) -> BTreeMap<String, String> {
        let known = self.selectors.get(&(service.namespace.clone(), service.name.clone()));
        // What says nothing else is taken to be labelled as most charts do.
        known.cloned().unwrap_or_else(|| BTreeMap::from([("app".to_owned(), service.name.clone())]))
    }
}

impl Guard for Policies<'_> {
    fn is_empty(&self) -> bool {
        self.configurations.is_empty()
    }

    fn samples(&self, service: &Service, within: &[String]) -> Vec<Sample> {
        let labels = self.labels(service);
        let everything = Operation::default();
        let mut found = Vec::new();
        for (_, config) in self.applying(service, &labels) {
            let policies = config.policies.iter();
            for policy in policies.filter(|policy| may_be_for(&policy.selector, service, &labels)) {
                for rule in &policy.rules {
                    if rule.to.is_empty() {
                        found.extend(samples(&everything, within));
                    }
                    found.extend(rule.to.iter().flat_map(|operation| samples(operation, within)));
                }
            }
        }
        found
    }

    fn lets_in(&self, service: &Service, host: &str, samples: &[&Sample]) -> Option<Vec<bool>> {
        let labels = self.labels(service);
        let mut answers = vec![true; samples.len()];
        for (configuration, config) in self.applying(service, &labels) {
            let query = Query {
                request: RequestLine { method: "GET".to_owned(), target: "/".to_owned() },
                host: host.to_owned(),
                headers: Vec::new(),
                credential: Credential::Nothing,
                keys: Vec::new(),
                client: Client {
                    principal: None,
                    address: None,
                    client_address: None,
                    port: Some(service.port),
                },
                workload: Some(WorkloadQuery {
                    name: Some((service.namespace.clone(), service.name.clone())),
                    labels: labels.clone().into_iter().collect(),
                    service_account: None,
                }),
                now: 0,
                ends_with_headers: true,
                view: View::Enforced,
            };
            let mut simulation = Simulation::new(query, configuration, config).ok()?;
            for (sample, answer) in samples.iter().zip(&mut answers) {
                if *answer {
                    let request = RequestLine {
                        method: sample.method.clone(),
                        target: encoded(&sample.path),
                    };
                    simulation.ask_without_token(&request, host);
                    *answer = !is_refused(&simulation.explain().decision, View::Enforced);
                }
            }
        }
        Some(answers)
    }
}

/// Returns a path as a request has it: characters that it can't hold are percent-encoded.
fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_graphic() {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// Returns whether a policy may be for the workload of a service; which service account that has is
/// not known.
fn may_be_for(selector: &Selector, service: &Service, labels: &BTreeMap<String, String>) -> bool {
    (selector.namespaces.is_empty() || selector.namespaces.contains(&service.namespace))
        && selector.labels.iter().all(|(name, value)| labels.get(name) == Some(value))
}

/// Returns whether a resource is for the workload of a service.
fn is_for(
    configuration: &Configuration,
    service: &Service,
    labels: &BTreeMap<String, String>,
) -> bool {
    let Some(resource) = configuration.resource() else { return true };
    let is_near = match resource.namespace() {
        None | Some(ROOT_NAMESPACE) => true,
        Some(namespace) => namespace == service.namespace,
    };
    is_near && resource.selector().iter().all(|(name, value)| labels.get(name) == Some(value))
}

/// Returns the namespace, the name and the selector of each Service.
fn services(value: &Value) -> Vec<((String, String), BTreeMap<String, String>)> {
    if let Some(items) = value.get("items").and_then(Value::as_array) {
        return items.iter().flat_map(services).collect();
    }
    let text = |pointer: &str| {
        value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let Some(selector) = value.pointer("/spec/selector").and_then(Value::as_object) else {
        return Vec::new();
    };
    if text("/kind") != "Service" {
        return Vec::new();
    }
    let label = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    vec![(
        (text("/metadata/namespace"), text("/metadata/name")),
        selector.iter().filter_map(label).collect(),
    )]
}
