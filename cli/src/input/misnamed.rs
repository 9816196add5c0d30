//! Resources whose kind or group is written in another way than it must be: nothing would read
//! them.

use super::SourceFile;
use super::resource::{Kind, text};
use attache_config_reader::{Diagnostic, Location, Node, Path, quote, suggestion};
use std::rc::Rc;

/// The group whose kinds all carry a module.
const ISTIO_EXTENSIONS: &str = "extensions.istio.io";

/// A resource that no controller reads, and that seems to be meant for one that does.
#[derive(Debug)]
pub(crate) struct Misnamed {
    pub(crate) file: Rc<SourceFile>,
    /// Where the wrong word stands.
    pub(crate) location: Option<Location>,
    /// What is wrong with it; its path is from the document's root.
    pub(crate) error: Diagnostic,
}

/// Returns what is wrong with the kind of a resource at a path, or with its group; `None` where
/// nothing tells that it is meant to carry a configuration.
pub(super) fn misnaming(resource: &Node, at: &Path) -> Option<Diagnostic> {
    let version = resource.get("apiVersion").and_then(text)?;
    let kind = resource.get("kind").and_then(text)?;
    let group = version.split('/').next().unwrap_or_default();
    let kinds: Vec<&str> =
        Kind::ALL.iter().filter(|kind| kind.group() == group).map(|kind| kind.name()).collect();
    if kinds.contains(&kind) {
        return None;
    }
    if kinds.is_empty() {
        let groups =
            Kind::ALL.iter().filter(|known| known.name() == kind).map(|known| known.group());
        let meant = suggestion(group, groups)?;
        let message = format!("unknown group {}; did you mean `{meant}/v1alpha1`?", quote(group));
        return Some(Diagnostic::error(at.clone().key("apiVersion"), message));
    }
    let message = match suggestion(kind, kinds.iter().copied()) {
        Some(meant) => format!("unknown kind {}; did you mean `{meant}`?", quote(kind)),
        None if group == ISTIO_EXTENSIONS && !kind.ends_with("List") => {
            format!("unknown kind {} of `{group}`; use one of {}", quote(kind), kinds.join(", "))
        }
        None => return None,
    };
    Some(Diagnostic::error(at.clone().key("kind"), message))
}
