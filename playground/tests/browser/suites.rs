//! The questions of the example suites.

use crate::playground::root;
use attache_config_reader::read_yaml_stream;
use attache_test_fixtures::keys::{SigningKey, jwks};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// When every request comes.
const NOW: &str = "1800000000";

/// Reads a file of YAML.
fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).expect("a file");
    let documents = read_yaml_stream(&text).expect("YAML");
    serde_json::to_value(documents.first().expect("a document")).expect("JSON")
}

/// Returns the files of a folder, in the order of their names.
fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
    files.sort();
    files
}

/// Returns a text of a test's or scenario's value, empty where there is none.
fn text(value: &Value) -> String {
    value.as_str().map(str::to_owned).unwrap_or_default()
}

/// Returns what the form says for a step of a suite.
fn fields(suite: &Value, configuration: &str, step: &Value) -> Value {
    let request = &step["request"];
    let or = |value: &Value, default: &str| value.as_str().unwrap_or(default).to_owned();
    let pairs = |object: &Value, between: &str| {
        let members = object.as_object().into_iter().flatten();
        members.map(|(name, value)| format!("{name}{between}{}\n", text(value))).collect::<String>()
    };
    let token = request["token"].as_str().and_then(|name| suite["tokens"].get(name));
    let claims = token.map(|token| token.get("claims").cloned().unwrap_or_else(|| json!({})));
    let workload = &suite["workload"];
    let name = [&workload["namespace"], &workload["name"]].map(text);
    json!({
        "configuration": configuration,
        "request": format!("{} {}", or(&request["method"], "GET"), or(&request["path"], "/")),
        "credential": if claims.is_some() { "claims" } else { "none" },
        "claims": claims.map(|claims| claims.to_string()).unwrap_or_default(),
        "issuer": token.map(|token| text(&token["issuer"])).unwrap_or_default(),
        "headers": pairs(&request["headers"], ": "),
        "host": text(&request["host"]),
        "caller": text(&request["caller"]),
        "port": request["port"].as_u64().map(|port| port.to_string()).unwrap_or_default(),
        "workload": if name.iter().all(String::is_empty) { String::new() } else { name.join("/") },
        "labels": pairs(&workload["labels"], "="),
        "serviceAccount": text(&workload["serviceAccount"]),
        "time": NOW,
        "body": request["body"].is_string(),
    })
}

/// Puts keys where a scenario names them: `${jwks:p256,rsa}`. Returns whether it names nothing else
/// that only a proxy has.
fn give_keys(value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            let Some(names) = text.strip_prefix("${jwks:").and_then(|rest| rest.strip_suffix('}'))
            else {
                return !text.contains("${");
            };
            let keys: Result<Vec<SigningKey>, _> =
                names.split(',').map(SigningKey::fixed).collect();
            // Some are made when a proxy is.
            let keys = keys.and_then(|keys| jwks(&keys));
            keys.is_ok_and(|keys| {
                *value = keys;
                true
            })
        }
        Value::Array(items) => items.iter_mut().all(give_keys),
        Value::Object(members) => members.values_mut().all(give_keys),
        _ => true,
    }
}

/// Returns what the form says for every test of `examples/policy-tests`, and for the first steps of
/// every scenario whose configuration needs no proxy.
pub(crate) fn questions() -> Vec<(String, Value)> {
    let mut questions = Vec::new();
    for path in files("examples/policy-tests") {
        let suite = read(&path);
        let file = path.parent().expect("a folder").join(text(&suite["configuration"]));
        let configuration = fs::read_to_string(file).expect("a configuration");
        for step in suite["steps"].as_array().into_iter().flatten() {
            questions.push((text(&step["name"]), fields(&suite, &configuration, step)));
        }
    }
    for path in files("e2e/scenarios") {
        let mut suite = read(&path);
        let mut configuration = suite["configuration"].take();
        if !configuration.is_object() || !give_keys(&mut configuration) {
            continue;
        }
        for step in suite["steps"].as_array().into_iter().flatten().take(2) {
            if step["request"]["path"]
                .as_str()
                .is_some_and(|path| path.starts_with('/') && !path.contains(' '))
            {
                let name = format!("{}: {}", path.display(), text(&step["name"]));
                questions.push((name, fields(&suite, &configuration.to_string(), step)));
            }
        }
    }
    questions
}
