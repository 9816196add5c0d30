//! What must hold of all requests.

use crate::support::{Run, attache};
use serde_json::Value;

const CONFIGURATION: &str = "\
configuration:
  issuers:
  - name: tyk
    issuer: https://tyk.example.com
    jwksUri: https://tyk.example.com/keys
    roleClaims: [{claim: roles}]
  policies:
  - name: p
    selector: {labels: {app: orders}}
    rules:
    - {name: health, authentication: NONE, to: [{paths: [/healthz, /metrics]}]}
    - {name: admin, to: [{paths: [\"/admin*\"]}], roles: {anyOf: [admin]}}
    - {name: own, to: [{paths: [\"/users/{id}\"]}], when: [{claim: sub, equalsPath: id}]}
    - {name: delete, to: [{methods: [DELETE], paths: [\"/orders/{*}\"]}], roles: {anyOf: [writer]}}
";

fn prove(assertions: &str, options: &[&str]) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("proofs.yaml");
    std::fs::write(&file, format!("{CONFIGURATION}assertions:\n{assertions}"))
        .expect("it is written");
    let file = file.to_str().expect("UTF-8").to_owned();
    let arguments: Vec<&str> =
        ["prove", &file].into_iter().chain(options.iter().copied()).collect();
    attache(&arguments)
}

fn answers(assertions: &str) -> Vec<Value> {
    let run = prove(assertions, &["--format", "json"]);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    report[0]["assertions"].as_array().expect("a list").clone()
}

#[test]
fn assertions_hold_or_a_request_says_no() {
    let told = answers(
        "- {name: a, expect: REFUSED, to: [{paths: [\"/admin/{**}\"]}], unless: {roles: {anyOf: [admin]}}}
- {name: b, expect: REFUSED, token: NONE, unless: {to: [{paths: [/healthz]}]}}
- {name: c, expect: REFUSED, token: NONE, unless: {to: [{paths: [/healthz, /metrics]}]}}
- {name: d, expect: REFUSED, to: [{methods: [DELETE], paths: [\"/orders/{*}\"]}], when: [{claim: mfa, notEquals: true}]}
- {name: e, expect: REFUSED, to: [{paths: [\"/users/{id}\"]}], unless: {to: [{paths: [\"/users/{id}\"]}], when: [{claim: sub, equalsPath: id}]}}
- {name: f, expect: ALLOWED, to: [{paths: [/admin/x]}], roles: {anyOf: [admin]}}
- {name: g, expect: ALLOWED, to: [{paths: [\"/users/{id}\"]}], token: GOOD}
",
    );
    let answers: Vec<&str> = told.iter().filter_map(|answer| answer["answer"].as_str()).collect();
    assert_eq!(
        answers,
        ["holds", "fails", "holds", "fails", "holds", "holds", "fails"],
        "{told:?}"
    );
    assert_eq!(told[1]["request"]["path"], "/metrics");
    assert_eq!(told[1]["outcome"]["rule"], "p/health");
    assert_eq!(
        (&told[3]["request"]["method"], &told[3]["request"]["claims"]["roles"][0]),
        (&"DELETE".into(), &"writer".into())
    );
    assert_eq!(told[6]["outcome"]["reason"], "no-rule-matched");
    assert!(
        told.iter()
            .all(|answer| answer["workload"].is_null() || answer["workload"] == "app=orders")
    );
}

#[test]
fn the_status_says_whether_all_hold() {
    let holds = "- {name: a, expect: REFUSED, to: [{paths: [/other]}]}\n";
    let fails = "- {name: b, expect: ALLOWED, to: [{paths: [/other]}]}\n";
    let run = prove(holds, &[]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "holds     a\n1 of 1 hold\n"));
    let run = prove(&format!("{holds}{fails}"), &[]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.ends_with("1 of 2 hold\n"), "{}", run.stdout);
    assert!(run.stdout.contains("GET /other is refused with token-missing"), "{}", run.stdout);
}

#[test]
fn another_configuration_may_be_held_against_them() {
    let run = prove(
        "- {name: a, expect: REFUSED, to: [{paths: [/healthz]}]}\n",
        &["--configuration", "plugin-config/examples/istio-twin.yaml"],
    );
    assert_eq!(
        (
            run.status,
            run.stdout.contains("by orders/read-all (plugin-config/examples/istio-twin.yaml:30)")
        ),
        (1, true),
        "{run:?}"
    );
}

/// What nothing reads beside a configuration may be the one that is meant.
#[test]
fn another_configuration_is_the_only_one_and_all_of_it_is_read() {
    const RESOURCE: &str = "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: a}\nspec:\n  \
        url: oci://registry.example/attache\n  pluginConfig: {issuers: [{name: a, issuer: a, jwksUri: https://a.example}]}\n";
    let folder = tempfile::tempdir().expect("a folder");
    let good = folder.path().join("good.yaml");
    let other = folder.path().join("other.yaml");
    std::fs::write(&good, RESOURCE).expect("it is written");
    let misnamed = RESOURCE.replace("kind: WasmPlugin", "kind: WasmPlugins");
    for (text, expected) in [
        (misnamed.as_str(), "unknown kind `WasmPlugins`; did you mean `WasmPlugin`?"),
        ("a: [", "other.yaml: "),
        (RESOURCE, "name one configuration; there are 2: "),
    ] {
        std::fs::write(&other, text).expect("it is written");
        let path = folder.path().to_str().expect("UTF-8");
        let run = prove("- {name: a, expect: REFUSED, token: NONE}\n", &["--configuration", path]);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
        assert!(run.stderr.contains(expected), "{run:?}");
    }
    std::fs::remove_file(&good).expect("it is there");
    std::fs::write(&other, misnamed).expect("it is written");
    let path = other.to_str().expect("UTF-8");
    let run = prove("- {name: a, expect: REFUSED, token: NONE}\n", &["--configuration", path]);
    assert_eq!(
        (run.status, run.stderr.contains("did you mean `WasmPlugin`?")),
        (2, true),
        "{run:?}"
    );
    let path = good.to_str().expect("UTF-8");
    std::fs::write(&good, RESOURCE).expect("it is written");
    let run = prove("- {name: a, expect: REFUSED, token: NONE}\n", &["--configuration", path]);
    assert_eq!(run.status, 0, "{run:?}");
}

#[test]
fn what_is_wrong_is_told_where_it_stands() {
    let run = prove(
        "- {name: a, expect: REFUSED, too: [{paths: [/a]}]}\n- {name: b, expect: REFUSED, to: [{paths: [a]}]}\n",
        &[],
    );
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("unknown key `too`") && run.stderr.contains(":16:"),
        "{}",
        run.stderr
    );
    let run = prove("- {name: b, expect: REFUSED, unless: {to: [{paths: [a]}]}}\n", &[]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("assertions[0].unless.to[0].paths[0]"), "{}", run.stderr);
    assert!(run.stderr.contains(":16:53"), "{}", run.stderr);
    let run = prove("- {name: b, expect: NEVER}\n", &[]);
    assert_eq!(run.status, 2, "{run:?}");
    let run = prove("  []\n", &[]);
    assert_eq!((run.status, run.stderr.contains("there is no assertion")), (2, true), "{run:?}");
}

#[test]
fn what_is_not_followed_is_not_called_proven() {
    let told = answers(
        "- {name: a, expect: REFUSED, to: [{paths: [/nowhere]}], when: [{claim: exp, lessThan: 5}]}\n",
    );
    assert_eq!(told[0]["answer"], "unproven", "{told:?}");
}

/// What is said of no request would hold whatever the rules are.
#[test]
fn what_is_of_no_request_does_not_hold() {
    let run = prove(
        "- {name: a, expect: ALLOWED, to: [{paths: [/nowhere], methods: [GET]}], unless: {to: [{paths: [\"/*\"]}]}}
- {name: b, expect: REFUSED, token: NONE, roles: {anyOf: [admin]}}
- {name: c, expect: REFUSED, to: [{paths: [/nowhere]}]}
",
        &[],
    );
    assert_eq!(run.status, 1, "{run:?}");
    assert!(
        run.stdout.starts_with("empty     a\n          no request is as it says"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("empty     b\n"), "{}", run.stdout);
    assert!(run.stdout.ends_with("holds     c\n1 of 3 hold\n"), "{}", run.stdout);
    let told = answers("- {name: b, expect: ALLOWED, token: NONE, roles: {anyOf: [admin]}}\n");
    assert_eq!(told[0]["answer"], "empty");
}

#[test]
fn a_workload_that_no_policy_is_for_is_an_error() {
    let assertion = "- {name: a, expect: ALLOWED, token: GOOD}\n";
    let workload =
        |app: &str| format!("{assertion}workload: {{namespace: shop, labels: {{app: {app}}}}}\n");
    let run = prove(&workload("ordres"), &[]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
    assert!(run.stderr.contains("applies to namespace shop, app=ordres"), "{}", run.stderr);
    assert_eq!(prove(&workload("orders"), &[]).status, 1);
}

#[test]
fn names_are_not_repeated_and_methods_are_known_ones() {
    let run = prove("- {name: a, expect: REFUSED}\n- {name: a, expect: ALLOWED}\n", &[]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(
        run.stderr.contains("an assertion before is named `a`, too") && run.stderr.contains(":17:"),
        "{}",
        run.stderr
    );
    let run = prove(
        "- {name: a, expect: REFUSED, to: [{methods: [DLETE, PURGE, GET], paths: [/orders]}]}\n",
        &[],
    );
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stderr.contains("help: did you mean `DELETE`?"), "{}", run.stderr);
    assert_eq!(run.stderr.matches("warning[").count(), 2, "{}", run.stderr);
}

#[test]
fn folders_are_searched_and_a_configuration_is_told() {
    let run = attache(&["prove", "examples/proofs", "--root", "."]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stdout.contains("holds     only superusers delete below /admin"), "{}", run.stdout);
    let run = attache(&["prove", "examples", "--root", "."]);
    assert_eq!(run.status, 0, "what stands beside them is passed over: {run:?}");
    let run = attache(&["prove", "plugin-config/examples"]);
    assert_eq!((run.status, run.stderr.contains("no assertions there")), (2, true), "{run:?}");
    let run = attache(&["prove", "plugin-config/examples/istio-twin.yaml"]);
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.contains("is a configuration") && run.stderr.contains("--configuration"),
        "{}",
        run.stderr
    );
}

#[test]
fn of_a_dry_run_it_is_said_that_nothing_is_enforced() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("proofs.yaml");
    let file = file.to_str().expect("UTF-8");
    let shadow = "  shadowSelectors: [{labels: {app: orders}}]\n";
    for (lines, said) in [
        ("", None),
        (
            "  mode: SHADOW\n",
            Some("the configuration is a dry run (`mode: SHADOW`), so nothing of this is enforced"),
        ),
        (shadow, Some("the configuration is a dry run for some workloads")),
    ] {
        let assertions =
            "assertions:\n- {name: a, expect: REFUSED, token: NONE, to: [{paths: [/admin]}]}\n";
        std::fs::write(file, format!("{CONFIGURATION}{lines}{assertions}")).expect("it is written");
        let run = attache(&["prove", file]);
        // It is judged as it will be in force.
        assert_eq!(run.status, 0, "{run:?}");
        assert_eq!(run.stdout.contains("is a dry run"), said.is_some(), "{run:?}");
        assert!(run.stdout.contains(said.unwrap_or("holds     a")), "{run:?}");
        let json: Value =
            serde_json::from_str(&attache(&["prove", file, "--format", "json"]).stdout)
                .expect("JSON");
        assert_eq!(json[0]["dryRun"], said.is_some(), "{json}");
    }
}

#[test]
fn the_schema_takes_what_the_command_takes() {
    let schema: Value =
        serde_json::from_str(&attache(&["schema", "assertions"]).stdout).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/proofs"))
        .expect("a folder")
    {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("a file");
        let document: Value =
            serde_json::to_value(attache_config_reader::read_yaml(&text).expect("YAML"))
                .expect("JSON");
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    let misspelled =
        serde_json::json!({"assertions": [{"name": "a", "expect": "REFUSED", "too": []}]});
    assert!(!validator.is_valid(&misspelled));
}

/// The same as of a dry run is said of a resource that some tool leaves out, or some proxies.
#[test]
fn of_a_resource_that_is_left_out_it_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let configuration = "\
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: attache, labels: {istio.io/rev: canary}, annotations: {config.kubernetes.io/local-config: 'true'}}
spec:
  url: oci://example.com/attache@sha256:0123
  pluginConfig:
    issuers: [{name: tyk, issuer: https://tyk.example.com, jwksUri: https://tyk.example.com/keys}]
";
    std::fs::write(path("c.yaml"), configuration).expect("it is written");
    std::fs::write(
        path("p.yaml"),
        "configuration: c.yaml\nassertions: [{name: a, expect: REFUSED, token: NONE}]\n",
    )
    .expect("it is written");
    std::fs::write(
        path("t.yaml"),
        "title: t\nconfiguration: c.yaml\nsteps: [{name: n, request: {path: /}, expect: {reason: token-missing}}]\n",
    )
    .expect("it is written");
    let line = r#"{"log":"attache","verdict":"allowed","method":"GET","host":"a","path":"/"}"#;
    std::fs::write(path("log"), line).expect("it is written");
    for arguments in [
        &["prove", &path("p.yaml")][..],
        &["prove", &path("p.yaml"), "--format", "json"],
        &["test", &path("t.yaml")],
        &["replay", &path("log"), "--against", &path("c.yaml")],
        &["explain", &path("c.yaml"), "--request", "GET /"],
    ] {
        let run = attache(arguments);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(
            said.contains(
                "kustomize and kpt leave the resource out (`config.kubernetes.io/local-config`)"
            ),
            "{arguments:?}: {run:?}"
        );
        assert!(
            said.contains("proxies of Istio's revision `canary` alone load the resource"),
            "{arguments:?}: {run:?}"
        );
    }
}

/// Rules of several conditions each, whose claims are neighbours in no order of their names.
#[test]
fn rules_of_many_claims_are_followed() {
    let rules = (0..30).map(|rule| {
        let claims =
            [rule, rule + 30, rule + 60].map(|claim| format!("{{claim: c{claim:02}, equals: x}}"));
        format!("{{name: r{rule}, to: [{{paths: [/p]}}], when: [{}]}}", claims.join(", "))
    });
    let rules: Vec<String> = rules.collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let configuration = format!(
        "issuers: [{{name: tyk, issuer: https://tyk.example.com, jwksUri: https://tyk.example.com/keys}}]\n\
         policies: [{{name: p, rules: [{}]}}]\n",
        rules.join(", ")
    );
    std::fs::write(path("c.yaml"), configuration).expect("it is written");
    let assertions = "configuration: c.yaml\nassertions:\n- {name: a, expect: REFUSED, token: NONE}\n\
                      - {name: b, expect: REFUSED, to: [{paths: [/p]}]}\n";
    std::fs::write(path("p.yaml"), assertions).expect("it is written");
    let run = attache(&["prove", &path("p.yaml")]);
    assert_eq!(run.status, 1, "{run:?}");
    assert!(run.stdout.ends_with("1 of 2 hold\n"), "{run:?}");
}

/// Where too much is to be told apart, nothing holds, and nothing differs.
#[test]
fn what_is_too_complex_is_no_answer() {
    // Each pair of claims that a rule compares lies far from each other.
    let pairs = 40;
    let first = (0..pairs).map(|rule| {
        format!("{{name: a{rule}, to: [{{paths: [/a]}}], when: [{{claim: c{rule}, equals: x}}]}}")
    });
    let second = (0..pairs).map(|rule| {
        let claims = [rule, (rule * 17 + 5) % pairs, (rule * 29 + 11) % pairs];
        let conditions = claims
            .map(|claim| format!("{{claim: c{claim}, equals: x}}, {{claim: d{claim}, equals: y}}"));
        format!("{{name: b{rule}, to: [{{paths: [/b]}}], when: [{}]}}", conditions.join(", "))
    });
    let rules: Vec<String> = first.chain(second).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let configuration = format!(
        "issuers: [{{name: tyk, issuer: https://tyk.example.com, jwksUri: https://tyk.example.com/keys}}]\n\
         policies: [{{name: p, rules: [{}]}}]\n",
        rules.join(", ")
    );
    std::fs::write(path("c.yaml"), &configuration).expect("it is written");
    std::fs::write(path("d.yaml"), configuration.replace("equals: y", "equals: z"))
        .expect("it is written");
    std::fs::write(
        path("p.yaml"),
        "configuration: c.yaml\nassertions: [{name: a, expect: REFUSED, token: NONE}]\n",
    )
    .expect("it is written");
    for arguments in [&["prove", &path("p.yaml")][..], &["diff", &path("c.yaml"), &path("d.yaml")]]
    {
        let run = attache(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
        assert!(run.stderr.contains("its rules combine in too many ways; "), "{run:?}");
    }
}
