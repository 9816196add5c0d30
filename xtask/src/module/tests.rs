use super::interface::ModuleInterface;
use super::{finish, strip};

/// A module with the callbacks that stay, one that doesn't, and functions that one, the other or
/// both reach.
const MODULE: &str = r#"(module
  (import "env" "proxy_log" (func $log))
  (import "env" "proxy_get_buffer_bytes" (func $get_buffer))
  (memory (export "memory") 1)
  (func $nothing)
  (func $shared (call $log))
  (func $body_only (call $get_buffer))
  (func $body (call $body_only) (call $shared))
  (func $headers (call $shared))
  (export "proxy_abi_version_0_2_1" (func $nothing))
  (export "_initialize" (func $nothing))
  (export "proxy_on_context_create" (func $nothing))
  (export "proxy_on_vm_start" (func $nothing))
  (export "proxy_on_configure" (func $nothing))
  (export "proxy_on_memory_allocate" (func $nothing))
  (export "proxy_on_tick" (func $nothing))
  (export "proxy_on_request_headers" (func $headers))
  (export "proxy_on_request_trailers" (func $nothing))
  (export "proxy_on_http_call_response" (func $nothing))
  (export "proxy_on_delete" (func $nothing))
  (export "proxy_on_request_body" (func $body))
  (export "proxy_on_log" (func $nothing))
)"#;

fn assemble(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

fn stripped(text: &str) -> ModuleInterface {
    ModuleInterface::of(&strip(&assemble(text)).unwrap()).unwrap()
}

#[test]
fn unused_callbacks_go_and_everything_else_stays() {
    let interface = stripped(MODULE);
    assert_eq!(
        interface.exports,
        [
            "func _initialize",
            "func proxy_abi_version_0_2_1",
            "func proxy_on_configure",
            "func proxy_on_context_create",
            "func proxy_on_delete",
            "func proxy_on_http_call_response",
            "func proxy_on_memory_allocate",
            "func proxy_on_request_headers",
            "func proxy_on_request_trailers",
            "func proxy_on_tick",
            "func proxy_on_vm_start",
            "memory memory",
        ]
    );
}

#[test]
fn what_only_an_unused_callback_reached_goes_with_it() {
    assert_eq!(stripped(MODULE).imports, ["env proxy_log"]);
}

#[test]
fn stripping_twice_changes_nothing() {
    let once = strip(&assemble(MODULE)).unwrap();
    assert_eq!(strip(&once).unwrap(), once);
}

#[test]
fn a_module_without_a_callback_that_the_filter_needs_is_refused() {
    let renamed = MODULE.replace("proxy_on_tick", "proxy_on_tock");
    let error = strip(&assemble(&renamed)).unwrap_err().to_string();
    assert!(error.contains("does not export `proxy_on_tick`"), "{error}");
}

#[test]
fn a_build_for_tests_is_finished_where_one_is_asked_for_and_nowhere_else() {
    let error = |text: &str, for_tests| finish(&assemble(text), for_tests).unwrap_err().to_string();
    let trapping = MODULE.replace(
        "(memory (export \"memory\") 1)",
        "(memory (export \"memory\") 1) (data (i32.const 0) \"attache: this is a test build: it traps\")",
    );
    assert!(error(&trapping, false).contains("it is a build for tests"));
    assert!(error(MODULE, true).contains("it is no build for tests"));
}
