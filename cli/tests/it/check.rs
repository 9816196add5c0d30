//! `attache check`: what it finds, and where.

use crate::support::{attache, attache_given};
use serde_json::{Value, json};

#[test]
fn an_error_has_its_place_its_line_and_what_to_do() {
    let run = attache_given(
        &["check", "-"],
        "issuers:\n- name: x\n  issuer: https://x.example\n  isuer: 1\n",
    );
    let expected = "\
error[invalid]: unknown key `isuer`
 --> <stdin>:4:3
  |
4 |   isuer: 1
  |   ^^^^^
  |
  = at: issuers[0].isuer
  = help: did you mean `issuer`?
";
    assert!(run.stdout.contains(expected), "{}", run.stdout);
    assert_eq!(run.status, 1);
}

#[test]
fn yaml_is_read_as_kubernetes_does() {
    let resource = "\
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: attache}
spec:
  pluginConfig:
    issuers:
    - name: tyk
      issuer: https://tyk.example.com
      jwks: {keys: [{kty: EC, crv: P-256, kid: a, x: OUXXO_D7Fx8d_1cC86YG0zYO7U0T-Cem-gLhEd-8yBY, y: g8pjK8}]}
";
    let run = attache_given(&["check", "-"], resource);
    assert!(run.stdout.contains("which YAML makes of a bare `y`"), "{}", run.stdout);
    assert!(run.stdout.contains("<stdin>:9:"), "{}", run.stdout);
    assert_eq!(run.status, 1);
}

#[test]
fn what_holds_no_configuration_is_not_passed_as_good() {
    let run = attache(&["check", "istio/base/kustomization.yaml"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(
        run.stderr.contains(
            "no configuration of Attaché in `istio/base/kustomization.yaml`, passed over 1 other resource"
        ),
        "{}",
        run.stderr
    );
    let run = attache(&["check", "no-such-file.yaml"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("can't read `no-such-file.yaml`"), "{}", run.stderr);
}

/// A document with an error on its fourth line.
const MISSPELT: &str = "issuers:\n- name: x\n  issuer: https://x.example\n  isuer: 1\n";

#[test]
fn programs_get_the_same_finding_as_people() {
    let json = attache_given(&["check", "-", "--format", "json"], MISSPELT);
    let told: Value = serde_json::from_str(&json.stdout).expect("JSON");
    let found = told["findings"].as_array().expect("a list");
    let misspelt =
        found.iter().find(|finding| finding["path"] == "issuers[0].isuer").expect("the error");
    assert_eq!(
        (&misspelt["line"], &misspelt["column"], &misspelt["endColumn"]),
        (&json!(4), &json!(3), &json!(8))
    );
    assert_eq!((&misspelt["rule"], &misspelt["severity"]), (&json!("invalid"), &json!("error")));
    assert_eq!(misspelt["remedy"], "did you mean `issuer`?");

    let sarif = attache_given(&["check", "-", "--format", "sarif"], MISSPELT);
    let told: Value = serde_json::from_str(&sarif.stdout).expect("JSON");
    assert_eq!(told["version"], "2.1.0");
    let results = told["runs"][0]["results"].as_array().expect("a list");
    assert_eq!(results.len(), found.len());
    for result in results {
        let rule = result["ruleIndex"]
            .as_u64()
            .and_then(|index| usize::try_from(index).ok())
            .expect("an index");
        assert_eq!(told["runs"][0]["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
    }
    let regions: Vec<&Value> = results
        .iter()
        .map(|result| &result["locations"][0]["physicalLocation"]["region"])
        .collect();
    let region = json!({"startLine": 4, "startColumn": 3, "endLine": 4, "endColumn": 8});
    assert!(regions.contains(&&region), "{regions:?}");

    let github = attache_given(&["check", "-", "--format", "github"], MISSPELT);
    let line = "::error file=<stdin>,line=4,col=3,endColumn=7,title=attache%3A invalid::unknown key `isuer`; did you mean `issuer`?";
    assert!(github.stdout.lines().any(|told| told == line), "{}", github.stdout);
    assert_eq!([json.status, sarif.status, github.status], [1; 3]);
}

#[test]
fn a_text_that_cannot_be_read_is_a_finding_with_its_place() {
    for (name, text, place) in
        [("-", "issuers: [\n", "<stdin>:1:10"), ("-", "a: b: c\n", "<stdin>:1:5")]
    {
        let run = attache_given(&["check", name], text);
        assert!(run.stdout.starts_with("error[syntax]: "), "{}", run.stdout);
        assert!(run.stdout.contains(place), "{}", run.stdout);
        assert_eq!(run.status, 1);
    }
}
