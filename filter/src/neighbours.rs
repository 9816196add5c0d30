//! Another Attaché plugin before the same service. Each is right alone; together the second finds
//! no token where the first removed it, and refuses what the first let go on.
//!
//! Plugins of one proxy tell their names in shared data, once a second. While another one is there,
//! which may also be the old one of a drain, each request is marked with the name of the plugin
//! that it went through: one that finds another's mark is the second. Workers, reloads and upgrades
//! of one plugin have one name, and marks are of a request.

use crate::host::{self, GaugeId};
use log::error;
use std::cell::Cell;
use std::time::Duration;

/// Where the names lie in shared data: lines of a name, a tab and the second since 1970 at which it
/// was last told.
const KEY: &str = "attache.plugins";
/// The filter state that marks a request.
const MARK: &str = "attache.plugin";
/// A plugin that has not told of itself for so many seconds is gone.
const GONE_AFTER: u64 = 5;
/// The most plugins that are told apart.
const MAX_PLUGINS: usize = 16;

/// What this plugin knows of others in its proxy.
pub(crate) struct Neighbours {
    /// The name by which Envoy has this plugin; empty where it has none, and others can't be told
    /// from it.
    name: String,
    /// Another plugin is there.
    are_there: Cell<bool>,
    /// A request had been through another one.
    is_second: Cell<bool>,
    gauge: Option<GaugeId>,
}

impl Neighbours {
    pub(crate) fn new() -> Self {
        let gauge = host::define_gauge("attache.plugins.before");
        // A gauge that was never set is not shown, and one that another worker has set stays.
        if let Some(gauge) = gauge {
            host::set_gauge(gauge, host::gauge(gauge));
        }
        Self { name: name(), are_there: Cell::new(false), is_second: Cell::new(false), gauge }
    }

    /// Tells of this plugin, and looks for others. To be called about once a second.
    #[inline(never)]
    pub(crate) fn look_around(&self, now: Duration) {
        if self.name.is_empty() {
            return;
        }
        let (text, version) = host::shared_data(KEY).unwrap_or_default();
        let mut told = read(&text, now.as_secs());
        self.are_there.set(told.iter().any(|(name, _)| *name != self.name));
        if !self.are_there.get() {
            self.is_second.set(false);
            self.take_back();
        } else if self.is_second.get() {
            self.set_gauge(1);
        }
        // One worker a second is enough.
        if told.iter().any(|(name, second)| *name == self.name && *second == now.as_secs()) {
            return;
        }
        told.retain(|(name, _)| *name != self.name);
        told.truncate(MAX_PLUGINS.saturating_sub(1));
        told.push((self.name.clone(), now.as_secs()));
        let lines: Vec<String> =
            told.iter().map(|(name, second)| format!("{name}\t{second}")).collect();
        host::set_shared_data(KEY, lines.join("\n").as_bytes(), version);
    }

    /// Looks whether a request has been through another plugin, where there is one.
    pub(crate) fn meet_request(&self) {
        if self.are_there.get() {
            self.look_for_mark();
        }
    }

    #[inline(never)]
    fn look_for_mark(&self) {
        let Some(first) = host::property(&[MARK]) else {
            return host::set_filter_state(MARK, self.name.as_bytes());
        };
        if first == self.name.as_bytes() || self.is_second.replace(true) {
            return;
        }
        self.set_gauge(1);
        error!(
            "attache: two plugins: requests come to `{}` after `{}` has judged them, and removed their tokens; keep one of \
             them for this workload, and put the policies of both into it",
            self.name,
            String::from_utf8_lossy(&first)
        );
    }

    /// Takes back that there is a second plugin: it may be the second one that is gone, whose word
    /// all plugins have in common.
    fn take_back(&self) {
        if self.gauge.is_some_and(|gauge| host::gauge(gauge) > 0) {
            self.set_gauge(0);
        }
    }

    fn set_gauge(&self, value: u64) {
        if let Some(gauge) = self.gauge {
            host::set_gauge(gauge, value);
        }
    }
}

/// Returns the name by which Envoy has this plugin.
pub(crate) fn name() -> String {
    host::property(&["plugin_name"])
        .and_then(|name| String::from_utf8(name).ok())
        .unwrap_or_default()
}

/// Returns the plugins that are there. A second that is far ahead of the clock is none that was
/// told.
fn read(text: &[u8], now: u64) -> Vec<(String, u64)> {
    let lines = str::from_utf8(text).unwrap_or_default().lines();
    let told = lines.filter_map(|line| {
        let (name, second) = line.rsplit_once('\t')?;
        Some((name.to_owned(), second.parse().ok()?))
    });
    told.filter(|&(_, second)| now.abs_diff(second) <= GONE_AFTER).collect()
}
