//! Two plugins in one proxy.

use crate::support::{NOW, document, token};
use proxy_wasm_test_host::native::Host;
use proxy_wasm_test_host::{LogLevel, Request, SharedData};
use serde_json::json;

const GAUGE: &str = "attache.plugins.before";

fn plugin(data: &SharedData, name: &str) -> Host {
    let mut host = Host::sharing(data);
    host.set_property(&["plugin_name"], name);
    assert!(host.configure(&document().to_string()), "{:#?}", host.log());
    host.tick();
    host
}

fn send(host: &mut Host) -> Option<String> {
    host.request(&Request::get("/orders").bearer(&token(json!({})))).state("attache.plugin")
}

fn errors(host: &Host) -> Vec<String> {
    host.log()
        .into_iter()
        .filter(|line| line.level == LogLevel::Error)
        .map(|line| line.text)
        .collect()
}

#[test]
fn the_second_to_come_says_so_once() {
    let data = SharedData::default();
    drop(plugin(&data, "shop.first"));
    let mut second = plugin(&data, "shop.second");
    assert_eq!(
        second.gauge(GAUGE),
        Some(0),
        "there, and not yet known to be before the same service"
    );
    assert_eq!(
        send(&mut second).as_deref(),
        Some("shop.second"),
        "the first of both marks what goes through it"
    );
    assert!(errors(&second).is_empty());
    second.set_property(&["attache.plugin"], "shop.first");
    for _ in 0..3 {
        assert_eq!(send(&mut second), None);
        second.tick();
    }
    assert_eq!(second.gauge(GAUGE), Some(1));
    let said = errors(&second);
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].contains("`shop.second` after `shop.first`"), "{said:#?}");
    // Once the other is gone the gauge goes back.
    second.set_time(NOW + 6);
    second.tick();
    assert_eq!(second.gauge(GAUGE), Some(0));
}

#[test]
fn the_first_takes_the_word_back_once_the_second_is_gone() {
    let data = SharedData::default();
    let mut first = plugin(&data, "shop.first");
    let tell = |second: u64| {
        data.set("attache.plugins", format!("shop.second\t{second}").as_bytes(), 0).unwrap()
    };
    tell(NOW);
    first.tick();
    // As the second one sets it, of whose gauge Envoy has but one.
    first.set_gauge(GAUGE, 1);
    first.tick();
    assert_eq!(first.gauge(GAUGE), Some(1));
    first.set_time(NOW + 6);
    first.tick();
    assert_eq!(first.gauge(GAUGE), Some(0));
}

#[test]
fn workers_reloads_and_upgrades_of_one_plugin_are_none() {
    let data = SharedData::default();
    for _ in 0..3 {
        let mut host = plugin(&data, "shop.orders");
        for _ in 0..3 {
            assert!(host.configure(&document().to_string()));
            host.tick();
            assert_eq!(send(&mut host), None, "alone, a plugin marks nothing");
            host.set_time(host.time() + 1);
            host.tick();
        }
        // A request that Envoy sends through the same filter again.
        host.set_property(&["attache.plugin"], "shop.orders");
        send(&mut host);
        assert_eq!((host.gauge(GAUGE), errors(&host).len()), (Some(0), 0));
    }
}

#[test]
fn a_plugin_that_took_the_place_of_another_is_no_second() {
    let data = SharedData::default();
    drop(plugin(&data, "shop.old"));
    let mut new = plugin(&data, "shop.new");
    for second in 1..8 {
        send(&mut new);
        new.set_time(NOW + second);
        new.tick();
    }
    assert_eq!(send(&mut new), None, "the old one has been forgotten");
    assert_eq!((new.gauge(GAUGE), errors(&new).len()), (Some(0), 0));
}

#[test]
fn whatever_lies_in_shared_data_is_no_plugin() {
    for text in ["", "\n", "x", "x\t", "\t1", "x\ty", "\u{fffd}\t99999999999999999999", "a\t0"] {
        let data = SharedData::default();
        data.set("attache.plugins", text.as_bytes(), 0).unwrap();
        let mut host = plugin(&data, "shop.orders");
        assert_eq!((send(&mut host), host.gauge(GAUGE)), (None, Some(0)), "{text:?}");
    }
}
