//! The manifests that users start from.

use crate::support::Worker;
use attache_e2e::{repository, yaml};
use attache_native_host::{Host, Request};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn read(path: &str) -> Value {
    yaml::read(&repository().join(path)).unwrap()
}

/// Every YAML file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The filter's configuration in an object, wherever its kind has it.
fn plugin_configs(object: &Value) -> Vec<&Value> {
    let spec = &object["spec"];
    match object["kind"].as_str() {
        Some("WasmPlugin") => vec![&spec["pluginConfig"]],
        Some("TrafficExtension") => vec![&spec["wasm"]["pluginConfig"]],
        Some("EnvoyExtensionPolicy") => spec["wasm"].as_array().unwrap().iter().map(|wasm| &wasm["config"]).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_wasm_plugin_runs_first_on_the_way_in_and_fails_closed() {
    let spec = &read("istio/base/wasmplugin.yaml")["spec"];
    assert_eq!(spec["phase"], "AUTHN");
    assert_eq!(spec["match"], json!([{"mode": "SERVER"}]));
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

#[test]
fn every_configuration_in_a_manifest_is_taken_and_every_filter_fails_closed() {
    let mut seen = Vec::new();
    for path in files(&repository().join("istio")) {
        let text = std::fs::read_to_string(&path).unwrap();
        if path.ends_with("kustomization.yaml") || text.contains("\n---") {
            continue;
        }
        let object = yaml::read(&path).unwrap();
        for config in plugin_configs(&object) {
            let mut worker = Worker::around(Host::new());
            assert!(worker.configure(&config.to_string()), "{}: {:#?}", path.display(), worker.log());
            assert_eq!(worker.send(Request::get("/orders")).reason().as_deref(), Some("token-missing"));
            seen.push(object["kind"].as_str().unwrap().to_owned());
        }
        let spec = &object["spec"];
        match object["kind"].as_str() {
            Some("WasmPlugin") => assert_eq!(spec["failStrategy"], "FAIL_CLOSE", "{}", path.display()),
            Some("TrafficExtension") => assert_eq!(spec["wasm"]["failStrategy"], "FAIL_CLOSE"),
            Some("EnvoyExtensionPolicy") => assert_eq!(spec["wasm"][0]["failOpen"], false),
            _ => {}
        }
    }
    seen.sort();
    assert_eq!(seen, ["EnvoyExtensionPolicy", "TrafficExtension", "WasmPlugin", "WasmPlugin", "WasmPlugin"]);
}
