//! The module that ships, in an interpreter that checks signatures as Envoy does.

use anyhow::Result;
use proxy_wasm_test_host::interpreter::Vm;
use proxy_wasm_test_host::{Response, State};
use serde_json::Value;

pub(crate) fn fresh() -> Result<Vm> {
    Vm::start(&module()?, State::default())
}

/// A VM with a root context that has this configuration.
pub(crate) fn configured(document: &Value) -> Result<Vm> {
    configured_in(State::default(), document)
}

/// The same in a host that has this state.
pub(crate) fn configured_in(state: State, document: &Value) -> Result<Vm> {
    Vm::configured(&module()?, state, &document.to_string())
}

/// Why a request was refused, as access logs see it.
pub(crate) fn reason(response: &Response) -> Option<String> {
    response.state("attache.reason")
}

fn module() -> Result<Vec<u8>> {
    Ok(std::fs::read(attache_e2e::module()?)?)
}
