//! What is written as elsewhere: the message has the form that is right here.

use crate::support::{accepts, errors, refuses, with_issuer, with_root, with_rule};
use serde_json::{Value, json};

fn claim(claim: &str) -> Value {
    with_rule(json!({"when": [{"claim": claim, "exists": true}]}))
}

#[test]
fn a_claim_in_another_languages_form_is_told_the_right_one() {
    for (text, right) in [
        ("$.realm_access.roles", "is JSONPath; write `realm_access.roles`"),
        ("$['realm_access'].roles[*]", "is JSONPath; write `realm_access.roles`"),
        ("$", "is JSONPath; name a claim, such as `realm_access.roles`"),
        (
            "realm_access[roles]",
            "has brackets: a list is looked through by itself; write `realm_access.roles`",
        ),
        ("roles[*]", "has brackets: a list is looked through by itself; write `roles`"),
        ("roles[0].name", "has brackets: a list is looked through by itself; write `roles.name`"),
        ("/realm_access/roles", "is a JSON pointer; write `realm_access.roles`"),
        ("{{ sub }}", "is a template, and nothing fills it in; write `sub`"),
        ("${sub}", "is a template, and nothing fills it in; write `sub`"),
        (" sub", "has a space around it; write `sub`"),
        (
            "https://example.com/roles",
            "is the name of one claim, and its dots would part it; write it as a list: `[\"https://example.com/roles\"]`",
        ),
        (
            "example.com/roles",
            "is the name of one claim, and its dots would part it; write it as a list: `[\"example.com/roles\"]`",
        ),
    ] {
        let message = format!("`{text}` {right}");
        refuses(&claim(text), "policies[0].rules[0].when[0].claim", &message);
        refuses(
            &with_issuer(json!({"roleClaims": [{"claim": text}]})),
            "issuers[0].roleClaims[0].claim",
            &message,
        );
    }
    for text in [
        "urn:zitadel:iam:org:project:roles",
        "cognito:groups",
        "resource_access.my-app.roles",
        "org/roles",
        "$ref",
    ] {
        accepts(&claim(text));
    }
    // A list names each step as it is.
    for literal in ["https://example.com/roles", "$.a", "a[b]", "{{ a }}", "/a"] {
        accepts(&with_rule(json!({"when": [{"claim": [literal], "exists": true}]})));
    }
}

#[test]
fn a_path_in_a_routers_form_is_told_the_right_one() {
    for (path, segment, right) in [
        ("/users/:id", ":id", "{id}"),
        ("/users/:id/orders*", ":id", "{id}"),
        ("/users/<id>", "<id>", "{id}"),
        ("/users/<int:user_id>/{**}", "<int:user_id>", "{user_id}"),
    ] {
        refuses(
            &with_rule(json!({"to": [{"paths": [path]}]})),
            "policies[0].rules[0].to[0].paths[0]",
            &format!(
                "`{segment}` in `{path}` would be compared letter by letter; for a segment that may be anything write \
                 `{right}`"
            ),
        );
    }
    for path in ["/v1/things:cancel", "/a:b/c", "/:", "/a/<", "/.*", "/:*"] {
        accepts(&with_rule(json!({"to": [{"paths": [path]}]})));
    }
}

#[test]
fn roles_are_read_somewhere_where_rules_ask_for_them() {
    for roles in [json!({"anyOf": ["a"]}), json!({"noneOf": ["a"]})] {
        let mut document = with_rule(json!({ "roles": roles }));
        accepts(&document);
        document["issuers"][0].as_object_mut().expect("an issuer").remove("roleClaims");
        refuses(
            &document,
            "policies[0].rules[0].roles",
            "no issuer says where roles are, so nobody has any; give one `roleClaims: [{claim: realm_access.roles}]`",
        );
    }
}

#[test]
fn names_that_are_one_metric_are_told_apart() {
    let rules =
        |names: &[&str]| names.iter().map(|name| json!({ "name": name })).collect::<Value>();
    refuses(
        &with_root(json!({"policies": [{"name": "a", "rules": rules(&["b-c", "b_c"])}]})),
        "policies[0].rules[1].name",
        "`a.b_c` counts in the same metric as `a.b-c` (`policies[0].rules[0].name`), where `-`, `_` and `.` are one; let \
         the rules differ in more than these",
    );
    refuses(
        &with_root(
            json!({"policies": [{"name": "a", "rules": rules(&["b.c"])}, {"name": "a.b", "rules": rules(&["c"])}]}),
        ),
        "policies[1].rules[0].name",
        "`a.b.c` counts in the same metric as `a.b.c` (`policies[0].rules[0].name`), where `-`, `_` and `.` are one; let \
         the rules differ in more than these",
    );
    let mut document = with_issuer(json!({"name": "tyk-a"}));
    let mut other = document["issuers"][0].clone();
    other["name"] = json!("tyk_a");
    other["issuer"] = json!("https://other.example");
    document["issuers"].as_array_mut().expect("a list").push(other);
    refuses(
        &document,
        "issuers[1].name",
        "`tyk_a` counts in the same metric as `tyk-a` (`issuers[0].name`), where `-`, `_` and `.` are one; let the issuers \
         differ in more than these",
    );
    accepts(&with_root(
        json!({"policies": [{"name": "a-b", "rules": rules(&["c"])}, {"name": "a", "rules": rules(&["c"])}]}),
    ));
}

#[test]
fn a_mistake_of_form_is_told_what_to_write() {
    for (document, at, message) in [
        (
            with_issuer(json!({"clockSkew": 60})),
            "issuers[0].clockSkew",
            "`60` has no unit; write `60s` if these are seconds, `60m` if minutes",
        ),
        (
            with_rule(json!({"to": [{"paths": "/x"}]})),
            "policies[0].rules[0].to[0].paths",
            "expected a list, got a string; a list of one has brackets around it: `[…]`",
        ),
        (
            with_issuer(json!({"jwks": "https://tyk.example/jwks"})),
            "issuers[0].jwks",
            "is a URL; keys that a provider serves are named by it: write `jwksUri` for `jwks`",
        ),
    ] {
        refuses(&document, at, message);
    }
}

#[test]
fn a_whole_resource_is_told_from_its_configuration() {
    let configuration = with_issuer(json!({}));
    let plugin = json!({"apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin", "metadata": {"name": "attache"},
        "spec": {"pluginConfig": configuration}});
    let inner = json!({"url": "oci://example", "pluginConfig": configuration});
    for (document, message) in [
        (
            plugin,
            "this is `WasmPlugin` as a whole; give what is below its `spec.pluginConfig`, which begins with `issuers`",
        ),
        (
            inner,
            "this is a resource as a whole; give what is below its `pluginConfig`, which begins with `issuers`",
        ),
    ] {
        refuses(&document, "", message);
    }
}

#[test]
fn words_of_istio_and_envoy_are_translated() {
    for (document, at, instead) in [
        (
            with_rule(json!({"from": [{"source": {"namespaces": ["a"]}}]})),
            "policies[0].rules[0].from[0].source",
            "its keys stand here without it: `from: [{namespaces: […]}]`",
        ),
        (
            with_rule(json!({"to": [{"operation": {"methods": ["GET"]}}]})),
            "policies[0].rules[0].to[0].operation",
            "its keys stand here without it: `to: [{methods: […], paths: […]}]`",
        ),
        (
            with_rule(json!({"from": [{"requestPrincipals": ["*"]}]})),
            "policies[0].rules[0].from[0].requestPrincipals",
            "whom a token speaks for is asked of its claims: `when: [{claim: sub, equals: …}]`",
        ),
        (
            with_root(
                json!({"policies": [{"name": "a", "selector": {"matchLabels": {"app": "a"}}}]}),
            ),
            "policies[0].selector.matchLabels",
            "write `labels: {app: …}`",
        ),
        (
            with_root(json!({"policies": [{"name": "a", "action": "ALLOW"}]})),
            "policies[0].action",
            "each rule has its `action`; where no rule matches, `defaultAction` holds",
        ),
        (
            with_root(json!({"rules": []})),
            "rules",
            "rules belong into a policy: `policies: [{name: …, rules: […]}]`",
        ),
        (with_root(json!({"jwtRules": []})), "jwtRules", "write `issuers`"),
        (
            with_issuer(json!({"remote_jwks": {}})),
            "issuers[0].remote_jwks",
            "write `jwksUri: https://…`",
        ),
    ] {
        let word = at.rsplit('.').next().expect("a key");
        refuses(&document, at, &format!("unknown key `{word}`; {instead}"));
    }
    let found = errors(&with_rule(
        json!({"when": [{"key": "request.auth.claims[a]", "values": ["b"], "notValues": ["c"]}]}),
    ));
    let messages: Vec<&str> = found.iter().map(|(_, message)| message.as_str()).collect();
    for message in [
        "unknown key `key`; write `claim: NAME` for `key: request.auth.claims[NAME]`",
        "unknown key `values`; write `in: […]`",
        "unknown key `notValues`; write `notIn: […]`",
    ] {
        assert!(messages.contains(&message), "{messages:#?}");
    }
}
