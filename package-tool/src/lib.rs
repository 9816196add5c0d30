//! Makes an OCI image of the Wasm module, in the form that Istio's agent and Envoy Gateway load: an image of one gzip
//! tar layer that holds `plugin.wasm`.

pub mod blob;
pub mod image;
pub mod layout;
pub mod push;
pub mod sbom;

#[cfg(test)]
mod tests;
