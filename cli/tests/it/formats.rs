//! The forms of findings that programs read, held to what those programs know.

use crate::support::{attache, attache_given};
use serde_json::{Value, json};

/// An error and a warning, with a comma and a percent sign where a format must escape them.
const TEXT: &str = "\
issuers:
- name: tyk
  issuer: https://tyk.example.com
  jwksUri: \"http://keys.example/100%25\"
policies:
- name: a
  rules:
  - {name: one, to: [{paths: [\"/ä*\"]}]}
  - {name: two, to: [{paths: [/äb]}]}
- name: b
  rules: []
";

#[test]
fn json_has_every_finding_with_its_place() {
    let run = attache_given(&["check", "--format=json", "-"], TEXT);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let finding = json!({
        "rule": "unreachable-rule", "severity": "warning", "file": "<stdin>", "path": "policies[0].rules[1].name",
        "line": 9, "column": 12, "endLine": 9, "endColumn": 15,
        "problem": "no request reaches `a.two`: an earlier rule, `a.one`, is for all that it is for",
        "remedy": "remove it, or narrow the other",
        "see": {"line": 8, "column": 12, "endLine": 8, "endColumn": 15, "label": "this one"},
    });
    assert_eq!(report["findings"], json!([finding]), "{}", run.stdout);
    assert_eq!(run.status, 0);
}

#[test]
fn sarif_leads_to_the_other_rule() {
    let run = attache_given(&["check", "--format=sarif", "-"], TEXT);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let results = report["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), 1);
    assert_eq!(
        (&results[0]["level"], &results[0]["ruleId"]),
        (&json!("warning"), &json!("unreachable-rule"))
    );
    let place = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "%3Cstdin%3E");
    let region = json!({"startLine": 9, "startColumn": 12, "endLine": 9, "endColumn": 15});
    assert_eq!(place["region"], region);
    assert_eq!(results[0]["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 8);
}

#[test]
fn github_gets_a_workflow_command_a_finding() {
    let text = "issuers: []\npolicies:\n- name: \"a,b%\\n\"\n";
    let run = attache_given(&["check", "--format=github", "-"], text);
    for line in run.stdout.lines() {
        assert!(line.starts_with("::error file=<stdin>,line="), "{line}");
        assert!(line.contains(",title=attache%3A invalid::"), "{line}");
        let message = line.splitn(3, "::").nth(2).expect("a message");
        assert!(!message.replace("%25", "").replace("%0A", "").contains('%'), "{line}");
    }
    assert!(run.stdout.contains("col=10,endColumn=11"), "{}", run.stdout);
    assert!(run.stdout.contains("%25"), "{}", run.stdout);
}

#[test]
fn warnings_end_well_unless_they_are_denied() {
    assert_eq!(attache_given(&["check", "-"], TEXT).status, 0);
    assert_eq!(attache_given(&["check", "--deny-warnings", "-"], TEXT).status, 1);
    assert_eq!(attache(&["check", "--deny-warnings", "istio/base"]).status, 0);
    assert_eq!(attache(&["check"]).status, 2);
    assert_eq!(attache(&["check", "--format=xml", "istio"]).status, 2);
}
