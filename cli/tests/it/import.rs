//! `attache import istio`: what comes of Istio's policies, and what is said of what has no equal.
//! That the verdicts are Envoy's own is for `e2e/tests/differential`.

use crate::support::{Run, attache, attache_given};
use serde_json::Value;

const EXAMPLE: &str = "examples/import-istio/orders.yaml";

/// A RequestAuthentication of the namespace `shop`, with its `spec` behind what it has of
/// workloads.
fn authentication(name: &str, selection: &str) -> String {
    let jwks = r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "a", "alg": "ES256", "x": "OUXXO_D7Fx8d_1cC86YG0zYO7U0T-Cem-gLhEd-8yBY", "y": "g8pjK8-5yWkbUQoYs9pWKop9a8ilrV9lkYs5_JlhoRM"}]}"#;
    format!(
        "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  \
         {selection}\n  jwtRules:\n  - issuer: https://issuer.example\n    jwks: '{jwks}'\n---\n"
    )
}

/// An AuthorizationPolicy of the namespace `shop`, with these lines of its `spec`.
fn policy(name: &str, spec: &[&str]) -> String {
    format!(
        "apiVersion: security.istio.io/v1beta1\nkind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  \
         {}\n---\n",
        spec.join("\n  ")
    )
}

/// What an import came to: its findings, each as rule and path, and its configuration.
struct Imported {
    run: Run,
    findings: Vec<String>,
    configuration: Option<Value>,
}

fn import(text: &str, arguments: &[&str]) -> Imported {
    let all = [&["import", "istio", "--format", "json", "-"], arguments].concat();
    let run = attache_given(&all, text);
    let report: Value = serde_json::from_str(&run.stderr).expect("JSON");
    let of = |finding: &Value| {
        format!(
            "{} {}",
            finding["rule"].as_str().unwrap(),
            finding["path"].as_str().unwrap_or_default()
        )
    };
    let findings = report["findings"].as_array().expect("a list").iter().map(of).collect();
    let configuration =
        (!run.stdout.is_empty()).then(|| serde_saphyr::from_str(&run.stdout).expect("YAML"));
    Imported { run, findings, configuration }
}

/// Imports a policy beside a RequestAuthentication for the whole namespace.
fn import_policy(spec: &[&str], arguments: &[&str]) -> Imported {
    import(
        &format!("{}{}", authentication("keys", "selector: {}"), policy("orders", spec)),
        arguments,
    )
}

/// Imports a policy of one rule: its findings below the rule, and the rules that come of it.
fn import_rule(action: &str, rule: &str, arguments: &[&str]) -> (Vec<String>, Value) {
    let imported =
        import_policy(&[&format!("action: {action}"), &format!("rules: [{rule}]")], arguments);
    let below =
        |finding: &String| finding.replace("spec.rules[0].", "").replace("spec.rules[0]", "rule");
    let rules = imported
        .configuration
        .map(|mut all| all["policies"][0]["rules"].take())
        .unwrap_or_default();
    (imported.findings.iter().map(below).collect(), rules)
}

#[test]
fn the_example_becomes_a_configuration_that_check_finds_nothing_wrong_with() {
    let run = attache(&["import", "istio", EXAMPLE]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr.ends_with("1 issuer, 2 policies, 4 rules: 0 errors, 3 warnings\n"),
        "{}",
        run.stderr
    );
    let checked = attache_given(&["check", "-"], &run.stdout);
    assert_eq!((checked.status, checked.stdout.as_str()), (0, ""), "{}", checked.stderr);
    assert_eq!(attache(&["import", "istio", "--deny-warnings", EXAMPLE]).status, 1);
}

#[test]
fn without_a_token_a_rule_that_asks_for_none_lets_through_and_no_other_does() {
    let configuration = attache(&["import", "istio", EXAMPLE]).stdout;
    for (request, claims, status) in [
        ("GET /healthz", None, 0),
        ("GET /orders/7", None, 1),
        ("GET /orders/7", Some(r#"{"sub":"alice","aud":"mesh","roles":["reader"]}"#), 0),
        ("GET /orders/7", Some(r#"{"sub":"alice","aud":"mesh","roles":"writer"}"#), 0),
        ("GET /orders/7", Some(r#"{"sub":"alice","aud":"mesh","roles":["other"]}"#), 1),
        ("GET /debug/vars", Some(r#"{"sub":"alice","aud":"mesh","roles":["reader"]}"#), 1),
    ] {
        let mut arguments = vec!["explain", "-", "--request", request];
        arguments.extend(claims.iter().flat_map(|claims| ["--claims", claims]));
        let run = attache_given(&arguments, &configuration);
        assert_eq!(run.status, status, "{request} {claims:?}\n{}{}", run.stdout, run.stderr);
    }
}

#[test]
fn no_rules_allow_nothing_and_no_allow_policy_allows_everything() {
    for spec in [&["action: ALLOW"][..], &["rules: []"], &["{}"]] {
        let imported = import_policy(spec, &[]);
        let configuration = imported.configuration.expect("a configuration");
        assert_eq!(configuration["policies"][0]["rules"], serde_json::json!([]), "{spec:?}");
        assert_eq!(configuration["policies"][0].get("defaultAction"), None);
        assert_eq!(configuration["policies"].as_array().unwrap().len(), 1);
    }
    let (findings, rules) = import_rule("ALLOW", "{}", &[]);
    assert_eq!((findings.len(), rules[0]["authentication"].as_str()), (0, Some("OPTIONAL")));
    let open = import(&authentication("keys", "selector: {}"), &[])
        .configuration
        .expect("a configuration");
    assert_eq!(open["policies"][0]["name"], "no-allow-policy");
    let denies =
        import_policy(&["action: DENY", "rules: [{to: [{operation: {ports: ['8080']}}]}]"], &[]);
    let denies = denies.configuration.expect("a configuration");
    assert_eq!(denies["policies"][0]["defaultAction"], "ALLOW");
    assert_eq!(denies["policies"][1]["rules"][0]["name"], "everything");
}

#[test]
fn what_an_allow_rule_can_not_say_lets_less_through() {
    let to = |list: &str| format!("{{to: [{{operation: {{{list}}}}}]}}");
    let claim = |list: &str| format!("{{when: [{{key: 'request.auth.claims[c]', {list}}}]}}");
    for (rule, expected, count) in [
        ("{when: [{key: 'request.headers[x]', values: [a]}]}".to_owned(), "narrower when[0]", 0),
        ("{when: [{key: connection.sni, values: [a]}]}".to_owned(), "narrower when[0]", 0),
        ("{when: [{key: destination.ip, values: [10.0.0.1]}]}".to_owned(), "narrower when[0]", 0),
        (
            "{when: [{key: 'experimental.envoy.filters.a[b]', values: [a]}]}".to_owned(),
            "narrower when[0]",
            0,
        ),
        (to("paths: [/a, '/b:c']"), "narrower to[0].operation.paths[1]", 1),
        (to("paths: ['/b/{*}']"), "narrower to[0].operation.paths[0]", 0),
        (to("paths: [b]"), "left-out to[0].operation.paths[0]", 0),
        (to("notPaths: [/b]"), "narrower to[0].operation.notPaths", 1),
        (to("notPaths: ['/b;c']"), "narrower to[0].operation.notPaths[0]", 0),
        (to("hosts: [a.example]"), "narrower to[0].operation.hosts[0]", 0),
        (to("notHosts: [a.example]"), "narrower to[0].operation.notHosts", 1),
        (to("methods: ['P*']"), "narrower to[0].operation.methods[0]", 1),
        (to("ports: ['0']"), "left-out to[0].operation.ports[0]", 0),
        (claim("notValues: ['a*']"), "narrower when[0].notValues[0]", 0),
        (claim("notValues: ['*']"), "narrower when[0].notValues", 1),
        (
            "{when: [{key: 'request.auth.claims[scope]', values: [a]}]}".to_owned(),
            "narrower when[0].values[0]",
            1,
        ),
        (
            "{when: [{key: 'request.auth.claims[scope]', notValues: [a]}]}".to_owned(),
            "narrower when[0].notValues[0]",
            0,
        ),
        (
            "{from: [{source: {requestPrincipals: [other/a]}}]}".to_owned(),
            "left-out from[0].source.requestPrincipals[0]",
            0,
        ),
        (
            "{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}".to_owned(),
            "narrower from[0].source.ipBlocks",
            1,
        ),
        (
            "{from: [{source: {principals: ['*a*']}}]}".to_owned(),
            "narrower from[0].source.principals[0]",
            0,
        ),
    ] {
        let (findings, rules) = import_rule("ALLOW", &rule, &[]);
        assert!(findings.iter().any(|finding| finding == expected), "{rule}: {findings:?}");
        assert_eq!(rules.as_array().map(Vec::len), Some(count), "{rule}: {rules}");
    }
}

#[test]
fn what_a_deny_rule_can_not_say_refuses_more_or_is_an_error() {
    let when = "when: [{key: 'request.headers[x]', values: [a]}]";
    let (findings, rules) =
        import_rule("DENY", &format!("{{to: [{{operation: {{methods: [GET]}}}}], {when}}}"), &[]);
    assert_eq!(findings, ["narrower when[0]"]);
    assert_eq!(
        rules[0],
        serde_json::json!({"name": "rule-0", "action": "DENY", "to": [{"methods": ["GET"]}]})
    );
    let (findings, rules) = import_rule("DENY", &format!("{{{when}}}"), &[]);
    assert_eq!(findings, ["no-equal rule", "narrower when[0]"]);
    assert_eq!(rules, Value::Null);
    // An exception that would be for more is none.
    let (findings, rules) =
        import_rule("DENY", "{to: [{operation: {paths: ['/a/*'], notPaths: ['/a/b:c']}}]}", &[]);
    assert!(findings.contains(&"narrower to[0].operation.notPaths[0]".to_owned()), "{findings:?}");
    assert_eq!(rules[0]["to"], serde_json::json!([{"paths": ["/a/*"]}]));
}

#[test]
fn a_deny_rule_for_requests_without_a_token_is_for_every_token_without_a_subject() {
    let (findings, rules) =
        import_rule("DENY", "{from: [{source: {notRequestPrincipals: ['*']}}]}", &[]);
    assert_eq!(findings.len(), 0, "{findings:?}");
    let tests: Vec<&Value> =
        rules.as_array().unwrap().iter().map(|rule| &rule["when"][0]).collect();
    assert_eq!(tests[0], &serde_json::json!({"claim": "sub", "exists": false}));
    assert_eq!(tests[1]["claim"], "sub");
    assert!(tests[1]["matches"].is_string());
}

#[test]
fn what_is_a_little_wider_is_taken_over_where_that_is_asked_for() {
    let rule = "{to: [{operation: {paths: ['/a/{*}/{**}']}}], when: [{key: 'request.auth.claims[scope]', values: [read]}]}";
    let (findings, rules) = import_rule("ALLOW", rule, &["--accept-wider"]);
    assert_eq!(findings, ["wider to[0].operation.paths[0]", "wider when[0].values[0]"]);
    assert_eq!(rules[0]["to"][0]["paths"], serde_json::json!(["/a/{*}/{*}/{**}", "/a/{*}/"]));
    assert_eq!(rules[0]["when"][0]["matches"], "(?s:(?:.* )?read(?: .*)?)");
}

#[test]
fn from_and_when_are_joined() {
    let rule = "{from: [{source: {principals: ['td/*'], notNamespaces: [a]}}], when: [{key: source.principal, values: \
                [td/ns/b/sa/c, x]}, {key: source.namespace, notValues: [d]}, {key: destination.port, values: ['80']}]}";
    let (findings, rules) = import_rule("ALLOW", rule, &[]);
    assert_eq!(findings.len(), 0, "{findings:?}");
    let from = serde_json::json!([{"principals": ["td/ns/b/sa/c"], "notNamespaces": ["d", "a"]}]);
    assert_eq!(
        (&rules[0]["from"], &rules[0]["to"]),
        (&from, &serde_json::json!([{"ports": [80]}]))
    );
}

#[test]
fn each_request_principal_is_a_rule_of_its_own_beside_the_sources_without() {
    let rule = "{from: [{source: {namespaces: [a]}}, {source: {requestPrincipals: ['https://issuer.example/x', '*/y']}}]}";
    let (_, rules) = import_rule("ALLOW", rule, &[]);
    let rules = rules.as_array().unwrap();
    assert_eq!(rules.len(), 2);
    assert_eq!(rules[0]["from"], serde_json::json!([{"namespaces": ["a"]}]));
    assert_eq!(rules[1]["when"], serde_json::json!([{"claim": "sub", "in": ["x", "y"]}]));
    assert_eq!(rules[1].get("authentication"), None);
}

#[test]
fn policies_that_others_decide_are_errors_unless_they_are_kept() {
    let custom = ["action: CUSTOM", "provider: {name: opa}", "rules: [{}]"];
    let imported = import_policy(&custom, &[]);
    assert_eq!(
        (imported.run.status, imported.findings),
        (1, vec!["no-equal metadata.name".to_owned()])
    );
    let imported = import_policy(&custom, &["--keep", "shop/orders"]);
    assert_eq!(
        (imported.run.status, imported.findings),
        (0, vec!["left-out metadata.name".to_owned()])
    );
    let imported = import_policy(&["rules: [{}]"], &["--keep", "shop/orders"]);
    assert_eq!(
        (imported.run.status, imported.findings),
        (1, vec!["no-equal metadata.name".to_owned()])
    );
    let imported = import_policy(&["rules: [{}]"], &["--keep", "shop/other"]);
    assert_eq!((imported.run.status, imported.findings), (1, vec!["no-equal ".to_owned()]));
    let imported = import_policy(&["action: AUDIT", "rules: [{}]"], &[]);
    assert_eq!(
        (imported.run.status, imported.findings),
        (0, vec!["left-out metadata.name".to_owned()])
    );
}

#[test]
fn a_dry_run_is_in_shadow_and_decides_nothing() {
    let text = policy("orders", &["rules: []"])
        .replace("namespace: shop}", "namespace: shop, annotations: {istio.io/dry-run: \"true\"}}");
    let imported = import(&format!("{}{text}", authentication("keys", "selector: {}")), &[]);
    let policies = imported.configuration.expect("a configuration")["policies"].take();
    assert_eq!(
        (&policies[0]["mode"], &policies[1]["name"]),
        (&Value::from("SHADOW"), &Value::from("no-allow-policy"))
    );
}

#[test]
fn issuers_of_different_workloads_are_told_apart_by_the_workload() {
    let text = format!(
        "{}{}{}{}",
        authentication("orders", "selector: {matchLabels: {app: orders}}"),
        authentication("web", "selector: {matchLabels: {app: web}}")
            .replace("issuer.example", "web.example"),
        policy(
            "orders",
            &[
                "selector: {matchLabels: {app: orders}}",
                "rules: [{to: [{operation: {methods: [GET]}}]}]"
            ]
        ),
        policy("all", &["action: DENY", "rules: [{to: [{operation: {methods: [TRACE]}}]}]"]),
    );
    let imported = import(&text, &[]);
    assert_eq!((imported.run.status, imported.configuration), (1, None));
    assert!(
        imported.findings.contains(&"no-equal metadata.name".to_owned()),
        "{:?}",
        imported.findings
    );
    let imported = import(&text, &["--workload", "shop", "--label", "app=web"]);
    assert_eq!(imported.run.status, 0, "{}", imported.run.stderr);
    let configuration = imported.configuration.expect("a configuration");
    assert_eq!(configuration["issuers"][0]["issuer"], "https://web.example");
    let names: Vec<&Value> =
        configuration["policies"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["all", "no-allow-policy"]);
    assert_eq!(
        imported.findings.iter().filter(|finding| finding.starts_with("left-out")).count(),
        2
    );
}

#[test]
fn workloads_without_an_allow_policy_need_a_token_where_others_have_one() {
    let text = authentication("keys", "selector: {}")
        + &policy("orders", &["selector: {matchLabels: {app: orders}}", "rules: [{}]"]);
    let imported = import(&text, &[]);
    assert_eq!((imported.run.status, imported.findings), (0, vec!["narrower spec".to_owned()]));
    let policies = imported.configuration.expect("a configuration")["policies"].take();
    let selector = serde_json::json!({"namespaces": ["shop"], "labels": {"app": "orders"}});
    assert_eq!((policies.as_array().unwrap().len(), &policies[0]["selector"]), (1, &selector));
}

#[test]
fn the_root_namespace_is_for_all_and_a_list_of_kubectl_is_read() {
    let authentication = authentication("keys", "selector: {}")
        .replace("namespace: shop", "namespace: istio-system");
    let item = |text: &str| {
        let text = text.trim_end_matches("---\n").trim_end().replace('\n', "\n  ");
        format!("- {text}\n")
    };
    let text = format!(
        "apiVersion: v1\nkind: List\nitems:\n{}{}- {{apiVersion: v1, kind: Service, metadata: {{name: a}}}}\n",
        item(&authentication),
        item(&policy("orders", &["rules: [{}]"]))
    );
    let imported = import(&text, &[]);
    assert_eq!(imported.run.status, 0, "{}", imported.run.stderr);
    let configuration = imported.configuration.expect("a configuration");
    assert_eq!(
        configuration["policies"][0]["selector"],
        serde_json::json!({"namespaces": ["shop"]})
    );
}

#[test]
fn a_gateway_is_selected_by_its_name_and_a_service_is_not() {
    let target = |kind: &str, group: &str| {
        format!("targetRefs: [{{kind: {kind}, group: '{group}', name: edge}}]")
    };
    let text = authentication("keys", &target("Gateway", "gateway.networking.k8s.io"))
        + &policy("orders", &[&target("Gateway", "gateway.networking.k8s.io"), "rules: [{}]"]);
    let imported = import(&text, &[]);
    let policies = imported.configuration.expect("a configuration")["policies"].take();
    let labels = serde_json::json!({"gateway.networking.k8s.io/gateway-name": "edge"});
    assert_eq!(policies[0]["selector"]["labels"], labels);
    let text = authentication("keys", "selector: {}")
        + &policy("orders", &[&target("Service", ""), "rules: [{}]"]);
    assert_eq!(import(&text, &[]).findings, ["no-equal spec.targetRefs[0]"]);
}

#[test]
fn what_istio_has_not_is_an_error_at_its_place() {
    for (spec, expected) in [
        (vec!["rulse: []"], "not-istio spec.rulse"),
        (
            vec!["rules: [{to: [{operation: {paths: }}]}]"],
            "not-istio spec.rules[0].to[0].operation.paths",
        ),
        (vec!["rules: [{from: []}]"], "not-istio spec.rules[0].from"),
        (vec!["rules: [{from: [{source: {}}]}]"], "not-istio spec.rules[0].from[0].source"),
        (vec!["rules: [{from: [{}]}]"], "not-istio spec.rules[0].from[0]"),
        (vec!["rules: [{to: [{operation: {}}]}]"], "not-istio spec.rules[0].to[0].operation"),
        (
            vec!["rules: [{to: [{operation: {ports: ['http']}}]}]"],
            "not-istio spec.rules[0].to[0].operation.ports[0]",
        ),
        (
            vec!["rules: [{to: [{operation: {ports: [80]}}]}]"],
            "not-istio spec.rules[0].to[0].operation.ports[0]",
        ),
        (vec!["rules: [{when: [{key: a.b, values: [c]}]}]"], "not-istio spec.rules[0].when[0].key"),
        (vec!["rules: [{when: [{key: source.ip}]}]"], "not-istio spec.rules[0].when[0]"),
        (vec!["action: REFUSE"], "not-istio spec.action"),
        (vec!["action: DENY"], "not-istio spec"),
        (vec!["provider: {name: opa}", "rules: [{}]"], "not-istio spec.provider"),
    ] {
        let imported = import_policy(&spec, &[]);
        assert_eq!(imported.run.status, 1, "{spec:?}");
        assert!(
            imported.findings.contains(&expected.to_owned()),
            "{spec:?}: {:?}",
            imported.findings
        );
        assert_eq!(imported.run.stdout, "", "{spec:?}");
    }
}

#[test]
fn what_an_issuer_can_not_be_is_an_error() {
    let good = authentication("keys", "selector: {}");
    for (from, to, path) in [
        (
            "issuer: https://issuer.example",
            "jwksUri: https://issuer.example/keys",
            "spec.jwtRules[0]",
        ),
        ("https://issuer.example", "https://issuer.example/{tenant}/", "spec.jwtRules[0].issuer"),
        ("\"kty\": \"EC\"", "\"kty\": \"EC\", \"d\": \"AAAA\"", "spec.jwtRules[0]"),
        (
            "issuer: https",
            "outputClaimToHeaders: [{header: host, claim: sub}]\n    issuer: https",
            "spec.jwtRules[0]",
        ),
    ] {
        let imported = import(&good.replace(from, to), &[]);
        assert_eq!(imported.run.status, 1, "{to}");
        assert!(
            imported.findings.contains(&format!("no-equal {path}")),
            "{to}: {:?}",
            imported.findings
        );
    }
}

#[test]
fn one_issuer_with_several_audiences_is_one_and_with_other_keys_an_error() {
    let with = |name: &str, audiences: &str| {
        let issuer = "issuer: https://issuer.example";
        authentication(name, "selector: {}")
            .replace(issuer, &format!("{issuer}\n    audiences: [{audiences}]"))
    };
    let both = with("one", "a, b") + &with("two", "b, c");
    let configuration = import(&both, &[]).configuration.expect("a configuration");
    assert_eq!(configuration["issuers"].as_array().unwrap().len(), 1);
    assert_eq!(configuration["issuers"][0]["audiences"], serde_json::json!(["a", "b", "c"]));
    let any = with("one", "a, b") + &authentication("two", "selector: {}");
    let configuration = import(&any, &[]).configuration.expect("a configuration");
    assert_eq!(configuration["issuers"][0].get("audiences"), None);
    let other = authentication("one", "selector: {}")
        + &authentication("two", "selector: {}").replace("\"kid\": \"a\"", "\"kid\": \"b\"");
    assert_eq!(import(&other, &[]).findings, ["no-equal spec.jwtRules[0]"]);
}

#[test]
fn without_a_request_authentication_there_is_nothing_to_import() {
    for (text, expected) in [
        (policy("orders", &["rules: [{}]"]), "no-equal "),
        ("a: b\n".to_owned(), "no-equal "),
        ("a: [\n".to_owned(), "syntax "),
        (String::new(), "no-equal "),
    ] {
        let imported = import(&text, &[]);
        assert_eq!(
            (imported.run.status, imported.findings),
            (1, vec![expected.to_owned()]),
            "{text}"
        );
    }
    let imported = import(&policy("orders", &["rules: [{}]"]), &["--workload", "shop"]);
    assert_eq!(imported.findings, ["no-equal metadata.name"]);
}
