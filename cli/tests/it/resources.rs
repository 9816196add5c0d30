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
        ("{name:", "{nane:", "3: unknown key `nane`; did you mean `name`?"),
        ("shop}", "shop, label: {}}", "3: unknown key `label`; did you mean `labels`?"),
        ("shop}", "shop}\nspecs: {}", "4: unknown key `specs`; did you mean `spec`?"),
        (
            "{mode: SERVER}",
            "{mode: SERVER, port: []}",
            "7: unknown key `port`; did you mean `ports`?",
        ),
        (
            "{mode: SERVER}",
            "{mode: SERVER, ports: [{port: 80}]}",
            "7: unknown key `port`; `spec.match[0].ports[0]` has: number",
        ),
        (
            "phase: AUTHN",
            "selector: {matchLabel: {app: orders}}",
            "6: unknown key `matchLabel`; did you mean `matchLabels`?",
        ),
        ("phase: AUTHN", "vmConfig: {envs: []}", "6: unknown key `envs`; did you mean `env`?"),
        (
            "phase: AUTHN",
            "targetRefs: [{kind: Gateway, nam: shop}]",
            "6: unknown key `nam`; did you mean `name`?",
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

/// Two modules of one resource of Envoy Gateway, each with a configuration.
const POLICY: &str = "\
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyExtensionPolicy
metadata: {name: attache, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: shop}]
  wasm:
  - {name: attache-a, code: {type: Image, image: {url: a.example/a, sha256: ab}}, config: {policies: [{name: a}]}}
  - {name: attache-b, code: {type: Image, image: {url: a.example/b, sha256: ab}}, config: {policies: [{name: b}]}}
";

#[test]
fn the_keys_of_other_kinds_are_known_too() {
    let told = |line: &str, changed: &str| {
        assert!(POLICY.contains(line), "{line}");
        let text = POLICY.replace(line, changed);
        let run = attache_given(&["check", "--format", "github", "-"], &text);
        run.stdout.lines().filter(|line| line.contains("unknown key")).map(str::to_owned).collect()
    };
    let none: Vec<String> = told("name: shop}", "name: shop}");
    assert!(none.is_empty(), "{none:?}");
    for (line, changed, said) in [
        ("{name: attache,", "{nane: attache,", "unknown key `nane`; did you mean `name`?"),
        ("targetRefs:", "targetRef5:", "unknown key `targetRef5`; did you mean `targetRef`?"),
        ("kind: Gateway", "kinds: Gateway", "unknown key `kinds`; did you mean `kind`?"),
        ("{name: attache-a,", "{name: attache-a, failOpn: true,", "did you mean `failOpen`?"),
        ("a, sha256:", "a, sha25:", "unknown key `sha25`; did you mean `sha256`?"),
    ] {
        let told: Vec<String> = told(line, changed);
        assert_eq!(told.len(), 1, "{changed}: {told:?}");
        assert!(told.iter().all(|it| it.contains(said)), "{changed}: {told:?}");
    }
    // A release of Envoy Gateway to come may have it.
    let told: Vec<String> = told("  wasm:", "  somethingNew: {}\n  wasm:");
    assert!(told.is_empty(), "{told:?}");
}

/// Both of its configurations have what is wrong with the resource.
#[test]
fn what_is_wrong_with_a_resource_of_two_modules_is_told_once() {
    let text = POLICY.replace("{name: attache, namespace: shop}", "[shop]");
    let run = attache_given(&["check", "--format", "github", "-"], &text);
    for said in ["::expected an object of ", "::`metadata.name` is missing"] {
        assert_eq!(run.stdout.matches(said).count(), 1, "{said}: {}", run.stdout);
    }
    assert_eq!(run.stdout.matches("::`issuers` is missing").count(), 2, "{}", run.stdout);
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

/// By the schemas of Istio, and by what Kubernetes asks of every resource.
#[test]
fn what_kubernetes_does_not_take_is_an_error() {
    for (line, changed, expected) in [
        (
            "v1alpha1",
            "v9",
            "1: `extensions.istio.io/v9` has no WasmPlugin; write `extensions.istio.io/v1alpha1`",
        ),
        (
            "name: attache, ",
            "",
            "3: `metadata.name` is missing, and `kubectl apply` takes no resource without one; write a name",
        ),
        ("name: attache, ", "generateName: attache-, ", "3: `metadata.name` is missing"),
        (
            "name: attache, ",
            "name: Attache, ",
            "3: `Attache` is no name to Kubernetes; write lower-case",
        ),
        ("name: attache, ", "name: attache-, ", "3: `attache-` is no name to Kubernetes"),
        ("namespace: shop", "namespace: 5", "3: expected a string; put it in quotes"),
        (
            "namespace: shop",
            "namespace: shop, labels: {a: true}",
            "3: expected a string; put it in quotes",
        ),
        (
            "namespace: shop",
            "namespaces: shop",
            "3: unknown key `namespaces`; did you mean `namespace`?",
        ),
        (
            "spec:",
            "extra: {}\nspec:",
            "4: unknown key `extra`; WasmPlugin has: apiVersion, kind, metadata, spec, status",
        ),
        (
            "phase: AUTHN",
            "selector: {app: orders}",
            "6: unknown key `app`; `spec.selector` has: matchLabels",
        ),
        (
            "phase: AUTHN",
            "selector: {matchLabels: {app: [orders]}}",
            "6: expected a string; put it in quotes",
        ),
        (
            "phase: AUTHN",
            "selector: {matchLabels: {app: 5}}",
            "6: expected a string; put it in quotes",
        ),
        ("phase: AUTHN", "priority: first", "6: expected a whole number of 32 bits; "),
        ("phase: AUTHN", "priority: 99999999999", "6: expected a whole number of 32 bits; "),
        ("phase: AUTHN", "priority: 1.5", "6: expected a whole number of 32 bits; "),
        (
            "phase: AUTHN",
            "vmConfig: {env: {A: b}}",
            "6: expected a list; write `- ` before each of its items",
        ),
        (
            "[{mode: SERVER}]",
            "{mode: SERVER}",
            "7: expected a list; write `- ` before each of its items",
        ),
        (
            "{mode: SERVER}",
            "{mode: SERVER, port: 80}",
            "7: unknown key `port`; did you mean `ports`?",
        ),
        (
            "{mode: SERVER}",
            "{mode: SERVER, ports: [{number: 70000}]}",
            "7: expected a whole number from 1 to 65535; ",
        ),
    ] {
        let told = found(line, changed);
        let expected = format!("resource {expected}");
        assert!(told.iter().any(|it| it.starts_with(&expected)), "{changed}: {told:#?}");
    }
    for (line, changed) in [
        ("phase: AUTHN", "phase: AUTHN\n  priority: -5"),
        ("phase: AUTHN", "phase: AUTHN\n  priority: null"),
        ("phase: AUTHN", "phase: AUTHN\n  selector: {matchLabels: {app: \"5\"}}"),
        ("{mode: SERVER}", "{mode: SERVER, ports: [{number: 8080}]}"),
        ("name: attache, ", "name: attache.v2-1, "),
        ("name: attache, ", "name: \"${NAME}\", "),
    ] {
        assert_eq!(found(line, changed), [""; 0], "{changed}");
    }
}

#[test]
fn a_resource_that_another_of_its_text_replaces_is_an_error() {
    let other = PLUGIN.replace("namespace: shop", "namespace: bank");
    let check = |text: &str| attache_given(&["check", "-"], text);
    assert_eq!(check(&format!("{PLUGIN}---\n{other}")).status, 0);
    let run = check(&format!("{PLUGIN}---\n{other}---\n{PLUGIN}"));
    assert_eq!(run.status, 1, "{run:?}");
    assert!(
        run.stdout.contains("WasmPlugin `attache` is there before, and is replaced by this"),
        "{run:?}"
    );
    assert!(run.stdout.contains("<stdin>:27:"), "{run:?}");
    // kubectl reads one document of what stands between two `---`.
    let run = check(&format!("{PLUGIN}...\n{other}"));
    assert_eq!(run.status, 1, "{run:?}");
    assert!(run.stdout.contains("kubectl passes over what stands after `...`"), "{run:?}");
}
