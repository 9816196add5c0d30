//! What is legal and seldom meant: each rule finds what it is for, where it is, and nothing beside
//! it.

use crate::support::attache_given;
use serde_json::Value;

/// The rules that find something, each with the text of the lines' first value that is underlined.
fn found(text: &str) -> Vec<String> {
    let run = attache_given(&["check", "--format", "json", "-"], text);
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    let of = |finding: &Value| {
        format!("{} {}", finding["rule"].as_str().unwrap(), finding["path"].as_str().unwrap())
    };
    findings.iter().map(of).collect()
}

const ISSUER: &str = "\
issuers:
- name: tyk
  issuer: https://tyk.example.com
  roleClaims: [{claim: roles}]
  jwks: {keys: [{kty: EC, crv: P-256, kid: a, x: OUXXO_D7Fx8d_1cC86YG0zYO7U0T-Cem-gLhEd-8yBY, \"y\": g8pjK8-5yWkbUQoYs9pWKop9a8ilrV9lkYs5_JlhoRM}]}
";

/// A configuration whose one policy has these rules, each a line of YAML.
fn rules(rules: &[&str]) -> String {
    format!("{ISSUER}policies:\n- name: orders\n  rules:\n  - {}\n", rules.join("\n  - "))
}

/// A WasmPlugin with these lines in its `spec`.
fn plugin(spec: &str) -> String {
    let issuer = ISSUER.replace('\n', "\n    ");
    format!(
        "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{name: attache, namespace: shop}}\nspec:\n  phase: AUTHN\n{spec}  \
         pluginConfig:\n    {issuer}\n"
    )
}

const GOOD: &str = "  url: oci://example.com/attache@sha256:0123\n";

#[test]
fn a_method_that_nobody_sends() {
    let text = rules(&[
        "{name: a, action: DENY, to: [{methods: [PUT, DELTE]}]}",
        "{name: b, action: DENY, to: [{notMethods: [HEDA], paths: [/b]}]}",
        "{name: c, to: [{paths: [/c]}, {paths: [/d], methods: [GTE]}]}",
        "{name: d, to: [{paths: [/e], notMethods: [PSOT]}]}",
        "{name: e, to: [{paths: [/f], methods: [PURGE, M-SEARCH, REPORT, QUERY]}]}",
    ]);
    let run = attache_given(&["check", "-"], &text);
    for (at, said) in [
        (
            "rules[0].to[0].methods[1]",
            "`DELTE` is no registered method, so `orders.a` does not refuse DELETE",
        ),
        ("rules[1].to[0].notMethods[0]", "`orders.b` refuses HEAD, too"),
        ("rules[2].to[1].methods[0]", "`orders.c` does not allow GET"),
        ("rules[3].to[0].notMethods[0]", "`orders.d` allows POST, too"),
    ] {
        assert!(run.stdout.contains(&format!("policies[0].{at}")), "{at}: {}", run.stdout);
        assert!(run.stdout.contains(said), "{said}: {}", run.stdout);
    }
    let told = found(&text);
    assert_eq!(told.iter().filter(|it| it.starts_with("misspelt-method ")).count(), 4, "{told:?}");
    assert!(run.stdout.contains("help: did you mean `DELETE`?"), "{}", run.stdout);
}

#[test]
fn a_rule_that_another_decides_before() {
    for (earlier, later) in [
        (
            "{name: a, to: [{paths: [\"/orders/*\"]}]}",
            "{name: b, to: [{paths: [\"/orders/{id}\"], methods: [GET]}]}",
        ),
        ("{name: a}", "{name: b, to: [{hosts: [x.example]}], roles: {anyOf: [reader]}}"),
        (
            "{name: a, to: [{paths: [/x]}], roles: {anyOf: [r, w]}}",
            "{name: b, to: [{paths: [/x]}], roles: {anyOf: [r]}, when: [{claim: a, equals: b}]}",
        ),
        (
            "{name: a, action: DENY, to: [{paths: [\"/x*\"]}]}",
            "{name: b, to: [{paths: [/x, /xy]}]}",
        ),
        ("{name: a, from: [{namespaces: [\"s*\"]}]}", "{name: b, from: [{namespaces: [shop]}]}"),
    ] {
        let text = rules(&[earlier, later]);
        assert_eq!(
            found(&text),
            ["unreachable-rule policies[0].rules[1].name"],
            "{earlier} {later}"
        );
    }
    // A DENY rule that counts refuses what earlier rules allow, too.
    let text =
        rules(&["{name: b, to: [{paths: [/x]}]}", "{name: a, action: DENY, to: [{paths: [/x]}]}"]);
    assert_eq!(found(&text), ["unreachable-rule policies[0].rules[0].name"]);
}

#[test]
fn a_rule_that_decides_something() {
    for (earlier, later) in [
        ("{name: a, to: [{paths: [/x]}]}", "{name: b, to: [{paths: [/x, /y]}]}"),
        ("{name: a, to: [{paths: [/x], methods: [GET]}]}", "{name: b, to: [{paths: [/x]}]}"),
        ("{name: a, to: [{notPaths: [/x]}]}", "{name: b, to: [{paths: [/x]}]}"),
        ("{name: a, roles: {anyOf: [r]}}", "{name: b, roles: {anyOf: [r, w]}}"),
        ("{name: a, mode: SHADOW}", "{name: b, to: [{paths: [/x]}]}"),
        (
            "{name: a, to: [{paths: [/x]}]}",
            "{name: b, authentication: OPTIONAL, to: [{paths: [/x]}]}",
        ),
        (
            "{name: a, action: DENY, to: [{paths: [/x]}], roles: {anyOf: [r]}}",
            "{name: b, to: [{paths: [/x]}]}",
        ),
        (
            "{name: a, action: DENY, mode: SHADOW, to: [{paths: [/x]}]}",
            "{name: b, to: [{paths: [/x]}]}",
        ),
        // The wide one comes later: the first names what is logged.
        ("{name: a, to: [{paths: [/x]}]}", "{name: b}"),
        (
            "{name: a, to: [{paths: [\"/u/{a}/{b}\"]}], when: [{claim: sub, equalsPath: a}]}",
            "{name: b, to: [{paths: [\"/u/{b}/{a}\"]}], when: [{claim: sub, equalsPath: a}]}",
        ),
    ] {
        assert_eq!(found(&rules(&[earlier, later])), [""; 0], "{earlier} {later}");
    }
}

#[test]
fn a_rule_of_another_policy_decides_before_where_that_applies_everywhere() {
    let two = |selectors: [&str; 2]| {
        format!(
            "{ISSUER}policies:\n- {{name: a{}, rules: [{{name: r}}]}}\n- {{name: b{}, rules: [{{name: r, to: [{{paths: [/x]}}]}}]}}\n",
            selectors[0], selectors[1]
        )
    };
    let orders = ", selector: {labels: {app: orders}}";
    assert_eq!(found(&two(["", orders])), ["unreachable-rule policies[1].rules[0].name"]);
    assert_eq!(found(&two([orders, orders])), ["unreachable-rule policies[1].rules[0].name"]);
    assert_eq!(found(&two([orders, ""])), [""; 0]);
    assert_eq!(found(&two([orders, ", selector: {labels: {app: billing}}"])), [""; 0]);
}

#[test]
fn a_path_that_a_public_rule_opens() {
    let public = "{name: open, authentication: NONE, to: [{methods: [GET], paths: [\"/static/*\", /healthz]}]}";
    for (asking, place) in [
        (
            "{name: b, to: [{methods: [GET], paths: [/orders, \"/static/{file}\"]}]}",
            "to[0].paths[1]",
        ),
        (
            "{name: b, to: [{paths: [/a]}, {methods: [GET], paths: [/healthz]}], roles: {anyOf: [ops]}}",
            "to[1].paths[0]",
        ),
    ] {
        let text = rules(&[asking, public]);
        assert_eq!(found(&text), [format!("public-path policies[0].rules[0].{place}")], "{asking}");
    }
    for asking in [
        "{name: b, to: [{paths: [/healthz]}]}",
        "{name: b, to: [{methods: [GET], paths: [\"/*\"]}]}",
    ] {
        assert_eq!(found(&rules(&[asking, public])), [""; 0], "{asking}");
    }
    let everything = "{name: open, authentication: NONE}";
    assert_eq!(
        found(&rules(&["{name: b}", everything])),
        ["public-path policies[0].rules[0].name"]
    );
}

#[test]
fn a_deny_rule_that_is_passed_by() {
    for (to, place) in [
        ("{methods: [GET]}", "to[0].methods"),
        ("{paths: [\"/a*\", \"*.php\"]}", "to[0].paths[1]"),
        ("{hosts: [admin.example.com]}", "to[0].hosts"),
    ] {
        let text = rules(&[&format!("{{name: never, action: DENY, to: [{to}]}}")]);
        assert_eq!(found(&text), [format!("deny-passed-by policies[0].rules[0].{place}")], "{to}");
    }
    let header_decides = "methods: {override: IGNORE}\n";
    let text = rules(&["{name: never, action: DENY, to: [{methods: [DELETE]}]}"]);
    assert_eq!(
        found(&(text.clone() + header_decides)),
        ["deny-passed-by policies[0].rules[0].to[0].methods"]
    );
    assert_eq!(found(&text), [""; 0]);
    for to in ["{methods: [GET, HEAD]}", "{paths: [\"/a*\"]}", "{notHosts: [a.example]}"] {
        assert_eq!(
            found(&rules(&[&format!("{{name: never, action: DENY, to: [{to}]}}")])),
            [""; 0],
            "{to}"
        );
    }
}

#[test]
fn a_role_that_no_prefix_brings() {
    let prefixed = |role: &str, more: &str| {
        let text = rules(&[&format!("{{name: a, roles: {{anyOf: [\"kc:reader\", {role}]}}}}")]);
        text.replace("{claim: roles}", "{claim: roles, prefix: \"kc:\"}") + more
    };
    let place = ["impossible-role policies[0].rules[0].roles.anyOf[1]"];
    assert_eq!(found(&prefixed("writer", "")), place);
    assert_eq!(found(&prefixed("writer", "roleHierarchy: {admin: [writer]}\n")), place);
    assert_eq!(
        found(&prefixed("writer", "roleHierarchy: {\"kc:admin\": [boss], boss: [writer]}\n")),
        [""; 0]
    );
    assert_eq!(found(&prefixed("\"kc:writer\"", "")), [""; 0]);
    assert_eq!(found(&rules(&["{name: a, roles: {anyOf: [reader]}}"])), [""; 0]);
}

#[test]
fn no_policies_and_a_key_that_could_verify_by_several_algorithms() {
    assert_eq!(found(&format!("{ISSUER}policies: []\n")), ["empty-policies policies"]);
    assert_eq!(found(ISSUER), [""; 0]);
    let modulus = "t-LdNxk6u4QXE8Qh-_Yw91Ho2lCXXRMHUFP1lhDGGVR0Q3JekOQ577a2N5lRTBc06vS4SuEQC0mLI-0g9NlOV5f8pIW0CCkM_v4vfDYKBAmZXRlaLY0r4dZcP-Vtk2kTQej59Nl30CL9Y5a73zzf_7alpMA4o8paXP9qyo72T2spNj1vF8CMTfhBFfiFWcmEgq1dtoJQpRSS0Of-ZHamUMKDa_R37VTUhasgs2Po2RUjoYv51lXp2KXKDGQzIkPAqGTV8M1nIPR9WQCV1LmcIYFo9ONBc3QPOwkqL0Lrc0C5FgrRD1Skh7O9qNTiXxcTo228QFwlTKW7sZJZzFHETQ";
    let rsa = |alg: &str, more: &str| {
        format!(
            "issuers:\n- name: a\n  issuer: https://a.example\n  jwks: {{keys: [{{kty: RSA, kid: k, e: AQAB, \"n\": {modulus}{alg}}}]}}\n{more}"
        )
    };
    assert_eq!(found(&rsa("", "")), ["key-without-alg issuers[0].jwks.keys[0]"]);
    assert_eq!(found(&rsa(", alg: PS256", "")), [""; 0]);
    assert_eq!(found(&rsa("", "  algorithms: [PS256]\n")), [""; 0]);
}

#[test]
fn what_a_resource_says() {
    let server = "  match: [{mode: SERVER}]\n";
    let gateway = "  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: shop}]\n";
    let selector = "  selector: {matchLabels: {app: orders}}\n";
    for (spec, expected) in [
        (format!("{GOOD}{server}"), ""),
        (format!("{GOOD}{gateway}"), ""),
        (format!("{GOOD}{selector}"), ""),
        (format!("  url: file:///attache.wasm\n{server}"), ""),
        (format!("  url: https://example.com/attache.wasm\n  sha256: \"0123\"\n{server}"), ""),
        (GOOD.to_owned(), "match-mode spec"),
        (
            format!("{GOOD}  match: [{{mode: SERVER}}, {{mode: CLIENT}}]\n"),
            "match-mode spec.match[1]",
        ),
        (format!("{GOOD}  match: [{{ports: [{{number: 80}}]}}]\n"), "match-mode spec.match[0]"),
        (format!("{GOOD}{server}{gateway}"), "match-mode spec.match[0]"),
        (format!("  url: oci://example.com/attache:1.0\n{server}"), "mutable-url spec.url"),
        (format!("{GOOD}{server}  failStrategy: FAIL_OPEN\n"), "fail-open spec.failStrategy"),
    ] {
        assert_eq!(found(&plugin(&spec)).join(" "), expected, "{spec}");
    }
    let text = plugin(&format!("{GOOD}{selector}"))
        + "    policies:\n    - {name: a, selector: {labels: {app: billing}}, rules: [{name: r}]}\n";
    assert_eq!(found(&text), ["policy-never-applies policies[0].selector.labels.app"]);
}

#[test]
fn a_document_that_is_a_dry_run() {
    assert_eq!(found(&format!("mode: SHADOW\n{ISSUER}")), ["dry-run mode"]);
    assert_eq!(found(&format!("mode: ENFORCE\n{ISSUER}")), Vec::<String>::new());
    let some = format!("shadowSelectors: [{{labels: {{app: orders}}}}]\n{ISSUER}");
    assert_eq!(found(&some), Vec::<String>::new());
}

#[test]
fn other_kinds_say_the_same_elsewhere() {
    let issuer = ISSUER.replace('\n', "\n      ");
    let extension = format!(
        "apiVersion: extensions.istio.io/v1alpha1\nkind: TrafficExtension\nmetadata: {{name: attache}}\nspec:\n  phase: AUTHN\n  wasm:\n    url: \
         oci://a.example/attache:1\n    failStrategy: FAIL_OPEN\n    pluginConfig:\n      {issuer}"
    );
    assert_eq!(
        found(&extension),
        ["match-mode spec", "mutable-url spec.wasm.url", "fail-open spec.wasm.failStrategy"]
    );
    let policy = format!(
        "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: EnvoyExtensionPolicy\nmetadata: {{name: x}}\nspec:\n  wasm:\n  - name: \
         attache\n    failOpen: true\n    code: {{type: Image, image: {{url: a.example/attache:1}}}}\n    config:\n      {issuer}"
    );
    assert_eq!(
        found(&policy),
        ["fail-open spec.wasm[0].failOpen", "mutable-url spec.wasm[0].code.image.url"]
    );
}

#[test]
fn a_resource_that_is_left_out() {
    let with = |metadata: &str| {
        let good = plugin(&format!("{GOOD}  match: [{{mode: SERVER}}]\n"));
        good.replace("namespace: shop}", &format!("namespace: shop, {metadata}}}"))
    };
    for (metadata, path) in [
        (
            "annotations: {config.kubernetes.io/local-config: \"true\"}",
            "annotations[\"config.kubernetes.io/local-config\"]",
        ),
        (
            "annotations: {argocd.argoproj.io/hook: PreSync}",
            "annotations[\"argocd.argoproj.io/hook\"]",
        ),
        ("annotations: {helm.sh/hook: pre-install}", "annotations[\"helm.sh/hook\"]"),
        (
            "annotations: {kustomize.toolkit.fluxcd.io/ssa: Ignore}",
            "annotations[\"kustomize.toolkit.fluxcd.io/ssa\"]",
        ),
        ("labels: {istio.io/rev: canary}", "labels[\"istio.io/rev\"]"),
    ] {
        let expected = format!("left-out metadata.{path}");
        assert!(
            found(&with(metadata)).contains(&expected),
            "{metadata}: {:?}",
            found(&with(metadata))
        );
    }
    for metadata in [
        "annotations: {config.kubernetes.io/local-config: \"false\"}",
        "annotations: {kustomize.toolkit.fluxcd.io/reconcile: enabled}",
        "labels: {istio.io/dataplane-mode: none}",
    ] {
        assert!(!found(&with(metadata)).iter().any(|it| it.starts_with("left-out")), "{metadata}");
    }
}
