//! What a cluster holds, by kubectl: it knows how to log in, and whose rights to use.

use std::process::{Command, Stdio};

/// The kinds that carry a configuration, by their plural and their group.
pub(super) const KINDS: [&str; 3] = [
    "wasmplugins.extensions.istio.io",
    "trafficextensions.extensions.istio.io",
    "envoyextensionpolicies.gateway.envoyproxy.io",
];

/// Why a cluster can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClusterError {
    #[error("can't run `kubectl`: {0}; install it, or add it to PATH")]
    NoKubectl(std::io::Error),
    #[error("`{command}` failed: {said}; see that `kubectl get pods` works with this context")]
    Failed { command: String, said: String },
    #[error(
        "the cluster has none of the kinds that are looked for ({0}); is what brings them installed?"
    )]
    NoKinds(String),
    #[error("`{0}` printed what is not UTF-8")]
    NotUtf8(String),
}

/// Returns the resources of the cluster as YAML, a list of each kind that it has.
///
/// # Errors
/// kubectl is missing, or says what is wrong.
pub(super) fn read(
    kinds: &[&str],
    context: Option<&str>,
    namespace: Option<&str>,
) -> Result<String, ClusterError> {
    let known = kubectl(context, &["api-resources", "--output", "name"])?;
    let is_known = |kind: &&str| known.lines().any(|line| line.trim() == *kind);
    let there: Vec<&str> = kinds.iter().copied().filter(is_known).collect();
    if there.is_empty() {
        return Err(ClusterError::NoKinds(kinds.join(", ")));
    }
    let kinds = there.join(",");
    let mut arguments = vec!["get", &kinds, "--output", "yaml"];
    match namespace {
        Some(namespace) => arguments.extend(["--namespace", namespace]),
        None => arguments.push("--all-namespaces"),
    }
    kubectl(context, &arguments)
}

fn kubectl(context: Option<&str>, arguments: &[&str]) -> Result<String, ClusterError> {
    let mut command = Command::new("kubectl");
    command.args(arguments).stdin(Stdio::null());
    if let Some(context) = context {
        command.args(["--context", context]);
    }
    let shown = format!("kubectl {}", arguments.join(" "));
    let output = command.output().map_err(ClusterError::NoKubectl)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim().lines().last().unwrap_or("it said nothing").to_owned();
        return Err(ClusterError::Failed { command: shown, said });
    }
    String::from_utf8(output.stdout).map_err(|_| ClusterError::NotUtf8(shown))
}
