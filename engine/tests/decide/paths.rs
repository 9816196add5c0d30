//! Paths that backends may read in several ways: what every reading allows goes on, and nothing
//! else.

use crate::support::{Shop, issuer, replaced, shop, token, with_roles};
use attache_engine::{Outcome, Reason};
use serde_json::{Value, json};

fn with_rules(rules: Value, more: Value) -> Shop {
    let mut document =
        json!({"issuers": [issuer(json!({}))], "policies": [{"name": "p", "rules": rules}]});
    if let (Value::Object(document), Value::Object(more)) = (&mut document, more) {
        document.extend(more);
    }
    shop(document)
}

fn rules() -> Value {
    json!([
        {"name": "health", "authentication": "NONE", "to": [{"paths": ["/healthz"]}]},
        {"name": "assets", "authentication": "NONE", "to": [{"paths": ["/assets/{**}"]}]},
        {"name": "wiki", "to": [{"paths": ["/wiki/{**}"]}]},
        {"name": "projects", "to": [{"paths": ["/projects/{id}", "/projects/{a}/{b}"]}]},
        {"name": "one", "to": [{"paths": ["/one/{id}"]}]},
        {"name": "orders", "to": [{"paths": ["/orders"]}], "roles": {"anyOf": ["clerk"]}},
        {"name": "search", "to": [{"paths": ["/search/{text}"]}]},
        {"name": "own", "to": [{"paths": ["/users/{id}", "/users/{id}/{rest}"]}],
         "when": [{"claim": "sub", "equalsPath": "id"}]},
        {"name": "no-secrets", "action": "DENY", "to": [{"paths": ["/wiki/secret/{**}"]}]},
    ])
}

fn reason(shop: &Shop, path: &str, token: Option<&str>) -> Option<Reason> {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> =
        bearer.iter().map(|value| ("authorization", value.as_str())).collect();
    shop.request(&format!("GET {path}"), &headers).reason()
}

#[test]
fn a_path_goes_on_as_it_came_if_every_reading_may() {
    let shop = with_rules(rules(), json!({}));
    let bearer = format!("Bearer {}", token(json!({})));
    for path in [
        "/wiki/Foo://Bar",
        "/wiki/a%2Fb",
        "/wiki/a;v=1/b",
        "/wiki/a%3Bb",
        "/wiki/x/../y",
        "/wiki/a\\b",
        "/projects/group%2Fname",
        "/search/100%25beef",
        "/search/100%2541",
        "/one/a;v=2",
    ] {
        let decision = shop.request(&format!("GET {path}?q=%2F"), &[("authorization", &bearer)]);
        assert!(matches!(decision.outcome, Outcome::Forward), "{path}: {:?}", decision.reason());
        assert_eq!(replaced(&decision), [], "{path}");
    }
}

#[test]
fn a_path_of_which_only_some_readings_may_go_on_is_ambiguous() {
    let shop = with_rules(rules(), json!({}));
    let good = token(json!({}));
    for path in [
        "/one/a%2Fb",
        "/one//a",
        "/one/a%252fb",
        "/wiki/../one/a/b",
        "/wiki%2Fa",
        "/wiki;/a",
        "/x/..%2fone/a",
        "/projects/a%2Fb%2Fc",
    ] {
        assert_eq!(reason(&shop, path, Some(&good)), Some(Reason::PathAmbiguous), "{path}");
    }
}

#[test]
fn a_path_that_no_reading_allows_is_refused_for_that_reason() {
    let shop = with_rules(rules(), json!({}));
    let good = token(json!({}));
    assert_eq!(reason(&shop, "/nowhere//a", Some(&good)), Some(Reason::NoRuleMatched));
    assert_eq!(reason(&shop, "/nowhere/a%2Fb", Some(&good)), Some(Reason::NoRuleMatched));
}

#[test]
fn a_deny_rule_for_one_reading_refuses_the_request() {
    let shop = with_rules(rules(), json!({}));
    let good = token(json!({}));
    for path in [
        "/wiki/secret%2Fa",
        "/wiki//secret/a",
        "/wiki/secret;v=1/a",
        "/wiki/a/../secret/a",
        "/wiki/a/%2e%2e/SECRET/",
        "/wiki/%2573ecret/a",
        "/wiki\\secret\\a",
    ] {
        assert_eq!(reason(&shop, path, Some(&good)), Some(Reason::RuleDenied), "{path}");
    }
}

#[test]
fn what_one_reading_needs_a_token_for_needs_one() {
    let shop = with_rules(rules(), json!({}));
    let good = token(json!({}));
    // All readings are public.
    for path in ["/assets/a%2Fb", "/assets//a", "/assets/a;v=1"] {
        assert_eq!(reason(&shop, path, None), None, "{path}");
        assert_eq!(reason(&shop, path, Some("a.b.c")), None, "{path}");
    }
    // One is not, and a stranger learns no more than that.
    for path in
        ["/healthz;v=1", "/assets/..%2fwiki/a", "/assets%2f..%2fone/a", "//healthz", "/nowhere//a"]
    {
        assert_eq!(reason(&shop, path, None), Some(Reason::TokenMissing), "{path}");
        assert_eq!(reason(&shop, path, Some("a.b.c")), Some(Reason::TokenMalformed), "{path}");
    }
    assert_eq!(reason(&shop, "/assets/../wiki/secret/a", None), Some(Reason::TokenMissing));
    assert_eq!(reason(&shop, "/healthz;v=1", Some(&good)), Some(Reason::PathAmbiguous));
}

#[test]
fn roles_are_needed_under_every_reading() {
    let shop = with_rules(
        json!([
            {"name": "read", "to": [{"paths": ["/orders/{*}"]}]},
            {"name": "write", "to": [{"paths": ["/orders/{*}/{*}"]}], "roles": {"anyOf": ["clerk"]}},
        ]),
        json!({}),
    );
    assert_eq!(
        reason(&shop, "/orders/a%2Fb", Some(&token(json!({})))),
        Some(Reason::PathAmbiguous)
    );
    assert_eq!(reason(&shop, "/orders/a%2Fb", Some(&with_roles(&["clerk"]))), None);
}

#[test]
fn a_segment_is_compared_under_every_reading() {
    let shop = with_rules(rules(), json!({}));
    let reason = |path: &str, sub: &str| reason(&shop, path, Some(&token(json!({"sub": sub}))));
    assert_eq!(reason("/users/alice", "alice"), None);
    assert_eq!(reason("/users/alice;v=1", "alice"), Some(Reason::PathAmbiguous));
    assert_eq!(reason("/users/bob%2f..%2falice", "alice"), Some(Reason::PathAmbiguous));
    // Data: the segment has a slash in it. Otherwise it ends there.
    assert_eq!(reason("/users/a%2Fb", "a/b"), Some(Reason::PathAmbiguous));
    assert_eq!(reason("/users/a%2Fb", "a"), Some(Reason::PathAmbiguous));
    assert_eq!(reason("/users/a%2Fb", "a\u{1}b"), Some(Reason::NoRuleMatched));
    assert_eq!(reason("/users//alice", "bob"), Some(Reason::NoRuleMatched));
}

#[test]
fn what_nobody_should_read_is_refused_in_every_mode() {
    for mode in ["COMPARE", "REFUSE", "NORMALIZE"] {
        let shop = with_rules(rules(), json!({"paths": {"ambiguous": mode}}));
        for path in [
            "/wiki/%00",
            "/wiki/%0a",
            "/wiki/%",
            "/wiki/%zz",
            "/wiki/%ff",
            "/wiki/%c0%af",
            "/wiki/%2500",
        ] {
            assert_eq!(
                reason(&shop, path, Some(&token(json!({})))),
                Some(Reason::PathAmbiguous),
                "{path}"
            );
        }
    }
}

#[test]
fn a_path_that_reads_in_several_ways_is_refused_where_the_configuration_says_so() {
    let shop = with_rules(rules(), json!({"paths": {"ambiguous": "REFUSE"}}));
    let good = token(json!({}));
    for path in [
        "/wiki/%2e%2e/admin",
        "/wiki//1",
        "/wiki/1%2Fadmin",
        "/wiki;a=b",
        "/a/../wiki",
        "/search/100%25beef",
    ] {
        assert_eq!(reason(&shop, path, Some(&good)), Some(Reason::PathAmbiguous), "{path}");
        assert_eq!(reason(&shop, path, None), Some(Reason::PathAmbiguous), "{path}");
    }
}

#[test]
fn where_no_rule_names_paths_nobody_reads_them() {
    for mode in ["COMPARE", "REFUSE", "NORMALIZE"] {
        let shop = with_rules(json!([{"name": "any"}]), json!({"paths": {"ambiguous": mode}}));
        for path in ["/a/../b", "/%00", "/%zz"] {
            let bearer = format!("Bearer {}", token(json!({})));
            let decision = shop.request(&format!("GET {path}"), &[("authorization", &bearer)]);
            assert_eq!(
                (decision.reason(), replaced(&decision).as_slice()),
                (None, &[][..]),
                "{path}"
            );
        }
    }
}

#[test]
fn a_normal_form_is_forwarded_and_compared() {
    let shop = with_rules(rules(), json!({"paths": {"ambiguous": "NORMALIZE"}}));
    let bearer = format!("Bearer {}", with_roles(&["clerk"]));
    let ask = |path: &str| shop.request(&format!("DELETE {path}"), &[("authorization", &bearer)]);
    for (path, forwarded) in [
        ("/x/../orders?q=a%2Fb", Some("/orders?q=a%2Fb")),
        ("/wiki/./%61%2fb", Some("/wiki/a%2Fb")),
        ("/one/../wiki/a;v=1", Some("/wiki/a;v=1")),
        ("/wiki/Foo://Bar", None),
        ("/wiki/report%3B2024", None),
    ] {
        let decision = ask(path);
        assert_eq!(decision.reason(), None, "{path}");
        let expected: Vec<(String, String)> =
            forwarded.iter().map(|form| (":path".to_owned(), (*form).to_owned())).collect();
        assert_eq!(replaced(&decision), expected, "{path}");
    }
    // Nothing is cut off, so it is for the service to say what this is, and for the rules to refuse
    // it.
    assert_eq!(ask("/orders;id=7").reason(), Some(Reason::PathAmbiguous));
}
