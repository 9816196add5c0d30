//! What a new version allows and refuses.

use crate::support::{attache, attache_given};
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
        let arguments: Vec<&str> =
            ["diff", &old, &new].into_iter().chain(options.iter().copied()).collect();
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
    let old =
        policy("  - {name: a, to: [{methods: [GET], paths: [/a, /b]}], roles: {anyOf: [r]}}\n");
    let new = policy(
        "  - {name: b, to: [{methods: [GET], paths: [/b]}], roles: {anyOf: [r]}}\n  - {name: a, to: [{methods: [GET], paths: [/a]}], roles: {anyOf: [r]}}\n",
    );
    let run = Versions::new(&old, &new).diff(&[]);
    assert_eq!(
        (run.status, run.stdout.as_str()),
        (0, "0 kinds of requests newly allowed, 0 newly refused; 0 changes not compared\n")
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
fn a_harmless_request_hides_no_other() {
    let old = policy("  - {name: a, to: [{methods: [GET], paths: [/orders, \"/orders/{*}\"]}]}\n");
    let new = policy("  - {name: a, to: [{paths: [/aaa, /orders, \"/orders/{*}\"]}]}\n");
    let versions = Versions::new(&old, &new);
    let report = versions.json(&[]);
    let allowed = report["allowed"].as_array().expect("a list");
    let requests: Vec<[&str; 2]> = allowed
        .iter()
        .map(|change| {
            ["method", "path"].map(|key| change["request"][key].as_str().expect("a text"))
        })
        .collect();
    assert_eq!(requests, [["GET", "/aaa"], ["POST", "/orders"]]);
    assert_eq!(allowed[0]["others"]["anyUnnamedMethod"], false);
    assert_eq!(allowed[1]["others"]["anyUnnamedMethod"], true);
    assert_eq!(allowed[1]["others"]["paths"], serde_json::json!(["/aaa", "/orders/x"]));
    let text = versions.diff(&[]).stdout;
    assert!(
        text.contains("  also with any method that no rule names\n  also for /aaa, /orders/x\n"),
        "{text}"
    );
    assert!(
        text.ends_with(
            "2 kinds of requests newly allowed, 0 newly refused; 0 changes not compared\n"
        ),
        "{text}"
    );
    let markdown = versions.diff(&["--format", "markdown"]).stdout;
    assert!(markdown.contains("also for `/aaa`, `/orders/x`"), "{markdown}");
}

#[test]
fn methods_that_do_the_same_are_told_together() {
    let old = policy("  - {name: a, to: [{methods: [GET], paths: [/a]}]}\n");
    let new = policy("  - {name: a, to: [{methods: [GET, PUT, DELETE], paths: [/a]}]}\n");
    let report = Versions::new(&old, &new).json(&[]);
    assert_eq!(report["allowed"].as_array().map(Vec::len), Some(1), "{report}");
    assert_eq!(report["allowed"][0]["request"]["method"], "PUT");
    assert_eq!(report["allowed"][0]["others"]["methods"], serde_json::json!(["DELETE"]));
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
    let new =
        old.replace("/keys", "/jwks").replace("paths: [/a]", "paths: [/b]") + "audit: {log: ALL}\n";
    let versions = Versions::whole(&old, &new);
    let report = versions.json(&[]);
    let listed: Vec<&str> =
        report["notCompared"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let expected = [
        "`audit`",
        "issuer `tyk`: `jwksUri`",
        "what is in SHADOW; `--with-shadow` compares it too",
    ];
    assert_eq!(listed, expected);
    assert_eq!(report["mayAllow"], serde_json::json!(["issuer `tyk`: `jwksUri`"]));
    assert_eq!(
        (report["allowed"].as_array().unwrap().len(), report["refused"].as_array().unwrap().len()),
        (0, 0)
    );
    assert_eq!(
        (versions.diff(&[]).status, versions.diff(&["--fail-on", "requests"]).status),
        (1, 0)
    );
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
    assert!(
        markdown.contains("#### Newly allowed: one request for each of 1 kind of them"),
        "{markdown}"
    );
    assert!(markdown.contains("```sh\n  curl 'https://service/b'"), "{markdown}");
}

/// What `spec` has beside the configuration.
const SPEC: &str = "match: [{mode: SERVER}]";

/// A WasmPlugin with a configuration, and with this in its `spec`.
fn plugin(name: &str, spec: &str, config: &str) -> String {
    let config = config.replace('\n', "\n    ");
    format!(
        "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  \
         url: oci://example.com/attache@sha256:{}\n  {spec}\n  pluginConfig:\n    {config}\n",
        "0".repeat(64)
    )
}

/// Each of these can let more through, and no request shows it.
#[test]
fn a_gate_for_what_is_allowed_stops_what_requests_do_not_show() {
    let config =
        format!("{HEAD}  audiences: [mesh]\n{}", policy("  - {name: a, to: [{paths: [/a]}]}\n"));
    let old = plugin("attache", SPEC, &config);
    let keyless = config
        .replace("{name: a,", "{name: a, authentication: OPTIONAL, onKeysUnavailable: ALLOW,");
    let other =
        "- {name: other, issuer: https://other.example, jwksUri: https://other.example/keys}\n";
    let changed = [
        plugin("attache", SPEC, &config.replace("  audiences: [mesh]\n", "")),
        plugin("attache", SPEC, &config.replace("[mesh]", "[mesh, shop]")),
        plugin("attache", SPEC, &format!("mode: SHADOW\n{config}")),
        plugin(
            "attache",
            SPEC,
            &format!("shadowSelectors: [{{labels: {{app: orders}}}}]\n{config}"),
        ),
        plugin("attache", SPEC, &format!("methods: {{override: IGNORE}}\n{config}")),
        plugin("attache", SPEC, &format!("paths: {{ambiguous: NORMALIZE}}\n{config}")),
        plugin("attache", SPEC, &config.replace("policies:", &format!("{other}policies:"))),
        plugin("attache", SPEC, &config.replace("issuer: https://tyk", "issuer: https://kyt")),
        plugin("attache", SPEC, &config.replace("/keys", "/other-keys")),
        plugin("attache", "match: [{mode: CLIENT}]", &config),
        plugin("attache", &format!("{SPEC}\n  failStrategy: FAIL_OPEN"), &config),
        plugin("attache", SPEC, &config.replace("audiences: [mesh]", "requireExpiration: false")),
        plugin(
            "attache",
            SPEC,
            &config.replace("audiences: [mesh]", "audiences: [mesh]\n  padding: ALLOWED"),
        ),
        plugin(
            "attache",
            SPEC,
            &config.replace("audiences: [mesh]", "audiences: [mesh]\n  subjectPrefix: x"),
        ),
        plugin("another", SPEC, &config),
        old.replace("namespace: shop", "namespace: other"),
        format!("{old}---\n{}", plugin("second", SPEC, &config)),
        config.clone(),
    ];
    for new in changed {
        let versions = Versions::whole(&old, &new);
        let run = versions.diff(&["--fail-on", "allowed"]);
        assert_eq!(run.status, 1, "{}{}\n{new}", run.stdout, run.stderr);
        assert!(!run.stdout.contains("; 0 changes not compared"), "{}", run.stdout);
        let markdown = versions.diff(&["--format", "markdown"]).stdout;
        assert_ne!(markdown.lines().nth(2), Some("No request is decided otherwise."), "{markdown}");
    }
    let versions = Versions::whole(&config, &keyless);
    let listed = versions.json(&[])["mayAllow"].to_string();
    assert!(listed.contains("onKeysUnavailable"), "{listed}");
}

/// Each of these refuses more or decides nothing, whatever the request.
#[test]
fn a_gate_for_what_is_allowed_lets_pass_what_only_refuses() {
    let config =
        format!("{HEAD}  clockSkew: 30s\n{}", policy("  - {name: a, to: [{paths: [/a]}]}\n"));
    let changed = [
        (config.replace("clockSkew: 30s", "clockSkew: 30s\n  audiences: [mesh]"), 1),
        (config.replace("clockSkew: 30s", "clockSkew: 30s\n  maxLifetime: 1h"), 1),
        (config.replace("clockSkew: 30s", "clockSkew: 10s"), 1),
        (config.replace("clockSkew: 30s", "clockSkew: 30s\n  claims: [{claim: a, equals: b}]"), 1),
        (config.replace("clockSkew: 30s", "clockSkew: 30s\n  revoked: {subjects: [mallory]}"), 1),
        (format!("{config}methods: {{override: REFUSE}}\n"), 1),
        (format!("{config}paths: {{ambiguous: REFUSE}}\n"), 1),
        (format!("{config}cors: {{preflight: ENFORCE}}\n"), 1),
        (format!("{config}audit: {{log: ALL}}\n"), 0),
        (format!("{config}paths: {{ambiguous: COMPARE}}\n"), 0),
        (config.replace("- name: tyk", "- name: kyt"), 0),
    ];
    for (new, refuses) in changed {
        let versions = Versions::whole(&config, &new);
        let gates =
            ["any", "allowed", "refused"].map(|gate| versions.diff(&["--fail-on", gate]).status);
        assert_eq!(gates, [1, 0, refuses], "{}\n{new}", versions.diff(&[]).stdout);
    }
    let dry = format!("mode: SHADOW\n{config}");
    assert_eq!(Versions::whole(&dry, &config).diff(&["--fail-on", "allowed"]).status, 0);
}

#[test]
fn an_issuer_by_another_name_is_the_same() {
    let old = format!("{HEAD}{}", policy("  - {name: a, to: [{paths: [/a]}]}\n"));
    let report = Versions::whole(&old, &old.replace("- name: tyk", "- name: kyt")).json(&[]);
    assert_eq!(report["notCompared"], serde_json::json!(["issuer `tyk` is called `kyt` now"]));
    let report =
        Versions::whole(&old, &old.replace("issuer: https://tyk", "issuer: https://kyt")).json(&[]);
    assert_eq!(report["notCompared"], serde_json::json!(["issuer `tyk`: `issuer`"]));
    let other =
        "- {name: other, issuer: https://other.example, jwksUri: https://other.example/keys}\n";
    let two = old.replace("policies:", &format!("{other}policies:"));
    let writing = two.replace(
        "issuer: https://other.example,",
        "issuer: https://other.example, outputClaimToHeaders: [{header: x-user, claim: sub}],",
    );
    for (two, count) in [(&two, 0), (&writing, 1)] {
        let report = Versions::whole(two, &old).json(&[]);
        let listed = ["notCompared", "mayAllow"].map(|key| report[key].as_array().map(Vec::len));
        assert_eq!(listed, [Some(1), Some(count)], "{report}");
    }
}

#[test]
fn values_of_the_chart_are_compared_beside_the_configuration() {
    let config = format!("{HEAD}policies: []\n").replace('\n', "\n  ");
    let old = format!("failStrategy: FAIL_CLOSE\nconfig:\n  {config}");
    let versions = Versions::whole(&old, &old.replace("FAIL_CLOSE", "FAIL_OPEN"));
    assert_eq!(versions.json(&[])["mayAllow"], serde_json::json!(["`failStrategy`"]));
}

#[test]
fn resources_of_one_name_are_compared() {
    let resource = |name: &str, rule: &str, phase: &str| {
        let config = format!("{HEAD}policies: [{{name: p, rules: [{rule}]}}]");
        plugin(name, &format!("phase: {phase}"), &config)
    };
    let (a, b) = ("{name: r, to: [{paths: [/a]}]}", "{name: r, to: [{paths: [/b]}]}");
    let old = format!(
        "{}---\n{}",
        resource("attache-one", a, "AUTHN"),
        resource("attache-two", a, "AUTHN")
    );
    let new = format!(
        "{}---\n{}",
        resource("attache-two", b, "AUTHZ"),
        resource("attache-three", b, "AUTHN")
    );
    let run = Versions::whole(&old, &new).diff(&["--format", "json"]);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(report["comparisons"].as_array().map(Vec::len), Some(1), "{report}");
    assert_eq!(report["comparisons"][0]["notCompared"], serde_json::json!(["`spec.phase`"]));
    assert_eq!(
        report["comparisons"][0]["allowed"][0]["workloads"],
        serde_json::json!(["namespace shop"])
    );
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

/// With a key that is there twice one reader takes the first value and another the last: no gate
/// may choose.
#[test]
fn a_key_that_is_there_twice_is_an_error_to_every_command() {
    let twin = "plugin-config/examples/istio-twin.yaml";
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the repository");
    let text = std::fs::read_to_string(root.join(twin)).expect("the example");
    let twice = text
        .replace("roles: {anyOf: [writer]}}", "roles: {anyOf: [writer]}, roles: {anyOf: [guest]}}");
    assert_ne!(text, twice);
    for arguments in [
        &["diff", twin, "-"][..],
        &["explain", "-", "--request", "GET /"],
        &["replay", "examples/debugging/audit.log", "--against", "-"],
    ] {
        let run = attache_given(arguments, &twice);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stdout);
        assert!(
            run.stderr.contains("`roles` is repeated in this object"),
            "{arguments:?}: {}",
            run.stderr
        );
    }
}
