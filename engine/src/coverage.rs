//! Which policies of a document apply here.

use crate::host::Workload;
use attache_plugin_config::{Config, Diagnostic, Path};
use std::fmt;

/// How many policies of a document apply to the workload. Written as
/// `2 of 3 policies apply to shop/orders`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// How many apply.
    pub applying: usize,
    /// How many there are.
    pub all: usize,
    workload: String,
}

impl Coverage {
    pub(super) fn new(config: &Config, applying: usize, workload: &Workload) -> Self {
        Self { applying, all: config.policies.len(), workload: named(workload) }
    }

    /// Returns a warning where there are policies and none of them applies: then any good token is
    /// enough, which is what a misspelled label comes to.
    pub(super) fn warning(&self, workload: &Workload) -> Option<Diagnostic> {
        if self.all == 0 || self.applying > 0 {
            return None;
        }
        let labels: Vec<String> =
            workload.labels.iter().map(|(name, value)| format!("`{name}: {value}`")).collect();
        let labels = match labels.as_slice() {
            [] => "none of the labels that selectors name".to_owned(),
            labels => labels.join(", "),
        };
        let account = workload.service_account.as_deref().unwrap_or("none");
        let message = format!(
            "{self}, so every request with a valid token is allowed; if that is not meant, mend a `selector` (this workload \
             has the service account `{account}` and {labels})"
        );
        Some(Diagnostic::warning(Path::default().key("policies"), message))
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} policies apply to {}", self.applying, self.all, self.workload)
    }
}

/// Returns the workload as `namespace/name`, as far as Istio says.
fn named(workload: &Workload) -> String {
    match (&workload.namespace, &workload.name) {
        (Some(namespace), Some(name)) => format!("{namespace}/{name}"),
        (Some(namespace), None) => format!("a workload of {namespace}"),
        (None, Some(name)) => name.clone(),
        (None, None) => "a workload of which the proxy knows no name".to_owned(),
    }
}
