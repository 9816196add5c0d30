//! The context of one request.

use crate::plugin::Plugin;
use crate::{host, reply};
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use std::rc::Rc;

/// The context of one request.
pub(crate) struct Http {
    id: u32,
    /// The configuration that held when the request came in; `None` where there never was a good
    /// one.
    plugin: Option<Rc<Plugin>>,
}

impl Http {
    pub(crate) fn new(id: u32, plugin: Option<Rc<Plugin>>) -> Self {
        Self { id, plugin }
    }
}

impl Context for Http {}

impl HttpContext for Http {
    fn on_http_request_headers(&mut self, _num_headers: usize, end_of_stream: bool) -> Action {
        let (Some(plugin), Some(headers)) = (&self.plugin, host::request_headers()) else {
            reply::not_ready();
            return Action::Pause;
        };
        #[cfg(feature = "test-trap")]
        crate::trap::abort_if_requested(&headers);
        if plugin.handle(self.id, &headers, end_of_stream) {
            Action::Continue
        } else {
            Action::Pause
        }
    }

    /// Comes only for requests that have trailers, and after the headers went on.
    fn on_http_request_trailers(&mut self, _num_trailers: usize) -> Action {
        if let (Some(plugin), Some(trailers)) = (&self.plugin, host::request_trailers()) {
            plugin.clean_trailers(&trailers);
        }
        Action::Continue
    }
}

impl Drop for Http {
    /// Gives up a place in the waiting room: a request may go while it waits, and nothing must be
    /// done for it then.
    fn drop(&mut self) {
        if let Some(plugin) = &self.plugin {
            plugin.forget(self.id);
        }
    }
}
