//! The root context: one a worker and configuration.

use crate::host::{self, CallId};
use crate::http::Http;
use crate::plugin::Plugin;
use crate::state::{self, Bad};
use log::{error, info};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;
use std::rc::Rc;
use std::time::Duration;

/// How long a count may wait in the VM before Envoy is told.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// The root context.
pub(crate) struct Root {
    id: u32,
    /// The last configuration that was good, or, where there never was one, that which refuses
    /// everything.
    plugin: Option<Rc<Plugin>>,
}

impl Root {
    pub(crate) fn new(id: u32) -> Self {
        Self { id, plugin: None }
    }

    /// Has requests go the way of this configuration from now on.
    fn begin(&mut self, plugin: Plugin) {
        if let Some(old) = self.plugin.replace(Rc::new(plugin)) {
            old.flush_metrics();
        }
        // The first tick asks providers for their keys: calls can't be made yet.
        host::tick_every(Duration::from_millis(1));
    }

    /// Says whether a bad configuration is taken for want of anything that Envoy could go on with,
    /// which would leave it to answer with an empty 500.
    fn take_bad(&mut self, document: &[u8]) -> bool {
        match state::judge(document) {
            Bad::Refused => false,
            Bad::Taken => self.refuse_everything(),
            Bad::Outdated(good) => self.go_on_with(&good) || self.refuse_everything(),
        }
    }

    /// Goes on with a configuration that was good before.
    fn go_on_with(&mut self, document: &[u8]) -> bool {
        let Ok(plugin) = Plugin::new(document) else { return false };
        state::set_invalid(false);
        state::set_outdated(true);
        self.begin(plugin);
        error!("attache: configuration: the last good one goes on, until there is another");
        true
    }

    /// Refuses every request.
    fn refuse_everything(&mut self) -> bool {
        let Ok(plugin) = Plugin::closed() else { return false };
        state::set_invalid(true);
        self.begin(plugin);
        error!(
            "attache: configuration: there is no good one to go on with: every request is refused with 503 and \
             `configuration-invalid` until there is"
        );
        true
    }
}

impl Context for Root {
    fn on_http_call_response(
        &mut self,
        call: u32,
        _headers: usize,
        _body: usize,
        _trailers: usize,
    ) {
        if let Some(plugin) = &self.plugin {
            plugin.call_answered(CallId(call), self.id);
        }
    }

    fn on_done(&mut self) -> bool {
        if let Some(plugin) = &self.plugin {
            plugin.flush_metrics();
        }
        true
    }
}

impl RootContext for Root {
    /// Refuses a bad configuration, so that Envoy keeps the good one that it has; where it has
    /// none, takes it and refuses every request. Every error is logged, a line each.
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        let document = host::plugin_configuration();
        match Plugin::new(&document) {
            Ok(plugin) => {
                state::set_good(&document, plugin.coverage());
                info!("attache: configured: {}", plugin.coverage());
                self.begin(plugin);
                true
            }
            Err(errors) => {
                for wrong in errors.iter() {
                    error!("attache: configuration: {wrong}");
                }
                self.take_bad(&document)
            }
        }
    }

    fn on_tick(&mut self) {
        if let Some(plugin) = &self.plugin {
            host::tick_every(plugin.tick(self.id).min(FLUSH_EVERY));
            plugin.flush_metrics();
        }
    }

    fn create_http_context(&self, context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Http::new(context_id, self.plugin.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
