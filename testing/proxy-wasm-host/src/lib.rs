//! A host for proxy-wasm modules inside a test or a tool: the ABI without a proxy around it.

pub mod interpreter;
