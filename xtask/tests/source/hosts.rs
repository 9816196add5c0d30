//! A host of the engine does all that the engine leaves to it.

use crate::module::files;
use crate::sources::{metadata, root_of};

/// The crates that ask the engine and are no host, each with why.
const NO_HOSTS: [(&str, &str); 2] = [
    ("attache-cli", "its requests are written down: they have no trailers and wait for nobody"),
    ("attache-test-policies", "it compares verdicts of rules, and has no requests"),
];

/// What a host names, each with what it forgets otherwise. What it is handed and must take apart
/// (`Decision`, `HeaderEdit`), and the traits that it implements, the compiler asks for.
const DUTIES: [(&str, &str); 6] = [
    ("Engine::closed", "a worker that never had a good configuration lets everything through"),
    (
        "forged_trailers",
        "a client's trailers reach the service under the names of identity headers",
    ),
    ("remote_issuers", "no keys are fetched"),
    ("set_keys", "fetched keys do not come to hold"),
    ("wait_decision", "no request waits for keys, or one waits for ever"),
    ("Decision::Wait", "a request that waits is not asked about again"),
];

/// Returns what a host forgets whose sources are these.
fn forgotten(sources: &[String]) -> Vec<&'static str> {
    let is_named = |word: &str| sources.iter().any(|text| text.contains(word));
    DUTIES.iter().filter(|(word, _)| !is_named(word)).map(|(_, what)| *what).collect()
}

/// Returns the packages that are built with the engine.
fn askers() -> Vec<String> {
    let is_engine = |dependency: &serde_json::Value| {
        dependency["name"] == "attache-engine" && dependency["kind"].is_null()
    };
    let packages = metadata()["packages"].as_array().unwrap().iter();
    packages
        .filter(|package| package["dependencies"].as_array().unwrap().iter().any(is_engine))
        .map(|package| package["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_host_does_what_the_engine_leaves_to_it() {
    let askers = askers();
    assert!(askers.iter().any(|name| name == "attache-filter"), "{askers:?}");
    for (name, _) in NO_HOSTS {
        assert!(askers.iter().any(|asker| asker == name), "`{name}` does not ask the engine");
    }
    for host in askers.iter().filter(|name| NO_HOSTS.iter().all(|(other, _)| other != name)) {
        let files = files(&root_of(&host.replace('-', "_")));
        let sources: Vec<String> =
            files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        assert_eq!(
            forgotten(&sources),
            [""; 0],
            "`{host}` is a host of the engine; if it is none, say why in {}",
            file!()
        );
    }
}

#[test]
fn what_a_host_forgets_is_told() {
    let all: Vec<String> = DUTIES.iter().map(|(word, _)| format!("{word}();")).collect();
    assert_eq!(forgotten(&all), [""; 0]);
    for (at, (_, what)) in DUTIES.iter().enumerate() {
        let others: Vec<String> = all
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .map(|(_, text)| text.clone())
            .collect();
        assert_eq!(forgotten(&others), [*what]);
    }
}
