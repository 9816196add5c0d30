//! Which functions most requests run through: found by sending some.

use super::function_order;
use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proxy_wasm_test_host::interpreter::{ENTER, Vm};
use proxy_wasm_test_host::{Request, State};
use walrus::ir::Value;
use walrus::{FunctionKind, ModuleConfig, ValType};

/// As most are: claims to headers, rules on paths and roles. A module that is no filter takes any.
const CONFIGURATION: &str = include_str!("profile/configuration.json");

/// The header of a token that the configuration takes, and its claims.
const TOKEN: [&str; 2] =
    [r#"{"alg":"ES256","kid":"es256","typ":"JWT"}"#, include_str!("profile/claims.json")];

/// Who sends the requests, in turn. The first one's token shows what is done once, the second's is
/// verified as any other, and is then found in the cache.
const CALLERS: [&str; 3] = ["bob", "alice", "alice"];

/// Writes the functions first that most requests run through, in the order in which they reach
/// them.
///
/// Envoy lays out a module's code in the order of its functions. By the time a request comes, the
/// processor has forgotten much of it; the closer what the request runs through lies together, the
/// less there is to fetch anew.
///
/// # Errors
/// The module does not run, or refuses a request that it should let through.
pub(crate) fn order_by_first_use(wasm: &[u8]) -> Result<Vec<u8>> {
    let used = profile(wasm)?;
    ensure!(!used.is_empty(), "a request runs through none of the module's functions");
    function_order::put_first(wasm, &used)
}

/// Returns the functions that a request enters whose token was seen before, by their index, in this
/// order; then the others that one enters whose token was not.
fn profile(wasm: &[u8]) -> Result<Vec<u32>> {
    // A host that takes every signature for good: who holds the module decides what it says here
    // anyway.
    let mut state = State::default();
    // `VerifySignatureResult { result: true }` as protobuf.
    state.set_foreign_function("verify_signature", Some(|_| Ok(vec![0x08, 0x01])));
    let mut vm = Vm::configured(&instrument(wasm)?, state, CONFIGURATION)?;
    let (mut verified, mut cached) = (Vec::new(), Vec::new());
    for (context, caller) in (2..).zip(CALLERS) {
        let response = vm.request(context, &request(caller))?;
        ensure!(
            response.goes_on,
            "the request of the profile was refused ({}): do xtask/src/module/profile/*.json still fit the filter?",
            response.state("attache.reason").unwrap_or_default()
        );
        verified = std::mem::replace(&mut cached, std::mem::take(&mut vm.state_mut().entered));
    }
    verified.retain(|function| !cached.contains(function));
    Ok([cached, verified].concat())
}

/// Returns the module, but each function first tells that it was entered, by its index in the
/// module as it is.
fn instrument(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = ModuleConfig::new().generate_producers_section(false).parse(wasm)?;
    let ty = module.types.add(&[ValType::I32], &[]);
    let functions: Vec<_> = module.funcs.iter_local().map(|(id, _)| id).collect();
    let (enter, _) = module.add_import_func("profile", ENTER, ty);
    for id in functions {
        // Walrus numbers functions as it reads them, in the order of their indices.
        let index = i32::try_from(id.index())?;
        let FunctionKind::Local(function) = &mut module.funcs.get_mut(id).kind else { continue };
        function.builder_mut().func_body().const_at(0, Value::I32(index)).call_at(1, enter);
    }
    Ok(module.emit_wasm())
}

fn request(caller: &str) -> Request {
    let [header, claims] = TOKEN.map(|part| URL_SAFE_NO_PAD.encode(part.replace("alice", caller)));
    // Any numbers that could be those of a signature.
    let signature = URL_SAFE_NO_PAD.encode([1; 64]);
    Request::get("/orders/7?page=2")
        .with("user-agent", "curl/8.14")
        .with("accept", "*/*")
        .bearer(&format!("{header}.{claims}.{signature}"))
        .with("x-forwarded-proto", "http")
        .with("x-request-id", "3c4d1a3e-9f0b-4c5e-8f9a-2b7d6e5f4a3b")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A filter whose requests go on where `pass` is 0.
    fn filter(pass: i32) -> Vec<u8> {
        let text = format!(
            r#"(module
              (memory (export "memory") 1)
              (func $never)
              (func $decide (result i32) (i32.const {pass}))
              (func (export "_initialize"))
              (func (export "proxy_on_context_create") (param i32 i32))
              (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 1))
              (func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 1))
              (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (call $decide))
              (func (export "proxy_on_delete") (param i32))
            )"#
        );
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn what_a_request_enters_is_told_in_order_and_nothing_else() {
        // Creation, headers, what they call, deletion.
        assert_eq!(profile(&filter(0)).unwrap(), [3, 6, 1, 7]);
    }

    #[test]
    fn a_filter_that_refuses_the_request_is_an_error() {
        let error = order_by_first_use(&filter(1)).unwrap_err().to_string();
        assert!(error.contains("the request of the profile was refused"), "{error}");
    }

    #[test]
    fn a_module_that_traps_is_an_error() {
        let wasm = wat::parse_str(
            r#"(module (memory (export "memory") 1) (func (export "_initialize") unreachable))"#,
        );
        let error = order_by_first_use(&wasm.unwrap()).unwrap_err().to_string();
        assert!(error.contains("`_initialize` trapped"), "{error}");
    }
}
