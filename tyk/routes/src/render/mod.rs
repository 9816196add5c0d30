//! Writes what reaches the mesh as resources.

mod http_route;
mod plan;
mod policy;
mod precedence;
mod template;
mod virtual_service;

pub use http_route::http_routes;
pub use plan::{Options, Service};
pub use policy::policies;
pub use virtual_service::virtual_services;

use crate::gap::Gap;
use serde_json::Value;

/// Resources, and what they do not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// As Kubernetes takes them.
    pub resources: Vec<Value>,
    /// What has no route, or not all of it.
    pub gaps: Vec<Gap>,
}

/// Returns a name that Kubernetes takes: lower case letters, digits and `-`, 63 at most.
fn resource_name(parts: &[&str]) -> String {
    let text = parts.join("-").to_ascii_lowercase();
    let folded: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let short: String = folded.chars().take(63).collect();
    short.trim_matches('-').to_owned()
}
