//! The Attaché filter: what Envoy calls, put around the engine that decides.
//!
//! A request's way: `http` reads the header map once, the engine decides, `plugin` carries the
//! decision out and tells of it. Nothing but `host` names a hostcall.

mod audit;
mod connection;
mod crypto;
mod filter_state;
mod host;
mod http;
mod keys;
mod metrics;
mod neighbours;
mod plugin;
mod ration;
mod redact;
mod reply;
mod root;
mod shared;
mod state;
#[cfg(feature = "test-trap")]
mod trap;
mod workload;

/// Takes the place of the C library's allocator: constant time whatever sizes a client has its
/// headers made of (TLSF), and a third of the code that a request runs through in the VM. What a VM
/// has taken from its host it keeps, in either.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

mod entry {
    use crate::root::Root;

    proxy_wasm::main! {{
        // This also makes a panic, should there ever be one, say where it happened before it ends
        // the VM.
        proxy_wasm::set_log_level(proxy_wasm::types::LogLevel::Info);
        proxy_wasm::set_root_context(|id| Box::new(Root::new(id)));
    }}
}
