//! What the documentation says of how rules and policies come to a verdict, sentence by sentence.

use crate::support::{by_rules, exact, is, paths, verdict, when, with};
use attache_engine::host::Workload;
use attache_engine::policy::View::{self, Enforced, WithShadow};
use attache_plugin_config::*;
use attache_test_policies::{Ask, Compiled, allow, config, deny, policy};
use serde_json::json;

fn any_of(roles: &[&str]) -> RoleRequirement {
    RoleRequirement {
        any_of: roles.iter().map(|&role| role.into()).collect(),
        ..RoleRequirement::default()
    }
}

fn public(name: &str) -> Rule {
    Rule { authentication: Authentication::None, ..allow(name) }
}

fn optional(name: &str) -> Rule {
    Rule { authentication: Authentication::Optional, ..allow(name) }
}

fn shadow(rule: Rule) -> Rule {
    Rule { mode: Mode::Shadow, ..rule }
}

fn anonymous() -> Ask {
    Ask { claims: None, ..Ask::get("/") }
}

fn authentication(rules: Vec<Rule>, view: View) -> Authentication {
    Compiled::new(&config(vec![policy("p", rules)])).say(view, &anonymous()).authentication
}

#[test]
fn if_no_policy_applies_a_request_needs_a_valid_token_and_nothing_more() {
    let compiled = Compiled::new(&config(Vec::new()));
    let said = compiled.say(Enforced, &Ask::get("/"));
    assert_eq!(said.authentication, Authentication::Required);
    assert_eq!(compiled.names(&said.verdict), "allow");
    assert_eq!(verdict(&[], Enforced, &anonymous()), "token-missing");
    assert!(!compiled.policies.uses_paths(WithShadow) && !compiled.policies.has_shadow());
}

#[test]
fn a_policy_applies_when_every_field_of_its_selector_fits() {
    let workload = Workload {
        namespace: Some("shop".into()),
        name: None,
        service_account: Some("orders".into()),
        labels: [("app".to_owned(), "orders".to_owned())].into(),
    };
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let labels = |labels: &[(&str, &str)]| {
        labels.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect()
    };
    for (namespaces, accounts, wanted, fits) in [
        (texts(&[]), texts(&[]), labels(&[]), true),
        (texts(&["a", "shop"]), texts(&["orders"]), labels(&[("app", "orders")]), true),
        (texts(&["a"]), texts(&[]), labels(&[]), false),
        (texts(&["shop"]), texts(&["a"]), labels(&[]), false),
        (texts(&[]), texts(&[]), labels(&[("app", "orders"), ("v", "1")]), false),
    ] {
        let selector = Selector { namespaces, labels: wanted, service_accounts: accounts };
        let unknown_fits = selector == Selector::default();
        let config = config(vec![Policy { selector, ..policy("p", vec![allow("a")]) }]);
        assert_eq!(
            Compiled::at(&config, &workload).policies.rule_count(),
            usize::from(fits),
            "{config:?}"
        );
        let unknown = Compiled::at(&config, &Workload::default());
        assert_eq!(unknown.policies.rule_count(), usize::from(unknown_fits), "{config:?}");
    }
}

#[test]
fn a_deny_rule_refuses_whatever_allows() {
    assert_eq!(
        by_rules(vec![allow("a"), deny("d"), deny("e")], &Ask::get("/")),
        "rule-denied: p/d"
    );
}

#[test]
fn the_rules_of_all_policies_are_one_pool_and_the_first_is_named() {
    let (one, two) = (
        policy("one", vec![Rule { roles: any_of(&["x"]), ..allow("a") }]),
        policy("two", vec![allow("b")]),
    );
    assert_eq!(verdict(&[one.clone(), two.clone()], Enforced, &Ask::get("/")), "allow: two/b");
    assert_eq!(
        verdict(&[one, two.clone()], Enforced, &with(json!({"roles": ["x"]}))),
        "allow: one/a"
    );
    let three = policy("three", vec![deny("d")]);
    assert_eq!(verdict(&[two, three], Enforced, &Ask::get("/")), "rule-denied: three/d");
}

#[test]
fn the_default_allows_only_if_every_policy_says_so() {
    let open = |name| Policy { default_action: Action::Allow, ..policy(name, Vec::new()) };
    assert_eq!(verdict(&[open("a"), open("b")], Enforced, &Ask::get("/")), "allow");
    assert_eq!(
        verdict(&[open("a"), policy("b", Vec::new())], Enforced, &Ask::get("/")),
        "no-rule-matched"
    );
    assert_eq!(verdict(&[open("a")], Enforced, &anonymous()), "token-missing");
}

#[test]
fn a_public_rule_looks_at_no_token_and_only_a_deny_rule_can_refuse() {
    let not_mfa = Rule { when: when("mfa", Test::NotEquals(Scalar::Bool(true))), ..deny("d") };
    let by_sub = Rule { when: when("sub", is("eve")), ..deny("e") };
    let by_role = Rule { roles: any_of(&["x"]), ..deny("f") };
    let claims = with(json!({"mfa": true, "sub": "eve", "roles": "x"}));
    assert_eq!(by_rules(vec![public("a"), by_sub, by_role], &claims), "allow: p/a");
    assert_eq!(by_rules(vec![public("a"), not_mfa], &claims), "rule-denied: p/d");
    assert_eq!(by_rules(vec![allow("z"), public("a")], &claims), "allow: p/a");
    assert_eq!(authentication(vec![optional("o"), public("a")], Enforced), Authentication::None);
    let elsewhere = Rule { to: paths(&[exact("/other")]), ..public("a") };
    assert_eq!(authentication(vec![elsewhere], Enforced), Authentication::Required);
}

#[test]
fn optional_lets_a_request_go_on_without_identity() {
    let rules = vec![Rule { when: when("sub", is("ann")), ..optional("o") }, allow("required")];
    assert_eq!(authentication(rules.clone(), Enforced), Authentication::Optional);
    assert_eq!(by_rules(rules.clone(), &anonymous()), "no-rule-matched");
    assert_eq!(by_rules(rules.clone(), &with(json!({"sub": "ann"}))), "allow: p/o");
    assert_eq!(by_rules(rules, &with(json!({"sub": "bob"}))), "allow: p/required");
    assert_eq!(by_rules(vec![optional("o")], &anonymous()), "allow: p/o");
    assert_eq!(by_rules(vec![optional("o"), deny("d")], &anonymous()), "rule-denied: p/d");
    let role = Rule { roles: any_of(&["x"]), ..optional("o") };
    assert_eq!(by_rules(vec![role], &anonymous()), "role-missing: p/o");
}

#[test]
fn what_is_in_shadow_is_left_out_of_the_verdict() {
    let rules = vec![allow("a"), shadow(deny("d")), shadow(public("p"))];
    assert_eq!(by_rules(rules.clone(), &Ask::get("/")), "allow: p/a");
    assert_eq!(
        verdict(&[policy("p", rules.clone())], WithShadow, &Ask::get("/")),
        "rule-denied: p/d"
    );
    assert_eq!(authentication(rules.clone(), Enforced), Authentication::Required);
    assert_eq!(authentication(rules, WithShadow), Authentication::None);

    let closed = Policy { mode: Mode::Shadow, ..policy("s", vec![allow("x")]) };
    let open = Policy { default_action: Action::Allow, ..policy("o", Vec::new()) };
    let elsewhere =
        Policy { rules: vec![Rule { to: paths(&[exact("/x")]), ..allow("x") }], ..closed };
    let policies = [open, elsewhere.clone()];
    assert_eq!(verdict(&policies, Enforced, &Ask::get("/")), "allow");
    assert_eq!(verdict(&policies, WithShadow, &Ask::get("/")), "no-rule-matched");

    let only_shadow = Compiled::new(&config(vec![elsewhere]));
    assert_eq!(only_shadow.names(&only_shadow.say(Enforced, &Ask::get("/")).verdict), "allow");
    assert!(only_shadow.policies.has_shadow());
    assert!(
        only_shadow.policies.uses_paths(WithShadow) && !only_shadow.policies.uses_paths(Enforced)
    );
}

#[test]
fn a_rule_that_only_lacks_roles_is_named() {
    let rule = |name: &str, who: &str| Rule {
        roles: any_of(&["x"]),
        when: when("sub", is(who)),
        ..allow(name)
    };
    let rules = vec![rule("a", "bob"), rule("b", "ann"), rule("c", "ann")];
    assert_eq!(by_rules(rules.clone(), &with(json!({"sub": "ann"}))), "role-missing: p/b");
    assert_eq!(by_rules(rules, &with(json!({"sub": "eve"}))), "no-rule-matched");
    let suspended = RoleRequirement { none_of: vec!["x".into()], ..RoleRequirement::default() };
    let rule = Rule { roles: suspended, ..allow("a") };
    assert_eq!(by_rules(vec![rule], &with(json!({"roles": "x"}))), "role-missing: p/a");
}

#[test]
fn any_all_and_none_of_are_and_ed_and_a_role_brings_what_it_includes() {
    let roles = RoleRequirement {
        any_of: vec!["reader".into(), "auditor".into()],
        all_of: vec!["staff".into()],
        none_of: vec!["suspended".into()],
    };
    let rules = vec![Rule { roles, ..allow("a") }];
    let mut config = config(vec![policy("p", rules)]);
    let hierarchy = [("admin", "writer"), ("writer", "reader"), ("fired", "suspended")];
    config.role_hierarchy =
        hierarchy.map(|(role, included)| (role.to_owned(), vec![included.to_owned()])).into();
    let compiled = Compiled::new(&config);
    for (roles, allowed) in [
        ("reader staff", true),
        ("admin staff", true),
        ("  admin   staff ", true),
        ("admin", false),
        ("staff", false),
        ("admin staff suspended", false),
        ("admin staff fired", false),
        ("Reader staff", false),
    ] {
        let said = compiled.say(Enforced, &with(json!({ "roles": roles })));
        assert_eq!(compiled.names(&said.verdict) == "allow: p/a", allowed, "{roles}");
    }
}
