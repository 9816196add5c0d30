//! The resource around a configuration: what Kubernetes and Istio make of it.

use crate::support::{attache, attache_given};
use serde_json::Value;
use std::fs;

/// A WasmPlugin that nothing is to be said of.
const PLUGIN: &str = "\
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: attache, namespace: shop}
spec:
  url: oci://example.com/attache@sha256:0123
  phase: AUTHN
  match: [{mode: SERVER}]
  failStrategy: FAIL_CLOSE
  pluginConfig:
    issuers:
    - {name: tyk, issuer: https://tyk.example.com, jwksUri: https://tyk.example.com/keys}
";

/// What is found in the plugin with a line in the place of another: the rule, the line and the
/// message.
fn found(line: &str, changed: &str) -> Vec<String> {
    assert!(PLUGIN.contains(line), "{line}");
    let run = attache_given(&["check", "--format", "json", "-"], &PLUGIN.replace(line, changed));
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let of = |finding: &Value| {
        let [rule, problem, remedy] = ["rule", "problem", "remedy"].map(|key| word(finding, key));
        format!("{rule} {}: {problem}; {remedy}", finding["line"])
    };
    findings.iter().map(of).collect()
}

#[test]
fn what_istio_does_not_take_is_an_error_on_its_line() {
    assert!(found("  phase: AUTHN", "  phase: AUTHN").is_empty());
    let known = "AUTHN, AUTHZ, STATS, UNSPECIFIED_PHASE";
    for (line, changed, expected) in [
        (
            "phase: AUTHN",
            "phase: AUTN",
            "6: `AUTN` is no value that Istio knows here; did you mean `AUTHN`?",
        ),
        ("phase: AUTHN", "phase: [AUTHN]", &*format!("6: expected a string; write one of {known}")),
        (
            "failStrategy: FAIL_CLOSE",
            "failStrategy: CLOSED",
            "8: `CLOSED` is no value that Istio knows here; write one of FAIL_CLOSE, FAIL_OPEN, FAIL_RELOAD",
        ),
        (
            "{mode: SERVER}",
            "{mode: SERVR}",
            "7: `SERVR` is no value that Istio knows here; did you mean `SERVER`?",
        ),
        (
            "url: oci://",
            "url: ocii://",
            "5: Istio fetches no module from `ocii://`; did you mean `oci://`?",
        ),
        (
            "url: oci://",
            "url: ftp://",
            "5: Istio fetches no module from `ftp://`; use one of `oci://`, `https://`, `http://`, `file://`",
        ),
        (
            "failStrategy: FAIL_CLOSE",
            "failStrateg: FAIL_CLOSE",
            "8: unknown key `failStrateg`; did you mean `failStrategy`?",
        ),
    ] {
        let told = found(line, changed);
        assert!(told.contains(&format!("resource {expected}")), "{changed}: {told:#?}");
    }
    let told = found("  url: oci://example.com/attache@sha256:0123\n", "");
    assert!(
        told.iter().any(|it| it.starts_with("resource 4: `spec.url` is missing; ")),
        "{told:#?}"
    );
}

#[test]
fn a_phase_after_istios_authorization_is_warned_of() {
    let remedy = "after Istio's own authorization, which sees identity headers as the client sent them; write `phase: AUTHN`";
    assert_eq!(
        found("  phase: AUTHN\n", ""),
        [format!("late-phase 4: without `phase` the filter runs last, {remedy}")]
    );
    assert_eq!(
        found("phase: AUTHN", "phase: STATS"),
        [format!("late-phase 6: in this phase the filter runs late, {remedy}")]
    );
    assert!(found("phase: AUTHN", "phase: AUTHZ").is_empty());
}

#[test]
fn a_configuration_that_is_not_there_is_told_by_its_key() {
    let told = found("pluginConfig:", "pluginConfg:");
    assert_eq!(
        told,
        [
            "invalid 4: `spec.pluginConfig` is missing; did you mean it by `pluginConfg`?",
            "resource 9: unknown key `pluginConfg`; did you mean `pluginConfig`?",
        ]
    );
    let missing =
        "invalid 4: `spec.pluginConfig` is missing; write the configuration's keys below it";
    let (resource, _) = PLUGIN.split_once("  pluginConfig:").expect("it has one");
    let configuration = PLUGIN.strip_prefix(resource).expect("its beginning");
    assert_eq!(found(configuration, ""), [missing]);
    let text = "invalid 9: `spec.pluginConfig` is a string; take away its quotes or the `|`, so that its keys stand below it";
    assert_eq!(found("pluginConfig:\n", "pluginConfig: |\n"), [text]);
    let run = attache_given(
        &["explain", "-", "--request", "GET /"],
        &PLUGIN.replace("pluginConfig:", "pluginConfg:"),
    );
    assert!(
        run.stderr.contains("`spec.pluginConfig` is missing; did you mean it by"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_kind_that_nothing_reads_is_no_other_resource() {
    let folder = tempfile::tempdir().expect("a folder");
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("it is written");
    let path = folder.path().to_str().expect("UTF-8");
    write("a.yaml", PLUGIN);
    for (line, changed, place, said) in [
        ("WasmPlugin", "Wasmplugin", "b.yaml:2:7", "unknown kind `Wasmplugin`"),
        ("WasmPlugin", "Filter", "b.yaml:2:7", "unknown kind `Filter` of `extensions.istio.io`"),
        ("extensions.", "extension.", "b.yaml:1:13", "unknown group `extension.istio.io`"),
    ] {
        write("b.yaml", &PLUGIN.replace(line, changed));
        let run = attache(&["check", path]);
        assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(place) && run.stdout.contains(said), "{}", run.stdout);
        assert!(run.stdout.starts_with("error[resource]: "), "{}", run.stdout);
        let run = attache(&["explain", path, "--request", "GET /"]);
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains("b.yaml") && run.stderr.contains(said), "{}", run.stderr);
    }
    let other =
        "apiVersion: extensions.higress.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: other}\n";
    write("b.yaml", other);
    let run = attache(&["check", path]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(run.stderr.contains("passed over 1 other resource"), "{}", run.stderr);
}

#[test]
fn a_text_that_cannot_be_read_is_told_by_explain() {
    let run = attache_given(&["explain", "-", "--request", "GET /"], "issuers: [\n");
    assert_eq!(run.status, 2);
    assert!(
        run.stderr.starts_with("error: <stdin>: ") && run.stderr.contains("line 1"),
        "{}",
        run.stderr
    );
}
