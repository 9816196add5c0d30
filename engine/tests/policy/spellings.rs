//! Paths that a backend may take for the same: comparisons lean towards allowing less.

use crate::support::{by_rules, verdict, when};
use attache_engine::policy::View::Enforced;
use attache_plugin_config::*;
use attache_test_policies::{Ask, allow, deny, policy};
use serde_json::json;

fn to(paths: &[&str], not_paths: &[&str]) -> Vec<Operation> {
    let patterns =
        |texts: &[&str]| texts.iter().map(|text| PathPattern::parse(text).unwrap()).collect();
    vec![Operation {
        paths: patterns(paths),
        not_paths: patterns(not_paths),
        ..Operation::default()
    }]
}

const LOOSE: PathEquality = PathEquality { any_case: true, any_trailing_slash: true };

#[test]
fn a_deny_rule_matches_whatever_a_common_backend_takes_for_its_path() {
    let denies = |pattern: &str, path: &str| {
        let rules = vec![Rule { to: to(&[pattern], &[]), ..deny("d") }, allow("all")];
        by_rules(rules, &Ask::get(path)) == "rule-denied: p/d"
    };
    for (pattern, path) in [
        ("/admin", "/admin"),
        ("/admin", "/ADMIN"),
        ("/admin", "/admin/"),
        ("/admin", "/Admin/"),
        ("/Admin/", "/aDMIN"),
        ("/users/{id}", "/users/5/"),
        ("/Users/{id}/", "/users/5"),
        ("/admin/*", "/ADMIN/x"),
        ("/admin/*", "/admin"),
        ("/a/{**}/B", "/A/x/y/b/"),
        ("*.JSON", "/a.json/"),
        ("*/x/", "/a/X"),
        ("/café", "/CAFÉ"),
        ("/ski", "/\u{17f}\u{212a}\u{131}"),
        ("/\u{3c3}", "/\u{3c2}"),
    ] {
        assert!(denies(pattern, path), "{pattern} {path}");
    }
    for (pattern, path) in [
        ("/admin", "/admins"),
        ("/admin", "/admin/x"),
        ("/users/{id}", "/users/"),
        ("/", "/a"),
        ("/a", "/"),
    ] {
        assert!(!denies(pattern, path), "{pattern} {path}");
    }
}

#[test]
fn an_allow_rule_matches_its_path_as_it_stands_unless_its_policy_says_that_the_service_is_looser() {
    let by = |paths: PathEquality, path: &str| {
        let rules = vec![Rule { to: to(&["/orders/{id}/Items"], &[]), ..allow("a") }];
        verdict(&[Policy { paths, ..policy("p", rules) }], Enforced, &Ask::get(path))
            == "allow: p/a"
    };
    let any_case = PathEquality { any_case: true, ..PathEquality::default() };
    let any_trailing_slash = PathEquality { any_trailing_slash: true, ..PathEquality::default() };
    for (path, exactly, in_any_case, with_a_slash) in [
        ("/orders/5/Items", true, true, true),
        ("/orders/5/items", false, true, false),
        ("/orders/5/Items/", false, false, true),
        ("/Orders/5/items/", false, false, false),
    ] {
        assert_eq!(by(PathEquality::default(), path), exactly, "{path}");
        assert_eq!(by(any_case, path), in_any_case, "{path}");
        assert_eq!(by(any_trailing_slash, path), with_a_slash, "{path}");
        assert!(by(LOOSE, path), "{path}");
    }
}

#[test]
fn what_a_rule_is_not_for_is_compared_the_other_way_round() {
    let allowed = |path: &str| {
        let rules = vec![Rule { to: to(&["/*"], &["/admin"]), ..allow("a") }];
        by_rules(rules, &Ask::get(path)) == "allow: p/a"
    };
    assert!(allowed("/orders") && allowed("/admins"));
    assert!(!allowed("/admin") && !allowed("/ADMIN") && !allowed("/admin/"));

    let denied = |paths: PathEquality, path: &str| {
        let rules = vec![Rule { to: to(&["/*"], &["/public"]), ..deny("d") }, allow("a")];
        verdict(&[Policy { paths, ..policy("p", rules) }], Enforced, &Ask::get(path))
            == "rule-denied: p/d"
    };
    assert!(!denied(PathEquality::default(), "/public"));
    assert!(
        denied(PathEquality::default(), "/Public") && denied(PathEquality::default(), "/public/")
    );
    assert!(!denied(LOOSE, "/Public/"));
}

#[test]
fn each_policy_speaks_of_its_own_rules_only() {
    let rules = |name| vec![Rule { to: to(&["/a"], &[]), ..allow(name) }];
    let loose = Policy { paths: LOOSE, ..policy("loose", rules("l")) };
    let strict = policy("strict", rules("s"));
    for (path, expected) in
        [("/a", "allow: strict/s"), ("/A", "allow: loose/l"), ("/a/", "allow: loose/l")]
    {
        assert_eq!(verdict(&[strict.clone(), loose.clone()], Enforced, &Ask::get(path)), expected);
    }
}

#[test]
fn a_deny_rule_for_every_path_is_for_the_empty_one_of_connect_and_for_that_of_options_too() {
    let rules = |action| {
        let rule = Rule { action, to: to(&["*"], &[]), ..allow("r") };
        vec![rule, allow("all")]
    };
    for path in ["", "*", "/", "/a"] {
        assert_eq!(by_rules(rules(Action::Deny), &Ask::get(path)), "rule-denied: p/r", "{path}");
    }
    // An ALLOW rule for `*` is for paths that are there.
    assert_eq!(by_rules(rules(Action::Allow), &Ask::get("")), "allow: p/all");
    assert_eq!(by_rules(rules(Action::Allow), &Ask::get("*")), "allow: p/r");
}

#[test]
fn a_segment_is_compared_in_any_letter_case_by_a_deny_rule_alone() {
    let rule = |rule: Rule| {
        let test = Test::EqualsPath("id".into());
        Rule { to: to(&["/users/{id}"], &[]), when: when("sub", test), ..rule }
    };
    let ask = |path: &str| Ask { claims: Some(json!({"sub": "alice"})), ..Ask::get(path) };
    for path in ["/users/alice", "/users/ALICE", "/Users/alice/"] {
        let rules = vec![rule(deny("d")), allow("all")];
        assert_eq!(by_rules(rules, &ask(path)), "rule-denied: p/d", "{path}");
    }
    for (path, expected) in [
        ("/users/alice", "allow: p/a"),
        ("/Users/alice/", "allow: p/a"),
        ("/users/ALICE", "no-rule-matched"),
        ("/users/bob", "no-rule-matched"),
    ] {
        let policy = Policy { paths: LOOSE, ..policy("p", vec![rule(allow("a"))]) };
        assert_eq!(verdict(&[policy], Enforced, &ask(path)), expected, "{path}");
    }
}
