//! Configurations that still have the Kubernetes resource around them.

use attache_config_reader::{Diagnostic, Node, PathRef, quote};

/// Refuses a document that is not the configuration alone, but the Kubernetes resource that holds
/// it.
///
/// # Errors
/// What to give instead.
pub(crate) fn check_is_no_resource(tree: &Node) -> Result<(), Diagnostic> {
    let kind = match tree.get("kind") {
        Some(Node::String(kind)) => quote(kind),
        _ => "a resource".to_owned(),
    };
    let inner = if tree.get("pluginConfig").is_some() {
        "pluginConfig"
    } else if tree.get("spec").is_some() || tree.get("apiVersion").is_some() {
        "spec.pluginConfig"
    } else {
        return Ok(());
    };
    let message = format!(
        "this is {kind} as a whole; give what is below its `{inner}`, which begins with `issuers`"
    );
    Err(PathRef::Root.error(message))
}
