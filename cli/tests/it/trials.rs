//! `attache test`: tests of policies.

use crate::support::{Run, attache};
use std::fs;

const TWIN: &str = "plugin-config/examples/istio-twin.yaml";

/// Runs a file of tests on the twin of an Istio pair.
fn trial(steps: &str, arguments: &[&str]) -> Run {
    trial_for("workload: {namespace: default, labels: {app: orders}}\n", steps, arguments)
}

/// The same, of the workload that this line names, or of none.
fn trial_for(workload: &str, steps: &str, arguments: &[&str]) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let text = format!(
        "title: t\nconfiguration: twin.yaml\n{workload}\
         tokens: {{ops: {{claims: {{sub: alice, roles: [ops]}}}}}}\nsteps:\n{steps}"
    );
    fs::copy(root.join(TWIN), folder.path().join("twin.yaml")).expect("it is copied");
    let file = folder.path().join("t.yaml");
    fs::write(&file, text).expect("it is written");
    attache(&[&["test", file.to_str().expect("UTF-8")], arguments].concat())
}

#[test]
fn the_example_passes_and_covers_every_rule() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("junit.xml");
    let report = report.to_str().expect("UTF-8");
    let run = attache(&[
        "test",
        "examples/policy-tests",
        "--root",
        ".",
        "--min",
        "100",
        "--junit",
        report,
    ]);
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
        let run =
            trial(&format!("- {{name: n, request: {{path: /orders/7}}, expect: {expect}}}\n"), &[]);
        assert_eq!(run.status, 1);
        assert!(run.stdout.contains(told), "{expect}: {}", run.stdout);
    }
    for (seen, told) in [
        ("{headers: {x-sub: bob}}", "header x-sub: expected `bob`, was `alice`"),
        ("{headers: {x-email: a}}", "header x-email: expected `a`, was absent"),
        ("{absent: [x-sub]}", "header x-sub: expected none, was `alice`"),
    ] {
        let step = format!(
            "- {{name: n, request: {{path: /orders/7, token: ops}}, expect: {{service: {seen}}}}}\n"
        );
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
fn without_a_workload_it_is_the_first_that_a_policy_is_for() {
    let step = "- {name: reads, request: {path: /orders/7, token: ops}, expect: {rule: orders/read-orders}}\n";
    let run = trial_for("", step, &["--min", "20"]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(
        run.stdout.ends_with("1 passed, 0 failed; 1 of 5 rules decided a request\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_workload_that_no_policy_is_for_is_told_and_covers_nothing() {
    let workload = "workload: {namespace: default, labels: {app: billing}}\n";
    let passing = "- {name: n, request: {path: /orders/7}, expect: {reason: token-missing}}\n";
    let run = trial_for(workload, passing, &["--min", "1"]);
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(
        run.stdout.contains("1 passed, 0 failed; 0 of 5 rules decided a request\n"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("no rule is for the workload that is asked"), "{}", run.stdout);
    assert_eq!(trial_for(workload, passing, &["--min", "0"]).status, 0);
    let failing =
        "- {name: n, request: {path: /orders/7, token: ops}, expect: {rule: orders/read-orders}}\n";
    let run = trial_for(workload, failing, &[]);
    let line = "  no policy is for this workload: set `workload`; policy orders is for namespace default, app=orders";
    assert!(run.stdout.lines().any(|told| told == line), "{}", run.stdout);
}

#[test]
fn a_mistake_in_a_file_is_no_failed_test() {
    for (step, said) in [
        ("- {name: n, request: {path: /, token: bob}}\n", "there is no token `bob`"),
        (
            "- {name: n, request: {path: /, tokens: ops}}\n",
            "unknown key `tokens`; did you mean `token`?",
        ),
        (
            "- {name: n, request: {path: /}, expect: {reason: role-mising}}\n",
            "there is no reason `role-mising`; did you mean `role-missing`?",
        ),
        (
            "- {name: n, request: {path: /}, expect: {reasons: x}}\n",
            "unknown key `reasons`; did you mean `reason`?",
        ),
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
fn a_request_that_no_rule_decides_has_none() {
    let step = |expect: &str| {
        format!("- {{name: n, request: {{path: /orders/7}}, expect: {{{expect}}}}}\n")
    };
    assert_eq!(trial(&step("reason: token-missing, rule: none"), &[]).status, 0);
    let run = trial(&step("reason: token-missing, rule: orders/reports"), &[]);
    assert!(run.stdout.contains("rule: expected orders/reports, was none"), "{}", run.stdout);
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let steps = "\
- {name: n, request: {path: healthz}}
- {name: n, request: {path: /, tokn: ops}}
- {name: o, request: {path: /, token: opps}, expect: {status: 200, service: {absnt: [x-a]}}}
- {name: p, request: {path: /, method: DELTE}}
- {name: q, request: {path: /, method: delete}}
";
    let run = trial(steps, &[]);
    assert_eq!(run.status, 2, "{}", run.stdout);
    for said in [
        "t.yaml:6:23: `healthz` does not begin with `/`; write `/healthz`",
        "t.yaml:7:4: `n` is the name of an earlier step, too; give each its own",
        "t.yaml:7:32: unknown key `tokn`; did you mean `token`?",
        "t.yaml:8:32: there is no token `opps`; did you mean `ops`?",
        "t.yaml:8:55: `200` is no status of a refusal; leave `status` out for what is allowed",
        "t.yaml:9:32: `DELTE` is no registered method; did you mean `DELETE`?",
        "t.yaml:8:78: unknown key `absnt`; did you mean `absent`?",
    ] {
        assert!(run.stderr.contains(said), "{said}\n{}", run.stderr);
    }
    assert_eq!(run.stderr.lines().count(), 7, "{}", run.stderr);
}

#[test]
fn what_is_no_test_or_no_rule_is_told_as_that() {
    let run = attache(&["test", TWIN]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("is a configuration and no file of tests"), "{}", run.stderr);
    for (rule, said) in [
        ("nosuch/rule", "n: there is no rule `nosuch/rule`; there are: orders/admin-delete, "),
        ("orders/reprts", "n: there is no rule `orders/reprts`; did you mean `orders/reports`?"),
    ] {
        let run =
            trial(&format!("- {{name: n, request: {{path: /}}, expect: {{rule: {rule}}}}}\n"), &[]);
        assert_eq!(run.status, 2, "{}", run.stdout);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
}

#[test]
fn a_mistake_in_a_file_has_its_line() {
    let run = trial("- name: n\n  request: {path: /, tokens: ops}\n", &[]);
    assert!(run.stderr.contains("t.yaml:7:"), "{}", run.stderr);
    let run = trial("- name: n\n  request: {path: /}\n  expect: {status: many}\n", &[]);
    assert!(run.stderr.contains("t.yaml:8:"), "{}", run.stderr);
    let run = attache(&["test", "no-such-file.yaml"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("can't read `no-such-file.yaml`: "), "{}", run.stderr);
}
