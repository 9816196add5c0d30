//! What a new version allows and refuses.

use crate::support::attache;
use serde_json::Value;

const HEAD: &str = "\
issuers:
- name: tyk
  issuer: https://tyk.example.com
  jwksUri: https://tyk.example.com/keys
  roleClaims: [{claim: roles}]
";

/// Two versions of policies, in a folder of their own.
struct Versions(tempfile::TempDir);

impl Versions {
    fn new(old: &str, new: &str) -> Self {
        Self::whole(&format!("{HEAD}{old}"), &format!("{HEAD}{new}"))
    }

    fn whole(old: &str, new: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [("old.yaml", old), ("new.yaml", new)] {
            std::fs::write(folder.path().join(name), text).expect("it is written");
        }
        Self(folder)
    }

    fn diff(&self, options: &[&str]) -> crate::support::Run {
        let path = |name: &str| self.0.path().join(name).to_str().expect("UTF-8").to_owned();
        let (old, new) = (path("old.yaml"), path("new.yaml"));
        let arguments: Vec<&str> = ["diff", &old, &new].into_iter().chain(options.iter().copied()).collect();
        attache(&arguments)
    }

    fn json(&self, options: &[&str]) -> Value {
        let options: Vec<&str> = options.iter().copied().chain(["--format", "json"]).collect();
        let run = self.diff(&options);
        let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
        report["comparisons"][0].clone()
    }
}

fn policy(rules: &str) -> String {
    format!("policies:\n- name: p\n  selector: {{labels: {{app: orders}}}}\n  rules:\n{rules}")
}

#[test]
fn the_same_is_the_same_however_it_is_written() {
    let old = policy("  - {name: a, to: [{methods: [GET], paths: [/a, /b]}], roles: {anyOf: [r]}}\n");
    let new = policy(
        "  - {name: b, to: [{methods: [GET], paths: [/b]}], roles: {anyOf: [r]}}\n  - {name: a, to: [{methods: [GET], paths: [/a]}], roles: {anyOf: [r]}}\n",
    );
    let run = Versions::new(&old, &new).diff(&[]);
    assert_eq!(
        (run.status, run.stdout.as_str()),
        (0, "0 requests newly allowed, 0 newly refused; 0 changes not compared\n")
    );
}

#[test]
fn what_one_rule_opens_and_another_shuts_are_two_changes() {
    let old = policy(
        "  - {name: a, to: [{paths: [/a]}], roles: {anyOf: [r]}}\n  - {name: b, to: [{paths: [/b]}]}\n",
    );
    let new = policy("  - {name: a, to: [{paths: [/a]}], roles: {anyOf: [r, s]}}\n");
    let report = Versions::new(&old, &new).json(&[]);
    let allowed = &report["allowed"];
    assert_eq!(allowed.as_array().map(Vec::len), Some(1), "{report}");
    assert_eq!(allowed[0]["request"]["path"], "/a");
    assert_eq!(allowed[0]["request"]["claims"]["roles"], serde_json::json!(["s"]));
    assert_eq!(allowed[0]["before"]["reason"], "role-missing");
    assert_eq!(allowed[0]["now"]["rule"], "p/a");
    assert_eq!(allowed[0]["now"]["line"], 10);
    assert_eq!(allowed[0]["workloads"], serde_json::json!(["app=orders"]));
    let refused = &report["refused"];
    assert_eq!(refused.as_array().map(Vec::len), Some(1), "{report}");
    assert_eq!(
        (&refused[0]["request"]["path"], &refused[0]["now"]["reason"]),
        (&"/b".into(), &"no-rule-matched".into())
    );
}

#[test]
fn a_policy_for_other_workloads_is_a_change_for_them() {
    let old = policy("  - {name: a, to: [{paths: [/a]}]}\n");
    let new = old.replace("app: orders", "app: billing");
    let report = Versions::new(&old, &new).json(&[]);
    assert_eq!(report["allowed"][0]["workloads"], serde_json::json!(["app=orders"]), "{report}");
    assert_eq!(report["refused"][0]["workloads"], serde_json::json!(["app=billing"]), "{report}");
}

#[test]
fn what_no_request_shows_is_listed() {
    let rules = policy("  - {name: a, mode: SHADOW, to: [{paths: [/a]}]}\n");
    let old = format!("{HEAD}{rules}");
    let new = old.replace("/keys", "/jwks").replace("paths: [/a]", "paths: [/b]") + "audit: {log: ALL}\n";
    let versions = Versions::whole(&old, &new);
    let report = versions.json(&[]);
    let listed: Vec<&str> =
        report["notCompared"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let expected =
        ["`audit`", "issuer `tyk`: `jwksUri`", "what is in SHADOW; `--with-shadow` compares it too"];
    assert_eq!(listed, expected);
    assert_eq!(
        (report["allowed"].as_array().unwrap().len(), report["refused"].as_array().unwrap().len()),
        (0, 0)
    );
    assert_eq!((versions.diff(&[]).status, versions.diff(&["--fail-on", "requests"]).status), (1, 0));
    let report = versions.json(&["--with-shadow"]);
    assert_eq!(
        (&report["allowed"][0]["request"]["path"], &report["refused"][0]["request"]["path"]),
        (&"/b".into(), &"/a".into())
    );
}

#[test]
fn a_gate_stops_what_it_is_for() {
    let old = policy("  - {name: a, to: [{paths: [/a]}]}\n");
    let wider = policy("  - {name: a, to: [{paths: [/a, /b]}]}\n");
    let (opened, shut) = (Versions::new(&old, &wider), Versions::new(&wider, &old));
    let statuses = |versions: &Versions| {
        ["any", "requests", "allowed", "refused", "nothing"]
            .map(|gate| versions.diff(&["--fail-on", gate]).status)
    };
    assert_eq!(statuses(&opened), [1, 1, 1, 0, 0]);
    assert_eq!(statuses(&shut), [1, 1, 0, 1, 0]);
    let markdown = opened.diff(&["--format", "markdown"]).stdout;
    assert!(markdown.contains("#### Newly allowed: one request for each of 1 change"), "{markdown}");
    assert!(markdown.contains("```sh\n  curl 'https://service/b'"), "{markdown}");
}

#[test]
fn resources_of_one_name_are_compared() {
    let resource = |name: &str, rule: &str, phase: &str| {
        let config = format!("{HEAD}policies: [{{name: p, rules: [{rule}]}}]").replace('\n', "\n    ");
        format!(
            "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  \
             url: oci://example.com/attache@sha256:{}\n  phase: {phase}\n  pluginConfig:\n    {config}\n",
            "0".repeat(64)
        )
    };
    let (a, b) = ("{name: r, to: [{paths: [/a]}]}", "{name: r, to: [{paths: [/b]}]}");
    let old = format!("{}---\n{}", resource("attache-one", a, "AUTHN"), resource("attache-two", a, "AUTHN"));
    let new =
        format!("{}---\n{}", resource("attache-two", b, "AUTHZ"), resource("attache-three", b, "AUTHN"));
    let run = Versions::whole(&old, &new).diff(&["--format", "json"]);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(report["comparisons"].as_array().map(Vec::len), Some(1), "{report}");
    assert_eq!(report["comparisons"][0]["notCompared"], serde_json::json!(["`spec.phase`"]));
    assert_eq!(report["comparisons"][0]["allowed"][0]["workloads"], serde_json::json!(["namespace shop"]));
    assert_eq!(report["unpaired"].as_array().map(Vec::len), Some(2), "{report}");
}

#[test]
fn an_invalid_version_is_no_answer() {
    let versions = Versions::whole(HEAD, "issuers: []\n");
    let run = versions.diff(&[]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(run.stderr.contains("`attache check` shows them"), "{}", run.stderr);
    let missing = attache(&["diff", "no-such-file.yaml", "plugin-config/examples/istio-twin.yaml"]);
    assert_eq!(missing.status, 2);
}
