//! The WasmPlugin that users start from.

use crate::support::{Verdict, Worker};
use attache_e2e::{page, repository, yaml};
use proxy_wasm_test_host::Request;
use proxy_wasm_test_host::native::Host;
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

/// The guide begins with it, and its document is the guide's.
#[test]
fn the_example_of_a_dry_run_is_the_guides() {
    let mut patch = read("istio/examples/dry-run/document.yaml");
    let [change] = patch.as_array_mut().unwrap().as_mut_slice() else { panic!("{patch}") };
    assert_eq!((&change["op"], &change["path"]), (&"replace".into(), &"/spec/pluginConfig".into()));
    let document = change["value"].take();
    let blocks = page::blocks(&page::read("docs/production.md").unwrap());
    let guide = blocks.iter().find(|block| block.text.starts_with("mode: SHADOW")).unwrap();
    let guide: Value = yaml::parse(&guide.text).unwrap();
    for (key, value) in guide.as_object().unwrap() {
        assert_eq!(&document[key], value, "{key}");
    }
    let mut worker = Worker::around(Host::new());
    assert!(worker.configure(&document.to_string()), "{:#?}", worker.log());
    assert_eq!(worker.gauge("attache.dry_run"), Some(1));
    let response = worker.send(Request::get("/orders").with("x-user", "root"));
    assert_eq!((response.goes_on, response.header("x-user")), (true, None));
}
