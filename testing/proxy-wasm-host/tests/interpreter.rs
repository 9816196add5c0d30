//! Modules in the interpreter, written by hand.

#![expect(clippy::unwrap_used, reason = "what the tests share fails as a test does")]

use proxy_wasm_test_host::interpreter::Vm;
use proxy_wasm_test_host::{LogLevel, Request, State};

/// A module whose callback for request headers is this.
fn module(on_request_headers: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
          (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
          (import "env" "proxy_add_header_map_value"
            (func $add_header (param i32 i32 i32 i32 i32) (result i32)))
          (import "env" "proxy_get_property" (func $get_property (param i32 i32 i32 i32) (result i32)))
          (import "env" "proxy_set_property" (func $set_property (param i32 i32 i32 i32) (result i32)))
          (import "env" "proxy_grpc_cancel" (func $grpc_cancel (param i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "x-user")
          (data (i32.const 16) "zone")
          (func (export "_initialize"))
          (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))
          (func (export "proxy_on_context_create") (param i32 i32))
          (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (i32.const 1))
          (func (export "proxy_on_configure") (param i32 i32) (result i32)
            (i32.eq (local.get 1) (i32.const 4)))
          (func (export "proxy_on_delete") (param i32))
          (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) {on_request_headers})
        )"#
    );
    wat::parse_str(text).unwrap()
}

fn vm(on_request_headers: &str) -> Vm {
    Vm::configured(&module(on_request_headers), State::default(), "good").unwrap()
}

#[test]
fn a_configuration_that_the_module_refuses_is_an_error() {
    let error = Vm::configured(&module("(i32.const 0)"), State::default(), "bad").unwrap_err();
    assert!(error.to_string().starts_with("refused"), "{error}");
}

#[test]
fn a_module_changes_headers_and_answers() {
    let mut vm = vm("(call $add_header
        (i32.const 0) (i32.const 0) (i32.const 6) (i32.const 16) (i32.const 4))");
    let response = vm.request(2, &Request::get("/")).unwrap();
    assert!(response.goes_on);
    assert_eq!(response.header("x-user").as_deref(), Some("zone"));
}

#[test]
fn what_the_host_gives_lies_in_memory_that_the_module_allocates() {
    // The property `zone`, whose place and length are written to 32 and 36, becomes the filter
    // state `zone`.
    let mut vm =
        vm("(drop (call $get_property (i32.const 16) (i32.const 4) (i32.const 32) (i32.const 36)))
        (call $set_property
            (i32.const 16) (i32.const 4) (i32.load (i32.const 32)) (i32.load (i32.const 36)))");
    vm.state_mut().set_property(&["zone"], "north");
    let response = vm.request(2, &Request::get("/")).unwrap();
    assert_eq!(response.state("zone").as_deref(), Some("north"));
}

#[test]
fn a_trap_is_an_error_that_tells_the_last_line() {
    let mut vm = vm("(drop (call $log (i32.const 5) (i32.const 0) (i32.const 6))) unreachable");
    let error = format!("{:#}", vm.request(2, &Request::get("/")).unwrap_err());
    assert!(error.contains("`proxy_on_request_headers` trapped"), "{error}");
    assert!(error.contains("x-user"), "{error}");
    assert_eq!(vm.state().log[0].level, LogLevel::Critical);
}

#[test]
fn a_pointer_outside_of_memory_is_an_error() {
    let mut vm = vm("(call $log (i32.const 2) (i32.const 65535) (i32.const 2))");
    let error = format!("{:#}", vm.request(2, &Request::get("/")).unwrap_err());
    assert!(error.contains("outside of memory"), "{error}");
    assert!(error.contains("proxy_log"), "{error}");
}

#[test]
fn a_hostcall_that_the_host_lacks_fails() {
    let mut vm = vm("(call $grpc_cancel (i32.const 1))");
    vm.call("proxy_on_context_create", &[2, 1]).unwrap();
    assert_eq!(vm.call("proxy_on_request_headers", &[2, 0, 1]).unwrap(), 10, "InternalFailure");
}

#[test]
fn hostcalls_outside_of_a_request_are_refused() {
    let mut vm = vm("(call $add_header
        (i32.const 0) (i32.const 0) (i32.const 6) (i32.const 16) (i32.const 4))");
    assert_eq!(vm.call("proxy_on_request_headers", &[7, 0, 1]).unwrap(), 2, "BadArgument");
}
