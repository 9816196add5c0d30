//! The workloads that a configuration may be for.

use super::{Configuration, Resource};
use attache_engine::host::{Environment, Workload};
use attache_engine::policy::selector_fits;
use attache_plugin_config::{Config, Selector};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What stands for a secret that only the proxy knows: as long as any algorithm asks for.
const UNKNOWN_SECRET: [u8; 64] = [b'?'; 64];

/// The environment of a module, as far as its resource tells.
pub(crate) struct ModuleEnvironment(Option<BTreeMap<String, Option<String>>>);

impl ModuleEnvironment {
    /// Sets variables.
    pub(crate) fn extend(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        let mut variables =
            variables.into_iter().map(|(name, value)| (name, Some(value))).peekable();
        if variables.peek().is_some() {
            self.0.get_or_insert_default().extend(variables);
        }
    }
}

impl Environment for ModuleEnvironment {
    fn variable(&self, name: &str) -> Option<Vec<u8>> {
        match &self.0 {
            None => Some(UNKNOWN_SECRET.to_vec()),
            Some(variables) => match variables.get(name)? {
                None => Some(UNKNOWN_SECRET.to_vec()),
                Some(value) => Some(value.clone().into_bytes()),
            },
        }
    }
}

/// The environment of a module that has no variables.
pub(crate) struct NoVariables;

impl Environment for NoVariables {
    fn variable(&self, _: &str) -> Option<Vec<u8>> {
        None
    }
}

/// What a file of tests or of assertions says of the workload.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct WorkloadDocument {
    namespace: Option<String>,
    name: Option<String>,
    service_account: Option<String>,
    labels: Option<BTreeMap<String, String>>,
}

impl WorkloadDocument {
    /// Returns the workload, as far as the file describes it.
    pub(crate) fn workload(&self) -> Workload {
        Workload {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            service_account: self.service_account.clone(),
            labels: self.labels.clone().unwrap_or_default(),
        }
    }
}

impl Configuration {
    /// Returns the environment that the module has.
    pub(crate) fn environment(&self) -> ModuleEnvironment {
        ModuleEnvironment(self.resource().and_then(Resource::environment))
    }

    /// Returns a workload for each policy that may apply somewhere, and one that the resource alone
    /// describes, none twice.
    pub(crate) fn workloads(&self, config: &Config) -> Vec<Workload> {
        let own = self.own_workload();
        let mut workloads = vec![own.clone()];
        for policy in &config.policies {
            if let Some(workload) = selected(&own, &policy.selector)
                && !workloads.contains(&workload)
            {
                workloads.push(workload);
            }
        }
        workloads
    }

    /// Returns why a workload does not load the resource, as far as the resource tells.
    pub(crate) fn why_not_for(&self, workload: &Workload) -> Option<String> {
        let own = self.own_workload();
        let (of_resource, of_workload) =
            (own.namespace.as_deref()?, workload.namespace.as_deref()?);
        if of_resource != of_workload {
            return Some(format!(
                "{self} is for workloads of namespace {of_resource}, unless that is Istio's root namespace; a workload of \
                 {of_workload} does not load it"
            ));
        }
        let is_other =
            |(name, value): &(&String, &String)| workload.labels.get(*name) != Some(*value);
        let (name, value) = own.labels.iter().find(is_other)?;
        Some(format!(
            "{self} selects {name}={value}; a workload with another label does not load it"
        ))
    }

    /// Returns the workload as the resource describes it: its namespace, and the labels that it
    /// selects by.
    pub(crate) fn own_workload(&self) -> Workload {
        let resource = self.resource();
        Workload {
            namespace: resource.and_then(Resource::namespace).map(str::to_owned),
            labels: resource.map(Resource::selector).unwrap_or_default(),
            ..Workload::default()
        }
    }

    /// Returns a workload as a file describes it, and where that says nothing, as the resource
    /// does.
    pub(crate) fn workload_described(&self, described: &Workload) -> Workload {
        let own = self.own_workload();
        let mut labels = own.labels;
        labels.extend(described.labels.clone());
        Workload {
            namespace: described.namespace.clone().or(own.namespace),
            name: described.name.clone().or(own.name),
            service_account: described.service_account.clone().or(own.service_account),
            labels,
        }
    }
}

/// Returns whether a policy is for a workload.
pub(crate) fn has_policy_for(config: &Config, workload: &Workload) -> bool {
    config.policies.iter().any(|policy| selector_fits(&policy.selector, workload))
}

/// Returns a workload of these that a selector fits; `None` where it fits none of them. In Istio's
/// root namespace a resource is for all, so a namespace says nothing against another.
fn selected(workload: &Workload, selector: &Selector) -> Option<Workload> {
    let mut selected = workload.clone();
    for (name, value) in &selector.labels {
        let label = selected.labels.entry(name.clone()).or_insert_with(|| value.clone());
        if label != value {
            return None;
        }
    }
    let is_named = |namespace: &String| selector.namespaces.contains(namespace);
    if !selector.namespaces.is_empty() && !selected.namespace.as_ref().is_some_and(is_named) {
        selected.namespace = selector.namespaces.first().cloned();
    }
    selected.service_account = selector.service_accounts.first().cloned();
    Some(selected)
}
