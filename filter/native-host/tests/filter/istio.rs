//! The WasmPlugin that users start from.

use crate::support::Worker;
use attache_e2e::{repository, yaml};
use attache_native_host::{Host, Request};
use serde_json::Value;

fn read(path: &str) -> Value {
    yaml::read(&repository().join(path)).unwrap()
}

#[test]
fn the_wasm_plugin_runs_first_on_the_way_in_and_fails_closed() {
    let spec = &read("istio/base/wasmplugin.yaml")["spec"];
    assert_eq!(spec["phase"], "AUTHN");
    assert_eq!(spec["match"], serde_json::json!([{"mode": "SERVER"}]));
    assert_eq!(spec["failStrategy"], "FAIL_CLOSE");
    assert!(spec["url"].as_str().unwrap().contains("@sha256:"));
}

#[test]
fn the_wasm_plugin_has_the_configuration_of_the_demo_but_for_its_keys() {
    let mut given = read("istio/base/wasmplugin.yaml")["spec"]["pluginConfig"].take();
    let mut worker = Worker::around(Host::new());
    for (path, value) in [(["NAMESPACE"].as_slice(), "shop"), (&["LABELS", "app"], "orders")] {
        worker.set_property(&[&["xds", "node", "metadata"], path].concat(), value);
    }
    assert!(worker.configure(&given.to_string()), "{:#?}", worker.log());
    assert!(worker.send(Request::get("/healthz")).goes_on);
    assert_eq!(worker.send(Request::get("/orders")).reason().as_deref(), Some("token-missing"));

    let mut demo = read("e2e/demo/plugin-config.yaml");
    for document in [&mut given, &mut demo] {
        document["issuers"][0]["jwks"] = Value::Null;
    }
    assert_eq!(given, demo);
}

#[test]
fn the_traffic_extension_says_what_the_wasm_plugin_says() {
    let plugin = read("istio/base/wasmplugin.yaml");
    let extension = read("istio/overlays/traffic-extension/trafficextension.yaml");
    for shared in ["phase", "match"] {
        assert_eq!(extension["spec"][shared], plugin["spec"][shared]);
    }
    for moved in ["url", "imagePullPolicy", "failStrategy", "pluginConfig"] {
        assert_eq!(extension["spec"]["wasm"][moved], plugin["spec"][moved]);
    }
}
