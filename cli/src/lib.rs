//! `attache`: what an operator asks of a configuration before a proxy has it, decided by the engine
//! that the proxy runs.
//!
//! A library, so that the page that `attache playground` makes runs it too: as Wasm it has no
//! command line, and nothing that only a terminal has.

#![cfg_attr(
    target_family = "wasm",
    expect(dead_code, unused_imports, reason = "a page asks only what its form has")
)]

#[cfg(not(target_family = "wasm"))]
mod commands;
#[cfg(not(target_family = "wasm"))]
mod compare;
mod counted;
mod drift_rules;
#[cfg(test)]
mod enumerated;
mod examine;
mod exit;
mod explain;
mod finding;
mod import;
mod in_force;
mod input;
#[cfg(not(target_family = "wasm"))]
mod limits;
mod lint;
mod log;
mod logged;
mod methods;
#[cfg(not(target_family = "wasm"))]
mod mutate;
pub mod playground;
#[cfg(not(target_family = "wasm"))]
mod proof;
mod redact;
#[cfg(not(target_family = "wasm"))]
mod replay;
mod report;
mod resource_form;
mod shown;
#[cfg(not(target_family = "wasm"))]
mod symbolic;
#[cfg(not(target_family = "wasm"))]
mod test_keys;
mod trial;
mod tyk;
#[cfg(not(target_family = "wasm"))]
mod why;
mod xml;

#[cfg(not(target_family = "wasm"))]
pub use commands::main;
pub use import::{IstioImport, import_istio};
