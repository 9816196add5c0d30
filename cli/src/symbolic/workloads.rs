//! Workloads that selectors tell apart: one of each class.

use attache_engine::host::Workload;
use attache_engine::policy::selector_fits;
use attache_plugin_config::{Config, Selector};
use std::collections::{BTreeMap, BTreeSet};

/// So many classes that nobody reads an answer for each.
const MAX_CLASSES: usize = 4096;

/// The selectors tell too many workloads apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the selectors tell more than {MAX_CLASSES} classes of workloads apart; name one")]
pub(crate) struct TooManyWorkloads;

/// Returns a workload of each class that the policies of these configurations tell apart: for all
/// of a class the same policies apply. Each is as the first says, where that says something of it,
/// but that a resource in Istio's root namespace is for all.
///
/// # Errors
/// There are too many.
pub(crate) fn workload_classes(
    own: &Workload,
    configs: &[&Config],
) -> Result<Vec<Workload>, TooManyWorkloads> {
    let policies = configs.iter().flat_map(|config| &config.policies);
    let selectors: Vec<&Selector> = policies.map(|policy| &policy.selector).collect();
    let namespaces: BTreeSet<&String> = selectors.iter().flat_map(|it| &it.namespaces).collect();
    let accounts: BTreeSet<&String> =
        selectors.iter().flat_map(|it| &it.service_accounts).collect();
    let mut labels: BTreeMap<&String, BTreeSet<&String>> = BTreeMap::new();
    for (name, value) in selectors.iter().flat_map(|it| &it.labels) {
        labels.entry(name).or_default().insert(value);
    }
    let mut classes = vec![own.clone()];
    let named = |workload: &Workload| {
        let namespaces = namespaces.iter().map(|name| Some((*name).clone()));
        namespaces.map(|namespace| Workload { namespace, ..workload.clone() }).collect()
    };
    classes = split(classes, &selectors, &named)?;
    for (label, values) in &labels {
        // A resource for workloads with a label is for no others.
        let labelled = |workload: &Workload| {
            let with = |value: &&String| {
                let mut labelled = workload.clone();
                labelled.labels.entry((*label).clone()).or_insert_with(|| (*value).clone());
                labelled
            };
            values.iter().map(with).collect()
        };
        classes = split(classes, &selectors, &labelled)?;
    }
    let served = |workload: &Workload| {
        let accounts = accounts.iter().map(|name| Some((*name).clone()));
        accounts.map(|service_account| Workload { service_account, ..workload.clone() }).collect()
    };
    split(classes, &selectors, &served)
}

/// Adds variants of each workload, and keeps one of those for which the same selectors may still
/// fit.
fn split(
    classes: Vec<Workload>,
    selectors: &[&Selector],
    variants: &dyn Fn(&Workload) -> Vec<Workload>,
) -> Result<Vec<Workload>, TooManyWorkloads> {
    let mut seen = BTreeSet::new();
    let mut split = Vec::new();
    for workload in classes {
        for variant in std::iter::once(workload.clone()).chain(variants(&workload)) {
            let answers: Vec<[bool; 3]> =
                selectors.iter().map(|selector| answers(selector, &variant)).collect();
            // What a selector says of labels counts one by one until all are chosen.
            let labels: Vec<bool> = selectors
                .iter()
                .flat_map(|it| {
                    it.labels.iter().map(|(name, value)| variant.labels.get(name) == Some(value))
                })
                .collect();
            if seen.insert((answers, labels)) {
                split.push(variant);
            }
        }
        if split.len() > MAX_CLASSES {
            return Err(TooManyWorkloads);
        }
    }
    Ok(split)
}

/// Returns whether a selector's namespaces, its labels and its service accounts fit.
fn answers(selector: &Selector, workload: &Workload) -> [bool; 3] {
    let Selector { namespaces, labels, service_accounts } = selector.clone();
    let parts = [
        Selector { namespaces, ..Selector::default() },
        Selector { labels, ..Selector::default() },
        Selector { service_accounts, ..Selector::default() },
    ];
    parts.map(|part| selector_fits(&part, workload))
}

/// Returns what people call a workload.
pub(crate) fn described(workload: &Workload) -> String {
    let mut parts = Vec::new();
    match (&workload.namespace, &workload.name) {
        (Some(namespace), Some(name)) => parts.push(format!("{namespace}/{name}")),
        (Some(namespace), None) => parts.push(format!("namespace {namespace}")),
        (None, _) => {}
    }
    parts.extend(workload.service_account.iter().map(|name| format!("service account {name}")));
    parts.extend(workload.labels.iter().map(|(name, value)| format!("{name}={value}")));
    if parts.is_empty() { "any other workload".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attache_plugin_config::parse;

    fn config(selectors: &[&str]) -> Config {
        let policies: Vec<String> = selectors
            .iter()
            .enumerate()
            .map(|(number, selector)| format!(r#"{{"name": "p{number}"{selector}}}"#))
            .collect();
        let issuers = r#"[{"name": "a", "issuer": "a", "jwksUri": "https://a.test/keys"}]"#;
        let text = format!(r#"{{"issuers": {issuers}, "policies": [{}]}}"#, policies.join(","));
        parse(text.as_bytes()).unwrap()
    }

    fn classes(own: &Workload, selectors: &[&str]) -> Vec<String> {
        workload_classes(own, &[&config(selectors)]).unwrap().iter().map(described).collect()
    }

    #[test]
    fn there_is_one_of_each_class() {
        let any = Workload::default();
        assert_eq!(classes(&any, &[""]), ["any other workload"]);
        let apps =
            [r#","selector":{"labels":{"app":"a"}}"#, r#","selector":{"labels":{"app":"b"}}"#];
        assert_eq!(classes(&any, &apps), ["any other workload", "app=a", "app=b"]);
        let two =
            [r#","selector":{"labels":{"app":"a"}}"#, r#","selector":{"labels":{"tier":"x"}}"#];
        assert_eq!(classes(&any, &two), ["any other workload", "tier=x", "app=a", "app=a, tier=x"]);
        let both = [r#","selector":{"namespaces":["n"],"labels":{"app":"a"}}"#];
        assert!(classes(&any, &both).contains(&"namespace n, app=a".to_owned()));
    }

    #[test]
    fn what_the_resource_says_stays() {
        let own = Workload {
            namespace: Some("shop".to_owned()),
            labels: BTreeMap::from([("app".to_owned(), "a".to_owned())]),
            ..Workload::default()
        };
        let apps =
            [r#","selector":{"labels":{"app":"a"}}"#, r#","selector":{"labels":{"app":"b"}}"#];
        assert_eq!(classes(&own, &apps), ["namespace shop, app=a"]);
    }
}
