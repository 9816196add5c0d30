//! The page and the program say the same, of every suite of examples.

use crate::playground::{Playground, root, tool};
use attache_config_reader::read_yaml_stream;
use attache_test_fixtures::keys::{SigningKey, jwks};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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

/// Puts keys where a scenario names them: `${jwks:p256,rsa}`. Returns whether it names nothing else that only a proxy has.
fn give_keys(value: &mut Value) -> bool {
    match value {
        Value::String(text) => {
            let Some(names) = text.strip_prefix("${jwks:").and_then(|rest| rest.strip_suffix('}')) else {
                return !text.contains("${");
            };
            let keys: Result<Vec<SigningKey>, _> = names.split(',').map(SigningKey::fixed).collect();
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

/// Returns what the form says for every test of `examples/policy-tests`, and for the first steps of every scenario whose
/// configuration needs no proxy.
fn questions() -> Vec<(String, Value)> {
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

#[test]
fn page_and_program_say_the_same() {
    let Some(mut playground) = Playground::open("") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = format!(
        "{}:{}",
        tool().parent().expect("a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let empty = playground.page.evaluate(
        "Object.fromEntries(Array.from(document.getElementById('form').elements)
        .filter((field) => field.name && field.type !== 'radio')
        .map((field) => [field.name, field.type === 'checkbox' ? false : '']))",
    );
    let mut agreed = Map::new();
    for (name, fields) in questions() {
        let mut all = empty.clone();
        all.as_object_mut().expect("fields").extend(fields.as_object().cloned().expect("fields"));
        playground.fill(&all);
        let command = playground.text("#command");
        fs::write(folder.path().join("configuration.yaml"), text(&fields["configuration"]))
            .expect("it is written");
        let run = |format: &str| {
            let mut shell = Command::new("sh");
            shell
                .args(["-c", &format!("{command} --format {format}")])
                .current_dir(folder.path())
                .env("PATH", &path);
            let run = shell.output().expect("a shell");
            (String::from_utf8(run.stdout).expect("UTF-8"), String::from_utf8_lossy(&run.stderr).into_owned())
        };
        let (json, error) = run("json");
        if json.is_empty() {
            // What the program can't ask, the page can't either.
            assert_eq!(playground.text("#json"), "", "{name}: {error}");
            assert!(error.starts_with("error: "), "{name}: {error}");
            continue;
        }
        let told: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(playground.explanation(), told, "{name}: {command}");
        let (story, _) = run("text");
        assert_eq!(Some(playground.verdict().as_str()), story.lines().next(), "{name}: {command}");
        let reason = told["decision"]["reason"].as_str().unwrap_or("allowed").to_owned();
        let count = agreed.get(&reason).and_then(Value::as_u64).unwrap_or_default();
        agreed.insert(reason, json!(count + 1));
    }
    playground.must_be_quiet();
    let count: u64 = agreed.values().filter_map(Value::as_u64).sum();
    println!("{count} questions, answered alike: {}", Value::Object(agreed.clone()));
    assert!(count >= 60, "{count} questions");
    for reason in
        ["allowed", "role-missing", "no-rule-matched", "token-missing", "token-expired", "rule-denied"]
    {
        assert!(agreed.contains_key(reason), "no question is answered with {reason}");
    }
}
