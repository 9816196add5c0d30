//! A filter of the SDK that is linked into this test.

#![expect(clippy::unwrap_used, reason = "what the tests share fails as a test does")]
#![expect(missing_docs, reason = "the SDK makes a function that is public")]

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType, LogLevel as Level, MapType, MetricType};
use proxy_wasm_test_host::native::Host;
use proxy_wasm_test_host::{LogLevel, Request, SharedData};
use std::cell::RefCell;
use std::time::Duration;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(Level::Trace);
    proxy_wasm::set_root_context(|_| Box::new(Root));
}}

thread_local! {
    /// The contexts of requests that wait.
    static WAITING: RefCell<Vec<u32>> = RefCell::default();
}

struct Root;

impl Context for Root {
    /// Has all go on that waits, with what the provider said.
    fn on_http_call_response(&mut self, _: u32, _: usize, size: usize, _: usize) {
        let body = self.get_http_call_response_body(0, size).unwrap_or_default();
        for context in WAITING.take() {
            if hostcalls::set_effective_context(context).is_err() {
                log::warn!("{context} is gone");
                continue;
            }
            hostcalls::set_map_value_bytes(MapType::HttpRequestHeaders, "x-said", Some(&body))
                .unwrap();
            hostcalls::resume_http_request().unwrap();
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        let configuration = self.get_plugin_configuration().unwrap_or_default();
        hostcalls::set_tick_period(Duration::from_secs(1)).unwrap();
        configuration == b"good"
    }

    /// Asks the provider.
    fn on_tick(&mut self) {
        let headers = vec![(":method", "GET"), (":path", "/"), (":authority", "provider")];
        self.dispatch_http_call("provider", headers, None, vec![], Duration::from_secs(5)).unwrap();
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Filter { context }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Filter {
    context: u32,
}

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
        let headers = hostcalls::get_map_bytes(MapType::HttpRequestHeaders).unwrap();
        let path =
            headers.iter().find(|(name, _)| name == ":path").map(|(_, path)| path.as_slice());
        match path {
            Some(b"/wait") => {
                WAITING.with_borrow_mut(|waiting| waiting.push(self.context));
                return Action::Pause;
            }
            Some(b"/share") => {
                let (value, version) = hostcalls::get_shared_data("visits").unwrap();
                let visits =
                    value.and_then(|value| value.first().copied()).unwrap_or(0).saturating_add(1);
                hostcalls::set_shared_data("visits", Some(&[visits]), version).unwrap();
            }
            Some(b"/mark") => {
                let namespace = hostcalls::get_property(vec!["node", "namespace"]).unwrap();
                hostcalls::set_property(vec!["mark"], namespace.as_deref()).unwrap();
                assert_eq!(hostcalls::get_property(vec!["mark"]).unwrap(), namespace);
            }
            _ => {}
        }
        let counter = hostcalls::define_metric(MetricType::Counter, "requests").unwrap();
        hostcalls::increment_metric(counter, 1).unwrap();
        log::info!("{} headers", headers.len());
        Action::Continue
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        hostcalls::remove_map_value(MapType::HttpRequestTrailers, "x-user").unwrap();
        Action::Continue
    }
}

fn host() -> Host {
    Host::configured("good")
}

#[test]
fn a_configuration_that_is_refused_leaves_the_old_one() {
    let mut host = host();
    assert!(!host.configure("bad"));
    assert_eq!(host.tick_period(), Some(Duration::from_secs(1)));
    assert!(host.request(&Request::get("/")).goes_on);
}

#[test]
fn counters_and_the_log_are_there_to_read() {
    let mut host = host();
    for _ in 0..3 {
        host.request(&Request::get("/"));
    }
    assert_eq!(host.shown_counters(), [("requests".to_owned(), 3)].into());
    let log = host.take_log();
    assert_eq!((log.len(), log[0].level, log[0].text.as_str()), (3, LogLevel::Info, "4 headers"));
}

#[test]
fn a_request_that_waits_goes_on_by_itself() {
    let mut host = host();
    let streams = [(); 2].map(|()| host.open(&Request::get("/wait")));
    let gone = host.open(&Request::get("/wait"));
    assert!(!host.close(gone).goes_on);
    host.tick();
    let call = host.http_calls().pop().expect("a call");
    assert_eq!((call.cluster.as_str(), call.timeout), ("provider", 5000));
    host.answer_call(call.token, &[(":status", "200")], b"hello");
    for stream in streams {
        let response = host.close(stream);
        assert!(response.goes_on && response.reply.is_none());
        assert_eq!(response.header("x-said").as_deref(), Some("hello"));
    }
    assert!(host.log().iter().any(|line| line.text.ends_with("is gone")), "{:?}", host.log());
}

#[test]
fn workers_share_data() {
    let data = SharedData::default();
    for _ in 0..2 {
        let theirs = data.clone();
        let worker = std::thread::spawn(move || {
            let mut host = Host::sharing(&theirs);
            assert!(host.configure("good"));
            host.request(&Request::get("/share"));
        });
        worker.join().expect("the worker");
    }
    assert_eq!(data.get("visits"), Some((vec![2], 2)));
}

#[test]
fn properties_become_filter_state() {
    let mut host = host();
    host.set_property(&["node", "namespace"], "shop");
    let response = host.request(&Request::get("/mark"));
    assert_eq!(response.state("mark").as_deref(), Some("shop"));
    assert_eq!(response.calls["proxy_get_property"], 2);
}

#[test]
fn trailers_pass_through_the_filter_too() {
    let mut host = host();
    let stream = host.open(&Request::get("/"));
    let trailers = ["x-user", "x-other"].map(|name| (name.to_owned(), b"1".to_vec()));
    assert!(host.trailers(stream, &trailers.into()));
    assert_eq!(host.close(stream).trailers, [("x-other".to_owned(), b"1".to_vec())]);
}
