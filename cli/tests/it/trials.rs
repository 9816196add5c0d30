//! `attache test`: tests of policies.

use crate::support::attache;
use std::fs;

const TWIN: &str = "plugin-config/examples/istio-twin.yaml";

/// Runs a file of tests on the twin of an Istio pair.
fn trial(steps: &str, arguments: &[&str]) -> crate::support::Run {
    let folder = tempfile::tempdir().expect("a folder");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let text = format!(
        "title: t\nconfiguration: {}\nworkload: {{namespace: default, labels: {{app: orders}}}}\n\
         tokens: {{ops: {{claims: {{sub: alice, roles: [ops]}}}}}}\nsteps:\n{steps}",
        root.join(TWIN).display()
    );
    let file = folder.path().join("t.yaml");
    fs::write(&file, text).expect("it is written");
    attache(&[&["test", file.to_str().expect("UTF-8")], arguments].concat())
}

#[test]
fn the_example_passes_and_covers_every_rule() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("junit.xml");
    let report = report.to_str().expect("UTF-8");
    let run = attache(&["test", "examples/policy-tests", "--min", "100", "--junit", report]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert_eq!(run.stdout, "19 passed, 0 failed; 5 of 5 rules decided a request\n");
    let xml = fs::read_to_string(report).expect("a report");
    assert!(xml.contains(r#"tests="19" failures="0""#), "{xml}");
    assert_eq!(xml.matches("<testcase ").count(), 19);
}

#[test]
fn what_is_other_than_expected_is_told_with_the_reason_for_it() {
    let run = trial(
        "- {name: reads, request: {path: /orders/7, token: ops}, expect: {reason: role-missing}}\n",
        &[],
    );
    assert_eq!(run.status, 1);
    for line in [
        "  expected refused with role-missing, was allowed",
        "  | allowed, by rule orders/read-orders",
        "0 passed, 1 failed; 1 of 5 rules decided a request",
        "no test is decided by rule orders/reports",
    ] {
        assert!(run.stdout.lines().any(|told| told == line), "{line}\n{}", run.stdout);
    }
    for (expect, told) in [
        ("{}", "expected allowed, was refused with token-missing"),
        ("{status: 403}", "status: expected 403, was 401"),
        (
            "{reason: no-rule-matched}",
            "expected refused with no-rule-matched, was refused with token-missing",
        ),
    ] {
        let run = trial(&format!("- {{name: n, request: {{path: /orders/7}}, expect: {expect}}}\n"), &[]);
        assert_eq!(run.status, 1);
        assert!(run.stdout.contains(told), "{expect}: {}", run.stdout);
    }
    for (seen, told) in [
        ("{headers: {x-sub: bob}}", "header x-sub: expected `bob`, was `alice`"),
        ("{headers: {x-email: a}}", "header x-email: expected `a`, was absent"),
        ("{absent: [x-sub]}", "header x-sub: expected none, was `alice`"),
    ] {
        let step =
            format!("- {{name: n, request: {{path: /orders/7, token: ops}}, expect: {{service: {seen}}}}}\n");
        let run = trial(&step, &[]);
        assert!(run.stdout.contains(told), "{seen}: {}", run.stdout);
    }
}

#[test]
fn too_little_coverage_fails() {
    let step = "- {name: reads, request: {path: /orders/7, token: ops}}\n";
    assert_eq!(trial(step, &["--min", "20"]).status, 0);
    assert_eq!(trial(step, &["--min", "21"]).status, 1);
}

#[test]
fn a_mistake_in_a_file_is_no_failed_test() {
    for (step, said) in [
        ("- {name: n, request: {path: /, token: bob}}\n", "there is no token `bob`"),
        ("- {name: n, request: {path: /, tokens: ops}}\n", "unknown field `tokens`"),
        (
            "- {name: n, request: {path: /}, expect: {reason: role-mising}}\n",
            "there is no reason `role-mising`",
        ),
        ("- {name: n, request: {path: /}, expect: {reasons: x}}\n", "unknown field `reasons`"),
    ] {
        let run = trial(step, &[]);
        assert_eq!(run.status, 2, "{}", run.stdout);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    let run = attache(&["test", "istio/base"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("no tests there"), "{}", run.stderr);
}

#[test]
fn a_mistake_in_a_file_has_its_line() {
    let run = trial("- name: n\n  request: {path: /, tokens: ops}\n", &[]);
    assert!(run.stderr.contains("t.yaml:7:"), "{}", run.stderr);
    let run = trial("- name: n\n  request: {path: /}\n  expect: {status: many}\n", &[]);
    assert!(run.stderr.contains("t.yaml:8:"), "{}", run.stderr);
    let run = attache(&["test", "no-such-file.yaml"]);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("can't read `no-such-file.yaml`: there is no such file or folder"),
        "{}",
        run.stderr
    );
}
