//! The hostcalls: everything that the filter asks of Envoy goes through here, and nothing else
//! does.
//!
//! The SDK panics where a host answers with a status that the ABI doesn't list for a call. Envoy
//! gives none of those for the calls below while it holds a request's headers, so nothing that a
//! client sends can bring one about.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, LogLevel, MapType, MetricType, Status};
use std::time::{Duration, UNIX_EPOCH};

/// Returns the plugin's configuration, as Envoy hands it over; empty where there is none.
pub(crate) fn plugin_configuration() -> Vec<u8> {
    hostcalls::get_buffer(BufferType::PluginConfiguration, 0, usize::MAX)
        .ok()
        .flatten()
        .unwrap_or_default()
}

/// Returns the whole request header map, in its order. Names are in lower case; values are bytes,
/// not always UTF-8.
///
/// One call: each single header costs nearly as much as the map, and shows the first of duplicates
/// only.
pub(crate) fn request_headers() -> Option<Vec<(String, Vec<u8>)>> {
    hostcalls::get_map_bytes(MapType::HttpRequestHeaders).ok()
}

/// Returns the whole request trailer map, as [`request_headers`] gives the headers.
pub(crate) fn request_trailers() -> Option<Vec<(String, Vec<u8>)>> {
    hostcalls::get_map_bytes(MapType::HttpRequestTrailers).ok()
}

/// Removes a request trailer, all of its duplicates with it.
pub(crate) fn remove_request_trailer(name: &str) {
    let done = hostcalls::remove_map_value(MapType::HttpRequestTrailers, name);
    debug_assert!(done.is_ok(), "request trailers can be changed");
}

/// Removes a request header, all of its duplicates with it.
pub(crate) fn remove_request_header(name: &str) {
    let done = hostcalls::remove_map_value(MapType::HttpRequestHeaders, name);
    debug_assert!(done.is_ok(), "request headers can be changed");
}

/// Sets a request header, in the place of all that have its name.
pub(crate) fn replace_request_header(name: &str, value: &[u8]) {
    let done = hostcalls::set_map_value_bytes(MapType::HttpRequestHeaders, name, Some(value));
    debug_assert!(done.is_ok(), "request headers can be changed");
}

/// Adds a request header that the request does not hold: one that it does hold would stay beside
/// it.
///
/// Takes Envoy less time than [`replace_request_header`], which first looks for what there is to
/// replace.
pub(crate) fn add_request_header(name: &str, value: &[u8]) {
    let done = hostcalls::add_map_value_bytes(MapType::HttpRequestHeaders, name, value);
    debug_assert!(done.is_ok(), "request headers can be changed");
}

/// Answers the request here. The caller must pause it.
pub(crate) fn send_local_response(status: u16, headers: Vec<(&str, &str)>, body: Option<&[u8]>) {
    let done = hostcalls::send_http_response(u32::from(status), headers, body);
    debug_assert!(done.is_ok(), "a request can be answered");
}

/// Returns a property of the node, the connection or the request:
/// <https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes>.
pub(crate) fn property(path: &[&str]) -> Option<Vec<u8>> {
    hostcalls::get_property(path.to_vec()).ok().flatten()
}

/// Sets a filter state object of the request: `%FILTER_STATE(wasm.<name>:PLAIN)%` in an access log.
pub(crate) fn set_filter_state(name: &str, value: &[u8]) {
    let done = hostcalls::set_property(vec![name], Some(value));
    debug_assert!(done.is_ok(), "filter state can be set");
}

/// Returns Envoy's clock: the time since 1970.
pub(crate) fn now() -> Duration {
    let time = hostcalls::get_current_time().ok();
    time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default()
}

/// Has Envoy call the root context's `on_tick` again and again.
pub(crate) fn tick_every(period: Duration) {
    let done = hostcalls::set_tick_period(period);
    debug_assert!(done.is_ok(), "a tick period can be set");
}

/// Returns whether Envoy would write a line of level info; it may change at any time.
pub(crate) fn logs_info() -> bool {
    hostcalls::get_log_level().is_ok_and(|level| level as u32 <= LogLevel::Info as u32)
}

/// A counter that Envoy holds for all workers together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CounterId(u32);

/// Makes a counter, or finds it where another worker has made it.
pub(crate) fn define_counter(name: &str) -> Option<CounterId> {
    hostcalls::define_metric(MetricType::Counter, name).ok().map(CounterId)
}

/// Adds to a counter.
pub(crate) fn add_to_counter(counter: CounterId, count: u32) {
    let done = hostcalls::increment_metric(counter.0, i64::from(count));
    debug_assert!(done.is_ok(), "a counter that was defined can be added to");
}

/// A gauge that Envoy holds for all workers together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GaugeId(u32);

/// Makes a gauge, or finds it where another worker has made it.
pub(crate) fn define_gauge(name: &str) -> Option<GaugeId> {
    hostcalls::define_metric(MetricType::Gauge, name).ok().map(GaugeId)
}

/// Adds to a gauge, or takes from it.
pub(crate) fn add_to_gauge(gauge: GaugeId, amount: i64) {
    let done = hostcalls::increment_metric(gauge.0, amount);
    debug_assert!(done.is_ok(), "a gauge that was defined can be added to");
}

/// Sets a gauge.
pub(crate) fn set_gauge(gauge: GaugeId, value: u64) {
    let done = hostcalls::record_metric(gauge.0, value);
    debug_assert!(done.is_ok(), "a gauge that was defined can be set");
}

/// Returns the value of a gauge: a look at memory that workers share, with nothing to copy.
pub(crate) fn gauge(gauge: GaugeId) -> u64 {
    hostcalls::get_metric(gauge.0).unwrap_or_default()
}

/// Returns a value that workers share, and its version.
pub(crate) fn shared_data(key: &str) -> Option<(Vec<u8>, Option<u32>)> {
    match hostcalls::get_shared_data(key) {
        Ok((Some(value), mark)) => Some((value, mark)),
        // What is there and empty still has a version.
        Ok((None, mark @ Some(_))) => Some((Vec::new(), mark)),
        _ => None,
    }
}

/// Shares a value; with a mark, only where that is still the version. Says whether it was.
pub(crate) fn set_shared_data(key: &str, value: &[u8], mark: Option<u32>) -> bool {
    hostcalls::set_shared_data(key, Some(value), mark).is_ok()
}

/// A call that Envoy makes for the root context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallId(pub(crate) u32);

/// Begins an HTTP call. `None` where there is no such cluster, or no way to reach it at all; the
/// answer to any other comes to `on_http_call_response`. Only from the root context's tick or from
/// such an answer: Envoy gives the answer to whatever context asked.
pub(crate) fn call(cluster: &str, headers: Vec<(&str, &str)>, timeout: Duration) -> Option<CallId> {
    hostcalls::dispatch_http_call(cluster, headers, None, Vec::new(), timeout).ok().map(CallId)
}

/// Returns the headers of the answer to a call; none where there is no answer.
pub(crate) fn call_headers() -> Vec<(String, Vec<u8>)> {
    hostcalls::get_map_bytes(MapType::HttpCallResponseHeaders).unwrap_or_default()
}

/// Returns the body of the answer to a call, cut after so many bytes.
pub(crate) fn call_body(most: usize) -> Vec<u8> {
    hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, most)
        .ok()
        .flatten()
        .unwrap_or_default()
}

/// Switches the effective context of the hostcalls that follow; false if it no longer exists.
pub(crate) fn set_effective_context(context: u32) -> bool {
    hostcalls::set_effective_context(context).is_ok()
}

/// Resumes the paused request that [`set_effective_context`] chose.
pub(crate) fn resume() {
    let done = hostcalls::resume_http_request();
    debug_assert!(done.is_ok(), "a request that was paused can be resumed");
}

/// Why Envoy did not run a foreign function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForeignError {
    /// It has none of this name.
    Missing,
    /// It has, but the call failed.
    Failed,
}

/// Calls one of Envoy's foreign functions.
pub(crate) fn call_foreign_function(name: &str, argument: &[u8]) -> Result<Vec<u8>, ForeignError> {
    match hostcalls::call_foreign_function(name, Some(argument)) {
        Ok(result) => Ok(result.unwrap_or_default()),
        Err(Status::NotFound) => Err(ForeignError::Missing),
        Err(_) => Err(ForeignError::Failed),
    }
}
