//! Policies, their selectors, and the role hierarchy.

use crate::support::{accepts, refuses, with_root};
use attache_plugin_config::{Action, Mode, PathEquality};
use serde_json::{Value, json};

fn with_policy(keys: Value) -> Value {
    let mut policy = json!({"name": "orders"});
    policy.as_object_mut().expect("a policy").extend(keys.as_object().expect("keys").clone());
    with_root(json!({"policies": [policy]}))
}

#[test]
fn a_policy_has_defaults() {
    let config = accepts(&with_policy(json!({})));
    let policy = &config.policies[0];
    assert_eq!((policy.default_action, policy.mode), (Action::Deny, Mode::Enforce));
    assert!(policy.rules.is_empty() && policy.selector.labels.is_empty());
}

#[test]
fn a_policy_says_which_paths_its_service_takes_for_the_same() {
    let read = |paths: Value| accepts(&with_policy(json!({ "paths": paths }))).policies[0].paths;
    for strict in [json!({}), json!({"caseSensitive": true, "trailingSlash": "DISTINCT"})] {
        assert_eq!(read(strict), PathEquality::default());
    }
    let any_case = PathEquality { any_case: true, any_trailing_slash: false };
    assert_eq!(read(json!({"caseSensitive": false})), any_case);
    let any_trailing_slash = PathEquality { any_case: false, any_trailing_slash: true };
    assert_eq!(read(json!({"trailingSlash": "SAME"})), any_trailing_slash);
    refuses(
        &with_policy(json!({"paths": {"trailingSlash": "same"}})),
        "policies[0].paths.trailingSlash",
        "`same` is none of `DISTINCT`, `SAME`; did you mean `SAME`?",
    );
    refuses(
        &with_policy(json!({"paths": {"caseSensitiv": false}})),
        "policies[0].paths.caseSensitiv",
        "unknown key `caseSensitiv`; did you mean `caseSensitive`?",
    );
}

#[test]
fn a_rule_of_a_shadow_policy_is_shadow() {
    let config = accepts(&with_policy(
        json!({"mode": "SHADOW", "rules": [{"name": "a", "mode": "ENFORCE"}]}),
    ));
    assert_eq!(config.policies[0].rules[0].mode, Mode::Shadow);
}

#[test]
fn names_are_unique() {
    refuses(
        &with_root(json!({"policies": [{"name": "a"}, {"name": "a"}]})),
        "policies[1].name",
        "`a` is already the name of `policies[0].name`; give each its own",
    );
    refuses(
        &with_policy(json!({"rules": [{"name": "a"}, {"name": "b"}, {"name": "a"}]})),
        "policies[0].rules[2].name",
        "`a` is already the name of `policies[0].rules[0].name`; give each its own",
    );
}

#[test]
fn a_policy_has_an_end() {
    let rules: Vec<Value> = (0..10_001).map(|n| json!({"name": format!("r{n}")})).collect();
    refuses(
        &with_policy(json!({"rules": rules})),
        "policies[0].rules",
        "a policy has 10000 rules at most; split it",
    );
}

#[test]
fn a_selector_can_fit() {
    accepts(&with_policy(json!({"selector": {
        "namespaces": ["shop"], "serviceAccounts": ["orders.v2"],
        "labels": {"app": "orders", "app.kubernetes.io/name": "Orders_1.x"},
    }})));
    let label = |key: &str, value: &str| with_policy(json!({"selector": {"labels": {key: value}}}));
    let empty =
        "an empty list can be read as `any` or as `none`; leave the key out or name at least one";
    for (document, at, message) in [
        (with_policy(json!({"selector": {"namespaces": []}})), "namespaces", empty),
        (
            with_policy(json!({"selector": {"labels": {}}})),
            "labels",
            "no label is named; leave the key out or name at least one",
        ),
        (
            with_policy(json!({"selector": {"namespaces": ["Shop"]}})),
            "namespaces[0]",
            "`Shop` is no namespace: use 1 to 63 of a-z, 0-9 and `-`, beginning and ending with a letter or digit",
        ),
        (
            with_policy(json!({"selector": {"serviceAccounts": ["shop/orders"]}})),
            "serviceAccounts[0]",
            "`shop/orders` is no service account: use 1 to 253 of a-z, 0-9, `-` and `.`",
        ),
        (
            label("app", ""),
            "labels.app",
            "an empty value looks like an absent label, so it fits no workload; name the value",
        ),
        (
            label("app", "a*"),
            "labels.app",
            "`a*` holds `*`, but labels are compared whole; name the value",
        ),
        (
            label("app", "a b"),
            "labels.app",
            "`a b` fits no workload: a label has 1 to 63 letters, digits, `-`, `_` and `.`, beginning and ending \
             with a letter or digit",
        ),
        (
            label("a/b/c", "d"),
            "labels[\"a/b/c\"]",
            "`a/b/c` is no key of a label, such as `app` or `app.kubernetes.io/name`",
        ),
    ] {
        refuses(&document, &format!("policies[0].selector.{at}"), message);
    }
}

#[test]
fn no_role_includes_itself() {
    let hierarchy = |roles: Value| with_root(json!({"roleHierarchy": roles}));
    accepts(&hierarchy(
        json!({"admin": ["writer", "auditor"], "writer": ["reader"], "auditor": ["reader"]}),
    ));
    refuses(
        &hierarchy(json!({"admin": ["writer"], "writer": ["reader"], "reader": ["admin"]})),
        "roleHierarchy.admin",
        "a role may not include itself: `admin` → `writer` → `reader` → `admin`; take one of these out",
    );
    refuses(
        &hierarchy(json!({"a": ["a"]})),
        "roleHierarchy.a",
        "a role may not include itself: `a` → `a`; take one of these out",
    );
    refuses(
        &hierarchy(json!({"a": ["b"], "b": ["c"], "c": ["b"]})),
        "roleHierarchy.b",
        "a role may not include itself: `b` → `c` → `b`; take one of these out",
    );
    refuses(
        &hierarchy(json!({"a": []})),
        "roleHierarchy.a",
        "an empty list can be read as `any` or as `none`; leave the key out or name at least one",
    );
    refuses(&hierarchy(json!({"a": [""]})), "roleHierarchy.a[0]", "a role has 1 to 256 bytes");
}

#[test]
fn a_deep_hierarchy_is_no_danger() {
    let chain = |count: usize| -> serde_json::Map<String, Value> {
        (0..count).map(|n| (format!("r{n:05}"), json!([format!("r{:05}", n + 1)]))).collect()
    };
    accepts(&with_root(json!({"roleHierarchy": chain(4096)})));
    refuses(
        &with_root(json!({"roleHierarchy": chain(4097)})),
        "roleHierarchy",
        "4096 roles at most can include others",
    );
}
