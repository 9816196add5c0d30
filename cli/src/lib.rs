//! `attache`: what an operator asks of a configuration before a proxy has it, decided by the engine that the proxy runs.
//!
//! A library, so that the page that `attache playground` makes runs it too: as Wasm it has no command line, and nothing that
//! only a terminal has.

#![cfg_attr(
    target_family = "wasm",
    expect(dead_code, unused_imports, reason = "a page asks only what its form has")
)]

#[cfg(not(target_family = "wasm"))]
mod commands;
#[cfg(not(target_family = "wasm"))]
mod compare;
mod counted;
mod examine;
mod exit;
mod explain;
mod finding;
mod import;
mod input;
mod lint;
#[cfg(not(target_family = "wasm"))]
mod mutate;
pub mod playground;
#[cfg(not(target_family = "wasm"))]
mod proof;
mod report;
#[cfg(not(target_family = "wasm"))]
mod symbolic;
mod trial;
mod tyk;

#[cfg(not(target_family = "wasm"))]
pub use commands::main;
pub use import::{IstioImport, import_istio};
