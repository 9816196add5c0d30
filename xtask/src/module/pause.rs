//! What a request that pauses holds back.
//!
//! A module of the proxy-wasm SDK for Rust can answer "pause" (1) to a request's headers and
//! nothing more. Envoy takes that for "hold back everything" by default, but under
//! `allow_on_headers_stop_iteration` for "hold back the headers": the body that comes next then
//! takes the headers along, unseen. The ABI has another value, which means "hold back everything"
//! whatever is configured. It costs a request one call inside the VM, where callbacks for body and
//! trailers would have Envoy enter the VM for every frame of every body.

use anyhow::{Context, Result, bail, ensure};
use walrus::ir::{BinaryOp, Value};
use walrus::{ExportItem, FunctionBuilder, ModuleConfig, ValType};

/// The callback whose result this is about.
const CALLBACK: &str = "proxy_on_request_headers";

/// By how much "pause" (1) is shifted to become `StopAllIterationAndWatermark` (4), which holds
/// back headers, body and trailers and stops reading from a client that sends too much; "continue"
/// (0) stays what it is.
const SHIFT: i32 = 2;

/// Has the callback for request headers answer "hold back everything" wherever it answers "pause".
///
/// # Errors
/// The bytes are no Wasm module, or its callback is missing or of another type than in version 0.2
/// of the ABI.
pub(crate) fn stop_all(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut config = ModuleConfig::new();
    config.generate_name_section(false).generate_producers_section(false);
    let mut module = config.parse(wasm)?;
    let export = module.exports.iter().find(|export| export.name == CALLBACK);
    let export = export.with_context(|| format!("the module does not export `{CALLBACK}`"))?.id();
    let ExportItem::Function(decide) = module.exports.get(export).item else {
        bail!("`{CALLBACK}` is no function");
    };
    let ty = module.types.get(module.funcs.get(decide).ty());
    ensure!(
        ty.params() == [ValType::I32; 3] && ty.results() == [ValType::I32],
        "`{CALLBACK}` is of another type than in version 0.2 of the ABI"
    );
    let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32; 3], &[ValType::I32]);
    let parameters: Vec<_> = (0..3).map(|_| module.locals.add(ValType::I32)).collect();
    let mut body = builder.func_body();
    for &parameter in &parameters {
        body.local_get(parameter);
    }
    body.call(decide).const_(Value::I32(SHIFT)).binop(BinaryOp::I32Shl);
    let stopping = builder.finish(parameters, &mut module.funcs);
    module.exports.get_mut(export).item = ExportItem::Function(stopping);
    Ok(module.emit_wasm())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proxy_wasm_test_host::State;
    use proxy_wasm_test_host::interpreter::Vm;

    /// What Envoy gets of a filter that answers request headers with this.
    fn result(answer: i32) -> i32 {
        let text = format!(
            r#"(module
              (memory (export "memory") 1)
              (func (export "_initialize"))
              (func (export "proxy_on_context_create") (param i32 i32))
              (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 1))
              (func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 1))
              (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const {answer}))
            )"#
        );
        let wasm = stop_all(&wat::parse_str(text).unwrap()).unwrap();
        let mut vm = Vm::configured(&wasm, State::default(), "{}").unwrap();
        vm.call("proxy_on_request_headers", &[2, 0, 0]).unwrap()
    }

    #[test]
    fn a_pause_holds_back_everything_and_what_goes_on_goes_on() {
        assert_eq!(result(0), 0);
        assert_eq!(result(1), 4);
    }

    #[test]
    fn a_callback_of_another_abi_is_refused() {
        let text = r#"(module (func (export "proxy_on_request_headers") (param i32 i32) (result i32) (i32.const 0)))"#;
        let error = stop_all(&wat::parse_str(text).unwrap()).unwrap_err().to_string();
        assert!(error.contains("another type"), "{error}");
        let error = stop_all(&wat::parse_str("(module)").unwrap()).unwrap_err().to_string();
        assert!(error.contains("does not export"), "{error}");
    }
}
