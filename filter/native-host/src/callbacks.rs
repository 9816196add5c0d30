//! The callbacks that the SDK exports, by their names in the ABI.

use proxy_wasm::types::Action;
use std::sync::{Mutex, PoisonError};

// SAFETY: the signatures are those of `proxy_wasm::dispatcher` and of `proxy_wasm::main!`.
unsafe extern "C" {
    safe fn _initialize();
    safe fn proxy_on_context_create(context: u32, root: u32);
    safe fn proxy_on_vm_start(context: u32, size: usize) -> bool;
    safe fn proxy_on_configure(context: u32, size: usize) -> bool;
    safe fn proxy_on_tick(context: u32);
    safe fn proxy_on_request_headers(context: u32, count: usize, end_of_stream: bool) -> Action;
    safe fn proxy_on_http_call_response(
        context: u32,
        call: u32,
        headers: usize,
        body_size: usize,
        trailers: usize,
    );
    safe fn proxy_on_log(context: u32);
    safe fn proxy_on_done(context: u32) -> bool;
    safe fn proxy_on_delete(context: u32);
    safe fn proxy_on_memory_allocate(size: usize) -> *mut u8;
}

/// Starts the module in this thread. Doing it again does no harm.
pub(crate) fn initialize() {
    // The SDK takes the process's logger the first time, and two threads must not both be first.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    _initialize();
}

pub(crate) fn create_root(root: u32) {
    proxy_on_context_create(root, 0);
    proxy_on_vm_start(root, 0);
}

pub(crate) fn configure(root: u32, size: usize) -> bool {
    proxy_on_configure(root, size)
}

pub(crate) fn tick(root: u32) {
    proxy_on_tick(root);
}

pub(crate) fn create_stream(stream: u32, root: u32) {
    proxy_on_context_create(stream, root);
}

/// Whether the request goes on.
pub(crate) fn request_headers(stream: u32, count: usize) -> bool {
    proxy_on_request_headers(stream, count, true) == Action::Continue
}

pub(crate) fn call_response(root: u32, call: u32, headers: usize, body_size: usize) {
    proxy_on_http_call_response(root, call, headers, body_size, 0);
}

/// Ends a root or a stream, as Envoy does.
pub(crate) fn end(context: u32) {
    proxy_on_done(context);
    proxy_on_log(context);
    proxy_on_delete(context);
}

/// Room inside the VM, for a value that a hostcall gives back.
pub(crate) fn allocate(size: usize) -> *mut u8 {
    proxy_on_memory_allocate(size)
}
