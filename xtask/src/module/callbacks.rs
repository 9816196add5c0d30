//! Which of the proxy-wasm callbacks the filter uses.

/// A callback that stays exported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callback {
    /// The export's name in the proxy-wasm ABI 0.2.
    pub(crate) name: &'static str,
    /// What it is needed for.
    pub(crate) why: &'static str,
}

/// What stays. Whatever else begins with `proxy_on_` goes.
///
/// A host skips a callback that is not exported and takes its default: `proxy_on_done` means
/// "done", `proxy_on_log` nothing, the response and body callbacks "continue".
pub(crate) const KEPT: &[Callback] = &[
    Callback {
        name: "proxy_on_context_create",
        why: "each request and the plugin itself is a context",
    },
    Callback { name: "proxy_on_vm_start", why: "a host may refuse a plugin that it can't start" },
    Callback { name: "proxy_on_configure", why: "the configuration is read and checked" },
    Callback {
        name: "proxy_on_memory_allocate",
        why: "the host puts what it returns into memory of the module",
    },
    Callback { name: "proxy_on_tick", why: "key sets are fetched and refreshed" },
    Callback { name: "proxy_on_request_headers", why: "every request is decided here" },
    Callback {
        name: "proxy_on_request_trailers",
        why: "no trailer may pass for an identity header",
    },
    Callback { name: "proxy_on_http_call_response", why: "key sets arrive" },
    Callback { name: "proxy_on_delete", why: "contexts would never be freed" },
];

/// Returns whether the host calls this export of its own accord.
pub(crate) fn is_callback(export: &str) -> bool {
    export.starts_with("proxy_on_")
}

/// Returns whether a callback is in [`KEPT`].
pub(crate) fn is_kept(export: &str) -> bool {
    KEPT.iter().any(|kept| kept.name == export)
}
