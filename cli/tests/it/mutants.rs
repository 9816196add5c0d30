//! `attache mutate`: which mutants there are, and which of them tests notice.

use crate::support::{Run, attache};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A configuration of one rule, on lines of its own.
const CONFIGURATION: &str = "\
issuers:
- {name: tyk, issuer: https://tyk.example.com, jwksUri: https://tyk.example.com/keys, roleClaims: [{claim: roles}]}
policies:
- name: orders
  rules:
  - name: read
    to: [{methods: [GET], paths: [/orders]}]
    roles: {anyOf: [reader]}
";

/// Tests that notice each of its mutants.
const TESTS: [&str; 7] = [
    "{name: reads, request: {path: /orders, token: reader}, expect: {rule: orders/read}}",
    "{name: lacks the role, request: {path: /orders, token: nobody}, expect: {reason: role-missing}}",
    "{name: no token, request: {path: /orders}, expect: {reason: token-missing}}",
    "{name: another method, request: {method: PUT, path: /orders, token: reader}, expect: {reason: no-rule-matched}}",
    "{name: another path, request: {path: /, token: reader}, expect: {reason: no-rule-matched}}",
    "{name: a longer path, request: {path: /orders/1, token: reader}, expect: {reason: no-rule-matched}}",
    "{name: for ever, request: {path: /orders, token: eternal}, expect: {reason: lifetime-too-long}}",
];

/// Writes the configuration, and a file for each of these lists of tests.
fn suite(configuration: &str, files: &[&[&str]]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("it is written");
    write("configuration.yaml", configuration);
    for (index, tests) in files.iter().enumerate() {
        let steps: String = tests.iter().map(|test| format!("- {test}\n")).collect();
        let tokens = "{reader: {claims: {roles: [reader]}}, nobody: {claims: {roles: []}}, eternal: {claims: {roles: [reader]}, without: [exp]}}";
        let text = format!(
            "title: t\nconfiguration: configuration.yaml\ntokens: {tokens}\nsteps:\n{steps}"
        );
        write(&format!("{index}.yaml"), &text);
    }
    folder
}

fn mutate(folder: &TempDir, arguments: &[&str]) -> Run {
    attache(&[&["mutate", folder.path().to_str().expect("UTF-8")], arguments].concat())
}

#[test]
fn every_kind_of_clause_has_its_mutants() {
    let run = attache(&["mutate", "cli/tests/mutants/everything.yaml"]);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mutants/everything.txt");
    let golden = fs::read_to_string(golden).expect("the list");
    for (told, expected) in run.stdout.lines().zip(golden.lines()) {
        assert_eq!(told, expected);
    }
    assert_eq!(run.stdout.lines().count(), golden.lines().count());
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
}

#[test]
fn each_mutant_is_noticed_by_the_test_that_is_for_it_and_by_no_other() {
    assert_eq!(mutate(&suite(CONFIGURATION, &[&TESTS]), &["--min", "100"]).status, 0);
    for (test, unnoticed) in [
        (1, &["8:20 rule orders/read: `roles.anyOf` dropped"][..]),
        (2, &[]),
        (3, &["7:20 rule orders/read: `to[0].methods` dropped"]),
        (4, &[]),
        (5, &["7:35 rule orders/read: `/orders` widened to `/orders*`"]),
        (6, &["2:10 issuer tyk: `requireExpiration` made false"]),
    ] {
        let mut tests = TESTS.to_vec();
        tests.remove(test);
        let run = mutate(&suite(CONFIGURATION, &[&tests]), &["--format", "json"]);
        let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
        let told: Vec<String> = report["mutants"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|told| {
                let [owner, change] =
                    ["owner", "change"].map(|key| told[key].as_str().expect("text"));
                format!("{}:{} {owner}: {change}", told["line"], told["column"])
            })
            .collect();
        assert_eq!(told, unnoticed, "without test {test}");
    }
}

#[test]
fn two_files_about_one_configuration_notice_together() {
    let (one, other) = TESTS.split_at(3);
    let run = mutate(&suite(CONFIGURATION, &[one, other]), &["--min", "100"]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    let mutants = |run: &Run| run.stdout.lines().last().map(str::to_owned);
    assert_eq!(mutants(&run), mutants(&mutate(&suite(CONFIGURATION, &[&TESTS]), &[])));
}

#[test]
fn a_gate_fails_where_too_few_are_noticed_or_not_all_were_run() {
    let folder = suite(CONFIGURATION, &[&TESTS[..3]]);
    let run = mutate(&folder, &["--format", "json"]);
    let score = serde_json::from_str::<Value>(&run.stdout).expect("JSON")["score"]
        .as_u64()
        .expect("a number");
    assert!((50..100).contains(&score), "{score}");
    assert_eq!(run.status, 0);
    assert_eq!(mutate(&folder, &["--min", &score.to_string()]).status, 0);
    assert_eq!(mutate(&folder, &["--min", &(score + 1).to_string()]).status, 1);
    let run = mutate(&suite(CONFIGURATION, &[&TESTS]), &["--timeout", "0", "--min", "0"]);
    assert!(run.stdout.contains("no mutant was run; no time for 1"), "{}", run.stdout);
    assert_eq!(run.status, 1);
}

#[test]
fn tests_that_fail_as_it_is_say_nothing_of_mutants() {
    let wrong = ["{name: writes, request: {method: POST, token: reader}}"];
    let run = mutate(&suite(CONFIGURATION, &[&wrong]), &[]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(
        run.stderr.contains("0.yaml: `writes` fails as it is; see `attache test`"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_clause_in_a_resource_is_found_in_it() {
    let resource = format!(
        "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{name: attache}}\nspec:\n  pluginConfig:\n    {}",
        CONFIGURATION.replace('\n', "\n    ")
    );
    let run = mutate(&suite(&resource, &[&TESTS[..1]]), &[]);
    let expected = "configuration.yaml:12:24: no test notices rule orders/read: `to[0].methods` dropped (lets more through)";
    assert!(run.stdout.contains(expected), "{}", run.stdout);
}

#[test]
fn no_mutant_is_no_score() {
    let folder = suite(CONFIGURATION, &[&TESTS]);
    let run = mutate(&folder, &["--timeout", "0"]);
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(run.stdout.starts_with("no mutant was run; no time for "), "{}", run.stdout);
    assert!(!run.stdout.contains('%'), "{}", run.stdout);
    let run = mutate(&folder, &["--timeout", "0", "--format", "json"]);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!((&report["score"], run.status), (&Value::Null, 1));
}
