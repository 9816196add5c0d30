//! `attache tyk`: routes from definitions, and drift.

use crate::support::{Run, attache, attache_given};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

const DEFINITIONS: &str = "examples/tyk-routes/definitions";
const ROUTES: &str = "examples/tyk-routes/routes.yaml";

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}{}", run.stdout, run.stderr))
}

#[test]
fn routes_are_written_and_what_has_none_is_listed() {
    let run = attache(&["tyk", "routes", DEFINITIONS]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    for line in [
        "# encrypted-by-gateway: partner (examples/tyk-routes/definitions/partner.json:",
        "# answered-by-gateway: orders (examples/tyk-routes/definitions/orders.json:",
        "kind: VirtualService",
        "        prefix: /v1/",
        "        prefix: /cat",
    ] {
        assert!(run.stdout.lines().any(|own| own.starts_with(line)), "{line}\n{}", run.stdout);
    }
    let report =
        json(&attache(&["tyk", "routes", DEFINITIONS, "--as", "http-route", "--format", "json"]));
    let kinds: Vec<&str> = report["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["HTTPRoute", "HTTPRoute", "ReferenceGrant"]);
    assert_eq!(
        report["gaps"][0]["path"],
        "version_data.versions.Default.extended_paths.mock_response[0]"
    );
}

#[test]
fn a_policy_that_is_written_is_one_that_the_filter_takes() {
    let conf = "examples/tyk-routes/tyk.conf";
    let run = attache(&["tyk", "routes", DEFINITIONS, "--as", "policy", "--conf", conf]);
    assert!(
        run.stdout.contains("/v1/orders/{*}") && run.stdout.contains("orders:read"),
        "{}",
        run.stdout
    );
    let issuers = "issuers:\n- {name: t, issuer: \"https://t.example.com\", audiences: [mesh], jwksUri: \"https://t.example.com/k\", roleClaims: [{claim: scope, split: \" \"}]}\n";
    let check = attache_given(&["check", "-"], &format!("{issuers}{}", run.stdout));
    assert_eq!((check.status, check.stdout.as_str()), (0, ""), "{}", check.stderr);
}

#[test]
fn no_rule_is_written_for_what_the_gateway_answers_itself() {
    let operation =
        |id: &str| json!({"operationId": id, "responses": {"200": {"description": "ok"}}});
    let script = json!({"enabled": true, "functionName": "f", "body": "Zg=="});
    let allow = json!({"enabled": true});
    let definition = json!({
        "openapi": "3.0.3",
        "info": {"title": "accounts", "version": "1"},
        "paths": {
            "/accounts": {"get": operation("list"), "post": operation("open")},
            "/livez": {"get": operation("livez")},
            "/script": {"get": operation("script")},
            "/terms": {"get": operation("terms")},
        },
        "x-tyk-api-gateway": {
            "info": {"id": "acc", "name": "accounts", "state": {"active": true}},
            "upstream": {"url": "http://accounts.bank.svc.cluster.local:8080/v2"},
            "server": {"listenPath": {"value": "/bank/", "strip": true}, "authentication": {"enabled": true}},
            "middleware": {"operations": {
                "list": {"allow": allow},
                "livez": {"allow": allow, "mockResponse": {"enabled": true, "code": 200}},
                "script": {"allow": allow, "virtualEndpoint": script},
                "terms": {"ignoreAuthentication": allow, "mockResponse": {"enabled": true, "code": 200}},
            }},
        },
    })
    .to_string();
    let folder = tempfile::tempdir().unwrap();
    let conf = folder.path().join("tyk.conf");
    std::fs::write(&conf, r#"{"enable_jsvm": true}"#).unwrap();
    let conf = conf.to_str().unwrap();
    for (options, scripts) in [(&[][..], true), (&["--conf", conf][..], false)] {
        let arguments = [&["tyk", "routes", "-", "--as", "policy"][..], options].concat();
        let run = attache_given(&arguments, &definition);
        let (comments, rules): (Vec<&str>, Vec<&str>) =
            run.stdout.lines().partition(|line| line.starts_with('#'));
        let rules = rules.join("\n");
        assert!(rules.contains("/v2/accounts"), "{}", run.stdout);
        assert!(!rules.contains("livez") && !rules.contains("terms"), "{}", run.stdout);
        assert_eq!(rules.contains("/v2/script"), scripts, "{}", run.stdout);
        let answered = |path: &str| {
            let is_told =
                |line: &&&str| line.contains("answered-by-gateway") && line.contains(path);
            comments.iter().any(|line| is_told(&line))
        };
        assert!(answered("`/livez`") && answered("`/terms`"), "{}", run.stdout);
        assert_eq!(answered("`/script`"), !scripts, "{}", run.stdout);
    }
}

/// Of an entry with several matches, each is held against the definitions.
#[test]
fn each_match_of_a_route_is_looked_at() {
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: accounts, namespace: bank}\nspec: {selector: {app: accounts}}\n";
    let route = |http: &str| {
        let folder = tempfile::tempdir().unwrap();
        let (definition, mesh) =
            (folder.path().join("accounts.json"), folder.path().join("mesh.yaml"));
        std::fs::write(&definition, accounts(true)).unwrap();
        let routes = format!(
            "{service}---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: accounts, namespace: bank}}\nspec:\n  hosts: [accounts]\n  http:\n{http}"
        );
        std::fs::write(&mesh, routes).unwrap();
        let (definition, mesh) = (definition.to_str().unwrap(), mesh.to_str().unwrap());
        let arguments = ["tyk", "diff", definition, "--routes", mesh, "--format", "json"];
        let report = json(&attache(&arguments));
        let findings = report["findings"].as_array().unwrap().iter();
        findings
            .map(|one| {
                format!("{}: {}", one["rule"].as_str().unwrap(), one["problem"].as_str().unwrap())
            })
            .collect::<Vec<String>>()
    };
    let to = "route: [{destination: {host: accounts}}]";
    let both =
        format!("  - {{match: [{{uri: {{prefix: /v2}}}}, {{uri: {{prefix: /old/}}}}], {to}}}\n");
    let found = route(&both);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("not-exposed: ") && found[0].contains(" routes /old/* of "),
        "{found:?}"
    );
    let shadowed = format!(
        "  - {{match: [{{uri: {{prefix: /v2}}}}], {to}}}\n  - {{match: [{{uri: {{prefix: /v2/a}}}}, {{uri: {{prefix: /}}}}], {to}}}\n"
    );
    let found = route(&shadowed);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("shadowed: no request comes to /v2/a* of this route of "),
        "{found:?}"
    );
}

#[test]
fn drift_is_told_where_it_stands() {
    let run = attache(&["tyk", "diff", DEFINITIONS, "--routes", ROUTES, "--format", "json"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let report = json(&run);
    let found: Vec<(&str, &str, u64)> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["rule"].as_str().unwrap(),
                one["severity"].as_str().unwrap(),
                one["line"].as_u64().unwrap(),
            )
        })
        .collect();
    let rules: Vec<&str> = found.iter().map(|(rule, _, _)| *rule).collect();
    assert_eq!(rules, ["not-routed", "open-in-mesh", "not-exposed"], "{found:?}");
    let sarif =
        json(&attache(&["tyk", "diff", DEFINITIONS, "--routes", ROUTES, "--format", "sarif"]));
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "not-routed");
    let rule = sarif["runs"][0]["results"][0]["ruleIndex"].as_u64().expect("a rule");
    assert_eq!(
        sarif["runs"][0]["tool"]["driver"]["rules"][usize::try_from(rule).unwrap()]["id"],
        "not-routed"
    );
}

#[test]
fn what_the_tool_writes_does_not_drift() {
    let folder = tempfile::tempdir().unwrap();
    for form in ["virtual-service", "http-route"] {
        let file = folder.path().join("routes.yaml");
        std::fs::write(&file, attache(&["tyk", "routes", DEFINITIONS, "--as", form]).stdout)
            .unwrap();
        let run = attache(&[
            "tyk",
            "diff",
            DEFINITIONS,
            "--routes",
            file.to_str().unwrap(),
            "--deny-warnings",
        ]);
        assert_eq!((run.status, run.stdout.as_str()), (0, ""), "{form}: {}", run.stderr);
        assert!(run.stderr.contains("no configuration of Attaché among them"), "{}", run.stderr);
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let run = attache_given(
        &["tyk", "routes", "-"],
        "{\"api_id\": \"a\", \"proxy\": {\"listen_path\": 7}}",
    );
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains("error[definition]: expected a string")
            && run.stderr.contains("proxy.listen_path"),
        "{}",
        run.stderr
    );
    for (arguments, said) in [
        (vec!["tyk", "routes"], "no API definition there"),
        (vec!["tyk", "routes", "no-such-file"], "can't read `no-such-file`"),
        (
            vec!["tyk", "routes", DEFINITIONS, "--destination", "a=b"],
            "`a=b` is not HOST=SERVICE.NAMESPACE:PORT",
        ),
        (vec!["tyk", "routes", DEFINITIONS, "--conf", "README.md"], "`README.md` is not JSON"),
        (vec!["tyk", "routes", "--gateway", "http://127.0.0.1:1"], "TYK_GW_SECRET is not set"),
    ] {
        let run = attache(&arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stdout);
        assert!(run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn a_gateway_is_asked_with_its_secret() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let classic = json!([{"api_id": "a", "proxy": {"listen_path": "/a/", "target_url": "http://a.shop:80/", "strip_listen_path": true},
        "version_data": {"not_versioned": true, "versions": {"Default": {"name": "Default"}}}}]);
    let gateway = std::thread::spawn(move || {
        for body in [classic.to_string(), "[]".to_owned()] {
            let (stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(&stream).lines().map(Result::unwrap);
            let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
            let is_let_in =
                head.iter().any(|line| line.eq_ignore_ascii_case("x-tyk-authorization: s3cret"));
            let status = if is_let_in { "200 OK" } else { "403 Forbidden" };
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            (&stream).write_all(answer.as_bytes()).unwrap();
            if !is_let_in {
                return;
            }
        }
    });
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_attache"));
    let run = command
        .args(["tyk", "routes", "--gateway", &url])
        .current_dir(root)
        .env("TYK_GW_SECRET", "s3cret");
    let output = run.env("NO_PROXY", "127.0.0.1").output().unwrap();
    gateway.join().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && text.contains("host: a.shop.svc.cluster.local"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A kubectl for a cluster with one API, as the operator has it, and a route for another path.
const KUBECTL: &str = r#"#!/bin/sh
case "$1 $2" in
api-resources*) printf 'apidefinitions.tyk.tyk.io\nconfigmaps\nvirtualservices.networking.istio.io\n' ;;
"get apidefinitions"*) cat <<'END' ;;
apiVersion: v1
kind: List
items:
- apiVersion: tyk.tyk.io/v1alpha1
  kind: ApiDefinition
  metadata: {name: orders, namespace: tyk}
  spec:
    name: Orders
    use_keyless: true
    proxy: {listen_path: /orders/, target_url: "http://orders.shop:8080/v1", strip_listen_path: true}
    version_data: {not_versioned: true, versions: {Default: {name: Default}}}
END
"get virtualservices"*) cat <<'END' ;;
apiVersion: v1
kind: List
items:
- apiVersion: networking.istio.io/v1
  kind: VirtualService
  metadata: {name: orders, namespace: shop}
  spec: {hosts: [orders], http: [{match: [{uri: {prefix: /v2}}], route: [{destination: {host: orders}}]}]}
END
esac
"#;

#[test]
fn a_cluster_has_both_sides() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let kubectl = folder.path().join("kubectl");
    std::fs::write(&kubectl, KUBECTL).unwrap();
    std::fs::set_permissions(&kubectl, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_attache"));
        let output = command.args(arguments).current_dir(root).env("PATH", &path).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (status, text, said) = run(&["tyk", "routes", "--cluster"]);
    assert!(status == Some(0) && text.contains("prefix: /v1/"), "{text}{said}");
    let (status, text, said) = run(&["tyk", "diff", "--cluster"]);
    assert!(
        status == Some(1)
            && text.contains("error[not-routed]")
            && text.contains("warning[not-exposed]"),
        "{text}{said}"
    );
}

#[test]
fn no_definition_writes_a_resource_of_its_own() {
    let text =
        std::fs::read_to_string(Path::new("..").join(DEFINITIONS).join("orders.json")).unwrap();
    let mut definition: Value = serde_json::from_str(&text).unwrap();
    let evil =
        "orders\n---\nkind: ClusterRoleBinding\rkind: Pwn\u{85}kind: Pwn\u{2028}kind: Pwn\n# ";
    definition["api_id"] = evil.into();
    definition["name"] = evil.into();
    for form in ["virtual-service", "http-route", "policy"] {
        let run = attache_given(&["tyk", "routes", "-", "--as", form], &definition.to_string());
        let mut lines = run.stdout.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
        assert!(
            !lines.any(|line| line.starts_with("kind: ClusterRoleBinding") || line == "kind: Pwn"),
            "{form}"
        );
        assert!(!run.stdout.is_empty() || run.status != 0, "{form}");
    }
}

/// An API with an allow list, an operation of which nothing more is said, a mock and one that
/// ignores authentication.
fn accounts(allows: bool) -> String {
    let operation =
        |id: &str| json!({"operationId": id, "responses": {"200": {"description": "ok"}}});
    json!({
        "openapi": "3.0.3",
        "info": {"title": "accounts", "version": "1"},
        "paths": {
            "/accounts": {"get": operation("list"), "post": operation("open")},
            "/accounts/{id}/bookings": {"post": operation("book")},
            "/livez": {"get": operation("livez")},
            "/terms": {"get": operation("terms")},
        },
        "x-tyk-api-gateway": {
            "info": {"id": "acc", "name": "accounts", "state": {"active": true}},
            "upstream": {"url": "http://accounts.bank.svc.cluster.local:8080/v2"},
            "server": {"listenPath": {"value": "/bank/", "strip": true}, "authentication": {"enabled": true}},
            "middleware": {"operations": {
                "list": {"allow": {"enabled": allows}},
                "book": {"allow": {"enabled": allows}},
                "livez": {"allow": {"enabled": allows}, "mockResponse": {"enabled": true, "code": 200}},
                "terms": {"ignoreAuthentication": {"enabled": true}},
            }},
        },
    })
    .to_string()
}

/// Returns what `tyk diff` says of the accounts and a mesh with these rules.
fn drift_of_accounts(allows: bool, rules: &str) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let (definition, mesh) = (folder.path().join("accounts.json"), folder.path().join("mesh.yaml"));
    std::fs::write(&definition, accounts(allows)).unwrap();
    let resources = format!(
        "apiVersion: v1
kind: Service
metadata: {{name: accounts, namespace: bank}}
spec: {{selector: {{app: accounts}}}}
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {{name: attache, namespace: bank}}
spec:
  url: oci://registry.example.com/attache/filter@sha256:0000000000000000000000000000000000000000000000000000000000000000
  phase: AUTHN
  pluginConfig:
    issuers: [{{name: tyk, issuer: \"https://tyk.example.com\", audiences: [mesh], jwksUri: \"https://tyk.example.com/jwks.json\"}}]
    policies:
    - name: accounts
      selector: {{labels: {{app: accounts}}}}
      rules:
      - {{name: terms, authentication: NONE, to: [{{methods: [GET], paths: [/v2/terms]}}]}}
      - {{name: token, to: [{{paths: [/v2, \"/v2/*\"]}}]}}
{rules}
    - name: ledger
      selector: {{labels: {{app: ledger}}}}
      rules: [{{name: everything, authentication: NONE}}]
"
    );
    std::fs::write(&mesh, resources).unwrap();
    let run = attache(&[
        "tyk",
        "diff",
        definition.to_str().unwrap(),
        "--routes",
        mesh.to_str().unwrap(),
        "--format",
        "json",
    ]);
    let found = json(&run);
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let findings = found["findings"].as_array().unwrap().iter();
    findings.map(|one| (text(one, "rule"), text(one, "problem"))).collect()
}

fn open_rule(methods: &str, path: &str) -> String {
    format!("      - {{name: more, authentication: NONE, to: [{{{methods}paths: [\"{path}\"]}}]}}")
}

#[test]
fn what_rules_open_below_a_route_is_found() {
    assert_eq!(drift_of_accounts(true, ""), []);
    for (allows, methods, path, shown) in [
        (true, "methods: [GET], ", "/v2/accounts*", "`GET /v2/accounts`"),
        (true, "methods: [GET], ", "/v2/accounts", "`GET /v2/accounts`"),
        (true, "methods: [GET], ", "/v2/accounts/{**}", "`GET /v2/accounts`"),
        (true, "methods: [POST], ", "/v2/accounts/{id}/bookings", "`POST /v2/accounts/a/bookings`"),
        // Of a definition without an allow list, an operation that has nothing but its path, and
        // what is none.
        (false, "methods: [POST], ", "/{version}/accounts", "`POST /v2/accounts`"),
        (false, "", "/v2/admin/{id}", "`GET /v2/admin/x`"),
        (false, "methods: [PUT], ", "*.css", "`PUT /v2/x.css`"),
        (false, "methods: [DELETE], ", "/*", "`DELETE /v2`"),
    ] {
        let found = drift_of_accounts(allows, &open_rule(methods, path));
        let is_told =
            |(rule, message): &(String, String)| rule == "open-in-mesh" && message.contains(shown);
        assert!(found.len() == 1 && found.iter().all(is_told), "{methods}{path}: {found:?}");
    }
}

#[test]
fn what_the_edge_keeps_or_leaves_open_is_no_drift_where_the_mesh_is_open() {
    for path in ["/v2/livez", "/v2/terms", "/v2/other", "/v3/accounts", "/v2accounts"] {
        assert_eq!(drift_of_accounts(true, &open_rule("methods: [GET], ", path)), [], "{path}");
    }
}

#[test]
fn an_endpoint_that_ignores_authentication_is_open_at_the_edge() {
    let denies = "      - {name: none, action: DENY, to: [{methods: [GET], paths: [/v2/terms]}]}";
    let found = drift_of_accounts(true, denies);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "open-at-edge");
    assert!(
        found[0].1.contains(
            "asks for no credential at an endpoint, and the mesh refuses `GET /v2/terms`"
        )
    );
}
