//! `attache explain`: what becomes of a request, and why.

use crate::support::{attache, attache_given};
use serde_json::Value;

const TWIN: &str = "plugin-config/examples/istio-twin.yaml";
const TYK: &str = "plugin-config/examples/tyk.yaml";

#[test]
fn a_refusal_names_the_rule_its_line_and_the_test_that_failed() {
    let claims = r#"{"sub":"alice","roles":["writer"]}"#;
    let run = attache(&["explain", TWIN, "--request", "GET /orders/7", "--claims", claims]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    for line in [
        "refused with 403: role-missing, by rule orders/read-orders",
        "for    a workload of namespace default, app=orders",
        "token  good, of tyk, for alice; roles: writer",
        "  · orders/read-orders (ALLOW, plugin-config/examples/istio-twin.yaml:29) does not match",
        r#"      roles.anyOf is ["ops"]: the token has writer"#,
    ] {
        assert!(run.stdout.lines().any(|told| told == line), "{line}\n{}", run.stdout);
    }
}

#[test]
fn what_the_service_sees_is_told() {
    let claims = r#"{"sub":"alice","roles":["ops"],"org_id":"acme"}"#;
    let sent = ["--header", "x-sub: root"];
    let run = attache(
        &[&["explain", TWIN, "--request", "/orders/7", "--claims", claims], &sent[..]].concat(),
    );
    assert_eq!(run.status, 0, "{}", run.stdout);
    let (_, seen) =
        run.stdout.split_once("the service sees the request with\n").unwrap_or_default();
    assert_eq!(seen, "  - x-sub\n  + x-sub: alice\n  + x-org-id: acme\n");
}

#[test]
fn claims_are_checked_as_those_of_any_token() {
    for (claims, reason) in [
        (r#"{"sub":"alice","exp":1}"#, "token-expired"),
        (r#"{"sub":"alice","aud":"elsewhere"}"#, "audience-mismatch"),
        (r#"{"sub":"alice","iss":"https://elsewhere.example"}"#, "issuer-unknown"),
    ] {
        let run = attache(&["explain", TWIN, "--request", "GET /orders/7", "--claims", claims]);
        assert!(run.stdout.starts_with(&format!("refused with 401: {reason}")), "{}", run.stdout);
    }
}

#[test]
fn a_token_is_verified_and_never_written() {
    // Header and claims are good; the signature is another's.
    let token = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImVzMjU2IiwidHlwIjoiSldUIn0.eyJpc3MiOiJ0eWsiLCJzdWIiOiJhbGljZSIsImF1ZCI6Im9yZGVycyJ9.\
                 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ";
    for format in ["text", "json"] {
        let run = attache(&[
            "explain",
            TWIN,
            "--request",
            "GET /orders/7",
            "--token",
            token,
            "--format",
            format,
        ]);
        assert_eq!(run.status, 1);
        assert!(run.stdout.contains("signature-invalid"), "{}", run.stdout);
        for part in token.split('.') {
            assert!(!run.stdout.contains(part) && !run.stderr.contains(part), "{}", run.stdout);
        }
    }
}

#[test]
fn a_path_is_shown_in_every_reading() {
    let run = attache(&["explain", TYK, "--request", "GET /orders/a%2fb"]);
    for line in ["as GET /orders/a%2Fb", "as GET /orders/a/b, which a service may read"] {
        assert!(run.stdout.lines().any(|told| told == line), "{line}\n{}", run.stdout);
    }
}

#[test]
fn json_says_the_same() {
    let claims = r#"{"sub":"alice","roles":["writer"]}"#;
    let run = attache(&[
        "explain",
        TWIN,
        "--request",
        "GET /orders/7",
        "--claims",
        claims,
        "--format",
        "json",
    ]);
    let told: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let at = |pointer: &str| told.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(at("/decision/reason"), "role-missing");
    assert_eq!(at("/decision/status"), 403);
    assert_eq!(at("/decision/rule"), "orders/read-orders");
    assert_eq!(at("/token/roles"), serde_json::json!(["writer"]));
    assert_eq!(at("/readings/0/rules/3/caller/1/at"), "policies[0].rules[3].roles.anyOf");
    assert_eq!(at("/readings/0/rules/3/caller/1/holds"), false);
    assert_eq!(at("/readings/0/rules/3/line"), 29);
    let failed = serde_json::json!([{"at": "roles.anyOf", "wanted": ["ops"], "found": "the token has writer"}]);
    assert_eq!(at("/readings/0/rules/3/failed"), failed);
}

#[test]
fn what_is_unclear_is_said() {
    for (arguments, said) in [
        (&["explain", TWIN, TYK, "--request", "GET /"][..], "name one configuration; there are 2"),
        (&["explain", TWIN, "--request", "orders"], "a path, which begins with `/`"),
        (&["explain", TWIN, "--request", "CONNECT a:443"], "a CONNECT request has no path"),
        (
            &["explain", TWIN, "--request", "/", "--claims", r#"{"sub":"a","sub":"b"}"#],
            "`sub` is repeated in this object",
        ),
        (
            &["explain", TWIN, "--request", "/", "--claims", "alice"],
            "--claims: claims are a JSON object",
        ),
        (
            &["explain", TWIN, "--request", "/", "--claims", "{}", "--issuer", "x"],
            "there is no issuer `x`",
        ),
        (
            &["explain", TWIN, "--request", "/", "--claims", r#"{"iss":"a"}"#, "--issuer", "x"],
            "there is no issuer `x`",
        ),
        (
            &["explain", TWIN, "--request", "/", "--claims", r#"{"iss":"a"}"#, "--issuer", "tyk"],
            "the claims are not of issuer `tyk`: their `iss` is \"a\"",
        ),
        (&["explain", TWIN, "--request", "/", "--header", "x"], "--header: that is no header"),
        (&["explain", TWIN, "--request", "/", "--workload", "x"], "`x` is no workload"),
        (
            &["explain", TWIN, "--request", "/", "--token", "@missing.jwt"],
            "can't read `missing.jwt`",
        ),
        (
            &[
                "explain",
                TWIN,
                "--request",
                "/",
                "--jwks",
                "tyk=testing/fixtures/providers/auth0/jwks.json",
            ],
            "keys of `tyk`: its keys stand in the configuration, below `jwks`, and it takes no others",
        ),
    ] {
        let run = attache(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stdout);
        assert!(run.stderr.contains(said), "{arguments:?}: {}", run.stderr);
    }
    let bad = "issuers: [{name: x}]\n";
    let run = attache_given(&["explain", "-", "--request", "GET /"], bad);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("`attache check` shows them"), "{}", run.stderr);
}

/// A rule in force, one in SHADOW that would refuse, and one by the client's address.
const SHADOW: &str = "\
issuers:
- name: tyk
  issuer: https://tyk.example.com
  jwksUri: https://tyk.example.com/keys
policies:
- name: p
  rules:
  - {name: all, to: [{paths: [\"/a*\"]}]}
  - {name: closed, mode: SHADOW, action: DENY, to: [{paths: [/a]}]}
  - {name: inside, to: [{paths: [/ip]}], from: [{remoteIpBlocks: [10.0.0.0/8]}]}
  - {name: near, to: [{paths: [/peer]}], from: [{ipBlocks: [10.0.0.0/8]}]}
";

#[test]
fn what_shadow_would_change_is_told() {
    let ask = ["explain", "-", "--request", "GET /a", "--claims", "{}"];
    let told = "allowed, by rule p/all\nwith what is in SHADOW it would be refused: rule-denied, by rule p/closed\n";
    let run = attache_given(&ask, SHADOW);
    assert!(run.stdout.starts_with(told), "{}", run.stdout);
    assert_eq!(run.status, 0);
    assert_eq!(attache_given(&[&ask[..], &["--with-shadow"]].concat(), SHADOW).status, 1);
    let json = attache_given(&[&ask[..], &["--format", "json"]].concat(), SHADOW);
    let told: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(told.pointer("/decision/shadow/verdict"), Some(&Value::from("rule-denied")));
    assert_eq!(told.pointer("/decision/shadow/rule"), Some(&Value::from("p/closed")));

    let dry = format!("mode: SHADOW\n{SHADOW}");
    let run = attache_given(&["explain", "-", "--request", "GET /a"], &dry);
    let told = "allowed\nit is a dry run here; in force it would be refused: token-missing\n";
    assert!(run.stdout.starts_with(told), "{}", run.stdout);
}

#[test]
fn what_a_header_tells_of_an_address_is_not_the_direct_peers() {
    for (path, option, status) in [
        ("/ip", "--client-address", 0),
        ("/ip", "--address", 0),
        ("/peer", "--address", 0),
        ("/peer", "--client-address", 1),
    ] {
        let run = attache_given(
            &["explain", "-", "--request", path, "--claims", "{}", option, "10.1.2.3"],
            SHADOW,
        );
        assert_eq!(run.status, status, "{path} {option}: {}", run.stdout);
    }
}

#[test]
fn what_a_test_was_compared_with_is_told() {
    let document = "\
issuers: [{name: tyk, issuer: 'https://tyk.example.com', jwksUri: 'https://tyk.example.com/keys'}]
policies:
- name: p
  rules:
  - {name: host, to: [{hosts: [a.example]}]}
  - {name: header, when: [{claim: tenant, equalsHeader: x-tenant}]}
  - {name: segment, to: [{paths: [\"/users/{id}\"]}], when: [{claim: sub, equalsPath: id}]}
  - {name: claim, when: [{claim: sub, equalsClaim: email}]}
  - {name: paths, to: [{paths: [/a, /b, /c, /d, /e, /f, /g, /h]}]}
  - {name: entries, to: [{methods: [PUT]}, {paths: [/x], methods: [GET]}]}
";
    let claims = r#"{"sub":"alice","tenant":"acme","email":"a@example"}"#;
    let ask =
        ["explain", "-", "--request", "GET /users/bob", "--claims", claims, "--host", "b.example"];
    let run = attache_given(&[&ask[..], &["--header", "x-tenant: globex"]].concat(), document);
    for line in [
        r#"      to[0].hosts is ["a.example"]: the host is b.example"#,
        r#"      when[0] is {"claim":"tenant","equalsHeader":"x-tenant"}: tenant is "acme", header x-tenant is globex"#,
        r#"      when[0] is {"claim":"sub","equalsPath":"id"}: sub is "alice", {id} of the path is bob"#,
        r#"      when[0] is {"claim":"sub","equalsClaim":"email"}: sub is "alice", email is "a@example""#,
        r#"      to[0].paths is ["/a","/b","/c","/d","/e","/f", … 2 more]: the path is /users/bob"#,
        "      (of 2 entries of `to`, the one that comes closest)",
    ] {
        assert!(run.stdout.lines().any(|told| told == line), "{line}\n{}", run.stdout);
    }
    let run = attache_given(&ask, document);
    assert!(
        run.stdout.contains("header x-tenant is absent, or there more than once"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_request_that_no_rule_judges_has_its_cause() {
    let run = attache(&["explain", TYK, "--request", "GET /orders/%zz"]);
    let told = "No rule judges it: path-ambiguous, since the path has a `%` without two hexadecimal digits behind it.";
    assert!(run.stdout.lines().any(|line| line == told), "{}", run.stdout);
}

#[test]
fn what_is_no_caller_no_port_or_not_its_workload_is_said() {
    for (option, value) in [("--caller", "foo"), ("--port", "0")] {
        let run = attache(&["explain", TWIN, "--request", "GET /", option, value]);
        assert_eq!(run.status, 2, "{}", run.stdout);
        assert!(run.stderr.contains(option), "{}", run.stderr);
    }
    assert_eq!(attache(&["explain", TWIN, "--request", "GET /orders HTTP/2"]).status, 1);
    let of_shop = "examples/debugging/orders.yaml";
    // Its pods have labels, which nobody has said.
    let run = attache(&["explain", TWIN, "--request", "GET /", "--workload", "default/orders"]);
    let hint = "note: no policy is for this workload: set --workload and --label; policy ";
    assert!(run.stderr.contains(hint), "{}", run.stderr);
    let run = attache(&["explain", of_shop, "--request", "GET /", "--workload", "billing/x"]);
    assert!(run.stderr.contains("is for workloads of namespace shop"), "{}", run.stderr);
    let run = attache(&[
        "explain",
        of_shop,
        "--request",
        "GET /",
        "--workload",
        "shop/x",
        "--label",
        "app=x",
    ]);
    assert!(run.stderr.contains("selects app=orders"), "{}", run.stderr);
}
