//! The least that a Wasm filter can cost which does what any such filter must: read the request's
//! headers once, write four. What Attaché costs beyond this is its own; what this costs is the
//! price of the sandbox.

#![expect(missing_docs, reason = "the SDK's macro makes an entry point without")]

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

proxy_wasm::main! {{
    proxy_wasm::set_http_context(|_, _| Box::new(Floor));
}}

/// What the benchmark's tokens hold, in the headers that the filters beside this one write.
const WRITTEN: [(&str, &str); 4] = [
    ("x-sub", "user-0000000"),
    ("x-org-id", "acme"),
    ("x-email", "user-0000000@acme.example"),
    ("x-scope", "orders:read orders:write"),
];

struct Floor;

impl Context for Floor {}

impl HttpContext for Floor {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        std::hint::black_box(self.get_http_request_headers_bytes());
        for (name, value) in WRITTEN {
            self.set_http_request_header(name, Some(value));
        }
        Action::Continue
    }
}
