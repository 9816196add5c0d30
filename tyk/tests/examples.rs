//! What is given away as an example holds together.
#![expect(clippy::unwrap_used, reason = "tests")]

use attache_issuer::config::{Config, Credential, Mode};
use attache_issuer::request::credential_of;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn json(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(at(path)).unwrap()).unwrap()
}

/// A configuration, without the files that it names.
fn parse(path: &Path) -> Config {
    Config::parse(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The files of a folder that hold this in their name.
fn files(folder: &str, part: &str) -> Vec<String> {
    let names = fs::read_dir(at(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<_> =
        names.filter(|name| name.contains(part)).map(|name| format!("{folder}/{name}")).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn the_deployments_configuration_serves_its_api() {
    let config = parse(&at("deploy/config/issuer.yaml"));
    let api = json("deploy/config/orders.json");
    assert_eq!(api, json("apis/classic/api-key.json"));
    assert_eq!(json("deploy/config/policies.json"), json("apis/policies.json"));
    let known = config.apis.iter().find(|known| api["api_id"] == known.id.as_str()).unwrap();
    assert!(matches!(known.mode, Mode::Mint { .. }));
    let declared = credential_of(Some(&api["config_data"].to_string())).unwrap().unwrap();
    assert_eq!(declared, Credential { cookies: Vec::new(), ..known.credential.clone() });
    let roles = config.mint.unwrap().roles.policies;
    for policy in json("apis/policies.json").as_object().unwrap().keys() {
        assert!(roles.contains_key(policy), "{policy}");
    }
}

/// The test cluster's gateway has its own file in place of the deployment's.
#[test]
fn gateways_know_every_pod_and_take_the_largest_answer() {
    for (gateway, issuer) in [
        ("deploy/config/tyk.conf", "deploy/config/issuer.yaml"),
        ("../e2e/kind/tyk/tyk.conf", "../e2e/kind/tyk/issuer.yaml"),
    ] {
        let plugin = &json(gateway)["coprocess_options"];
        // By name, so that the gateway knows every pod.
        let address = plugin["coprocess_grpc_server"].as_str().unwrap();
        assert!(address.starts_with("dns:///attache-issuer-grpc.tyk."), "{gateway}");
        assert_eq!(plugin["grpc_round_robin_load_balancing"], true, "{gateway}");
        let receives =
            plugin["grpc_recv_max_size"].as_u64().and_then(|size| usize::try_from(size).ok());
        let largest = parse(&at(issuer)).grpc.max_message_bytes + (64 << 10);
        assert!(receives >= Some(largest), "{gateway}: the largest answer must come back");
    }
}

#[test]
fn the_issuers_pods_have_the_time_that_their_clients_need() {
    let config = parse(&at("deploy/config/issuer.yaml"));
    let text = fs::read_to_string(at("deploy/issuer.yaml")).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    let find = |pointer: &str| {
        documents.iter().find_map(|document| document.pointer(pointer)).unwrap().clone()
    };
    let grace = find("/spec/template/spec/terminationGracePeriodSeconds").as_u64().unwrap();
    let before =
        find("/spec/template/spec/containers/0/lifecycle/preStop/sleep/seconds").as_u64().unwrap();
    assert!(grace >= before + config.drain.as_secs() + 5, "{grace}");
    let headless = documents
        .iter()
        .find(|document| document["metadata"]["name"] == "attache-issuer-grpc")
        .unwrap();
    assert_eq!(headless["spec"]["clusterIP"], "None");
    assert_eq!(headless["spec"]["ports"][0]["port"], 5555);
    let limit = find("/spec/template/spec/containers/0/resources/limits/memory");
    let limit: u64 = limit.as_str().unwrap().strip_suffix("Mi").unwrap().parse().unwrap();
    let in_flight = u64::try_from(config.grpc.max_bytes_in_flight).unwrap() >> 20;
    assert!(limit >= 64 + 2 * in_flight, "{limit}");
}

#[test]
fn definitions_call_the_plugin_after_everything_else() {
    for file in files("apis/classic", ".json") {
        let api = json(&file);
        assert_eq!(api["use_keyless"], false, "{file}");
        if file.contains("pass-through") {
            assert!(api.get("custom_middleware").is_none(), "{file}");
        } else {
            assert_eq!(api["custom_middleware"]["driver"], "grpc", "{file}");
            assert_eq!(api["custom_middleware"]["post"][0]["name"], "AttacheIssue", "{file}");
        }
    }
    for file in files("apis/oas", ".json") {
        let api = json(&file);
        let global = &api["x-tyk-api-gateway"]["middleware"]["global"];
        assert_eq!(api["x-tyk-api-gateway"]["server"]["authentication"]["enabled"], true, "{file}");
        if file.contains("pass-through") {
            assert!(global.get("postPlugins").is_none(), "{file}");
        } else {
            assert_eq!(global["pluginConfig"]["driver"], "grpc", "{file}");
            assert_eq!(global["postPlugins"][0]["functionName"], "AttacheIssue", "{file}");
        }
    }
}

#[test]
fn classic_and_oas_definitions_are_of_the_same_apis() {
    for file in files("apis/classic", ".json") {
        let (classic, oas) = (json(&file), json(&file.replace("classic", "oas")));
        let extension = &oas["x-tyk-api-gateway"];
        assert_eq!(classic["api_id"], extension["info"]["id"], "{file}");
        assert_eq!(
            classic["proxy"]["listen_path"], extension["server"]["listenPath"]["value"],
            "{file}"
        );
        assert_eq!(classic["proxy"]["target_url"], extension["upstream"]["url"], "{file}");
    }
}

#[test]
fn no_container_runs_as_root_or_writes_to_its_own_files() {
    let mut containers = 0;
    for file in files("deploy", ".yaml") {
        let text = fs::read_to_string(at(&file)).unwrap();
        let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
        for document in documents {
            let Some(pod) = document.pointer("/spec/template/spec") else { continue };
            assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{file}");
            assert_eq!(pod["automountServiceAccountToken"], false, "{file}");
            for container in pod["containers"].as_array().unwrap() {
                containers += 1;
                let context = &container["securityContext"];
                assert_eq!(context["readOnlyRootFilesystem"], true, "{file}");
                assert_eq!(context["allowPrivilegeEscalation"], false, "{file}");
                assert_eq!(context["capabilities"]["drop"][0], "ALL", "{file}");
                assert!(
                    container.get("readinessProbe").is_some()
                        && container.get("livenessProbe").is_some(),
                    "{file}"
                );
                assert!(container["resources"]["limits"]["memory"].is_string(), "{file}");
            }
        }
    }
    assert_eq!(containers, 3);
}

#[test]
fn the_guides_configurations_are_good() {
    let guide = fs::read_to_string(at("../docs/tyk.md")).unwrap();
    let yaml: Vec<_> =
        guide.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let with = |text: &str, lacks: &str| {
        Config::parse(&format!("{lacks}{text}")).unwrap_or_else(|error| panic!("{error}\n{text}"));
    };
    let mint = yaml.iter().find(|text| text.contains("\nmint:")).unwrap();
    let exchange = yaml.iter().find(|text| text.starts_with("providers:")).unwrap();
    with(mint, "");
    with(exchange, "grpc: {listen: unix:///run/attache/issuer.sock}\n");
}
