//! Makes OCI images: of the Wasm module, in the form that Istio's agent and Envoy Gateway load (one
//! gzip tar layer that holds `plugin.wasm`), and of the issuer, a static program with nothing but
//! certificates beside it.

pub mod blob;
pub mod certificates;
pub mod image;
pub mod layout;
pub mod program;
pub mod push;
pub mod sbom;

#[cfg(test)]
mod tests;
