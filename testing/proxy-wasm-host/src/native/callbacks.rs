//! The callbacks that the SDK exports, by their names in the ABI.

use crate::abi::ACTION_CONTINUE;
use std::sync::{Mutex, PoisonError};

// SAFETY: the signatures are those of version 0.2.1 of the ABI and of `proxy_wasm::main!`, on a
// machine whose pointers are not 32 bits wide.
unsafe extern "C" {
    safe fn _initialize();
    safe fn proxy_on_context_create(context: u32, parent: u32);
    safe fn proxy_on_vm_start(context: u32, size: usize) -> bool;
    safe fn proxy_on_configure(context: u32, size: usize) -> bool;
    safe fn proxy_on_tick(context: u32);
    safe fn proxy_on_request_headers(context: u32, count: usize, end_of_stream: bool) -> u32;
    safe fn proxy_on_request_trailers(context: u32, count: usize) -> u32;
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
pub(super) fn initialize() {
    // The SDK takes the process's logger the first time, and two threads must not both be first.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    _initialize();
}

pub(super) fn create_root(root: u32) {
    super::with(|state| {
        state.create(root, 0);
        state.enter(root);
    });
    proxy_on_context_create(root, 0);
    let size = super::with(|state| state.vm_configuration.len());
    proxy_on_vm_start(root, size);
}

/// Returns whether the module takes the configuration.
pub(super) fn configure(root: u32) -> bool {
    let size = super::with(|state| {
        state.enter(root);
        state.configuration.len()
    });
    proxy_on_configure(root, size)
}

pub(super) fn tick(root: u32) {
    super::with(|state| state.enter(root));
    proxy_on_tick(root);
}

pub(super) fn create_stream(stream: u32, root: u32) {
    super::with(|state| {
        state.create(stream, root);
        state.enter(stream);
    });
    proxy_on_context_create(stream, root);
}

/// Returns whether the request goes on.
pub(super) fn request_headers(stream: u32, count: usize) -> bool {
    super::with(|state| state.enter(stream));
    proxy_on_request_headers(stream, count, true) == ACTION_CONTINUE
}

/// Returns whether the trailers go on.
pub(super) fn request_trailers(stream: u32, count: usize) -> bool {
    super::with(|state| state.enter(stream));
    proxy_on_request_trailers(stream, count) == ACTION_CONTINUE
}

pub(super) fn call_response(context: u32, call: u32, headers: usize, body_size: usize) {
    super::with(|state| state.enter(context));
    proxy_on_http_call_response(context, call, headers, body_size, 0);
}

/// Ends a root or a stream, as Envoy does.
pub(super) fn end(context: u32) {
    super::with(|state| state.enter(context));
    proxy_on_done(context);
    proxy_on_log(context);
    proxy_on_delete(context);
    super::with(|state| state.delete(context));
}

/// Returns room inside the module, for a value that a hostcall gives back.
pub(super) fn allocate(size: usize) -> *mut u8 {
    proxy_on_memory_allocate(size)
}
