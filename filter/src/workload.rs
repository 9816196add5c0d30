//! Which workload this proxy stands before, read once, at configuration.

use crate::host;
use attache_engine::host::Workload;
use std::collections::{BTreeMap, BTreeSet};

/// Reads the workload's identity from the node metadata that Istio gives every proxy; of its labels
/// those that selectors name.
pub(crate) fn identify(labels: &BTreeSet<&str>) -> Workload {
    let labels =
        labels.iter().filter_map(|&label| Some((label.to_owned(), metadata(&["LABELS", label])?)));
    let mut found = BTreeMap::new();
    found.extend(labels);
    Workload {
        namespace: metadata(&["NAMESPACE"]),
        name: metadata(&["WORKLOAD_NAME"]),
        service_account: metadata(&["SERVICE_ACCOUNT"]),
        labels: found,
    }
}

fn metadata(path: &[&str]) -> Option<String> {
    let path = [&["xds", "node", "metadata"], path].concat();
    host::property(&path)
        .and_then(|value| String::from_utf8(value).ok())
        .filter(|value| !value.is_empty())
}
