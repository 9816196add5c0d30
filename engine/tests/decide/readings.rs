//! Requests that a backend may take for others: they go on only if the others may.

use crate::support::{Shop, issuer, removed, replaced, shop, token, with_roles};
use attache_engine::Reason;
use serde_json::{Value, json};

fn document(more: Value) -> Value {
    let mut document = json!({"issuers": [issuer(json!({}))], "policies": [{"name": "p", "rules": [
        {"name": "read", "authentication": "NONE", "to": [{"methods": ["GET"]}]},
        {"name": "write", "to": [{"methods": ["POST", "PUT"]}], "roles": {"anyOf": ["writer"]}},
        {"name": "remove", "to": [{"methods": ["DELETE"]}], "roles": {"anyOf": ["admin"]}},
    ]}]});
    if let (Value::Object(document), Value::Object(more)) = (&mut document, more) {
        document.extend(more);
    }
    document
}

fn reason(shop: &Shop, line: &str, roles: &[&str], headers: &[(&str, &str)]) -> Option<Reason> {
    let bearer = format!("Bearer {}", with_roles(roles));
    let mut all = headers.to_vec();
    if !roles.is_empty() {
        all.push(("authorization", &bearer));
    }
    shop.request(line, &all).reason()
}

#[test]
fn a_request_must_be_allowed_under_every_method_that_it_asks_for() {
    let shop = shop(document(json!({})));
    for name in
        ["x-http-method-override", "x-http-method", "x-method-override", "x_http.method-override"]
    {
        for value in ["DELETE", "delete", " Delete ", "PUT, DELETE", "POST,DELETE"] {
            let ask = |line: &str, roles: &[&str]| reason(&shop, line, roles, &[(name, value)]);
            assert_eq!(ask("GET /", &[]), Some(Reason::TokenMissing), "{name}: {value}");
            assert_eq!(ask("GET /", &["writer"]), Some(Reason::MethodAmbiguous), "{name}: {value}");
            assert_eq!(
                ask("POST /", &["writer"]),
                Some(Reason::MethodAmbiguous),
                "{name}: {value}"
            );
            assert_eq!(ask("POST /", &["reader"]), Some(Reason::RoleMissing), "{name}: {value}");
            assert_eq!(ask("POST /", &[]), Some(Reason::TokenMissing), "{name}: {value}");
            assert_eq!(ask("POST /", &["writer", "admin"]), None, "{name}: {value}");
        }
        assert_eq!(reason(&shop, "GET /", &[], &[(name, "get")]), None);
        assert_eq!(reason(&shop, "GET /", &[], &[(name, "")]), None);
        assert_eq!(reason(&shop, "GET /", &[], &[(name, "G E T")]), Some(Reason::MethodAmbiguous));
        let both = [(name, "GET"), ("x-http-method", "DELETE")];
        assert_eq!(reason(&shop, "GET /", &["writer"], &both), Some(Reason::MethodAmbiguous));
    }
    let ambiguous = Some(Reason::MethodAmbiguous);
    for query in ["_method=DELETE", "a=1&_Method=delete", "%5fmethod=DELETE", ".method=DELETE"] {
        assert_eq!(
            reason(&shop, &format!("GET /?{query}"), &["writer"], &[]),
            ambiguous,
            "{query}"
        );
    }
    assert_eq!(reason(&shop, "GET /?_methods=DELETE&method=DELETE", &[], &[]), None);
}

#[test]
fn a_request_that_goes_on_under_another_method_carries_its_identity_and_not_its_token() {
    let shop = shop(document(json!({})));
    let bearer = format!("Bearer {}", with_roles(&["admin"]));
    let headers = [("authorization", bearer.as_str()), ("x-http-method", "DELETE")];
    let decision = shop.request("GET /", &headers);
    assert_eq!(decision.reason(), None);
    assert!(decision.authenticated.is_some());
    assert_eq!(removed(&decision), ["authorization"]);
}

#[test]
fn a_deny_rule_refuses_what_is_asked_for_by_a_header() {
    let shop =
        shop(document(json!({"policies": [{"name": "p", "defaultAction": "ALLOW", "rules": [
            {"name": "no-deletes", "action": "DENY", "to": [{"methods": ["DELETE"]}]},
            {"name": "open", "authentication": "NONE"},
        ]}]})));
    let delete = [("x-http-method-override", "DELETE")];
    assert_eq!(reason(&shop, "POST /", &["admin"], &delete), Some(Reason::RuleDenied));
    assert_eq!(reason(&shop, "POST /", &[], &delete), Some(Reason::RuleDenied));
    assert_eq!(reason(&shop, "DELETE /", &["admin"], &delete), Some(Reason::RuleDenied));
    assert_eq!(reason(&shop, "POST /", &[], &[("x-http-method-override", "PATCH")]), None);
}

#[test]
fn overrides_are_refused_or_ignored_where_the_configuration_says_so() {
    let delete = [("x-http-method-override", "DELETE")];
    let refusing = shop(document(json!({"methods": {"override": "REFUSE"}})));
    assert_eq!(
        reason(&refusing, "POST /", &["writer", "admin"], &delete),
        Some(Reason::MethodAmbiguous)
    );
    assert_eq!(reason(&refusing, "DELETE /", &["admin"], &delete), None);
    let ignoring = shop(document(json!({"methods": {"override": "IGNORE"}})));
    assert_eq!(reason(&ignoring, "GET /", &[], &delete), None);
    let unconcerned =
        shop(json!({"issuers": [issuer(json!({}))], "methods": {"override": "REFUSE"}}));
    assert_eq!(reason(&unconcerned, "GET /", &["reader"], &delete), None);
}

#[test]
fn a_method_in_another_case_is_refused_where_rules_name_methods() {
    let denying = json!({"policies": [{"name": "p", "defaultAction": "ALLOW", "rules": [
        {"name": "no-deletes", "action": "DENY", "to": [{"methods": ["DELETE"]}]},
    ]}]});
    let sparing = json!({"policies": [{"name": "p", "rules": [
        {"name": "open", "authentication": "NONE", "to": [{"notMethods": ["DELETE"]}]},
    ]}]});
    for document in [document(denying), document(sparing)] {
        let shop = shop(document);
        for method in ["delete", "Delete", "DELETe", "D\u{c9}LETE", "DELETE\u{b}"] {
            let refused = reason(&shop, &format!("{method} /"), &["admin"], &[]);
            assert_eq!(refused, Some(Reason::MethodAmbiguous), "{method}");
        }
        assert_eq!(reason(&shop, "PURGE /", &["admin"], &[]), None);
    }
    let unconcerned = shop(json!({"issuers": [issuer(json!({}))]}));
    assert_eq!(reason(&unconcerned, "delete /", &["admin"], &[]), None);
}

#[test]
fn a_host_that_is_more_than_a_host_is_refused_where_rules_name_hosts() {
    let shop =
        shop(document(json!({"policies": [{"name": "p", "defaultAction": "ALLOW", "rules": [
            {"name": "no-admin", "action": "DENY", "to": [{"hosts": ["admin.example.com"]}]},
        ]}]})));
    let bearer = format!("Bearer {}", token(json!({})));
    let ask = |authority: &str| {
        let headers = [
            (":method", "GET"),
            (":path", "/"),
            (":authority", authority),
            ("authorization", &bearer),
        ];
        shop.decide(&headers).reason()
    };
    for authority in [
        "x@admin.example.com",
        "admin%2eexample.com",
        "%61dmin.example.com",
        "admin.example.com,shop.example.com",
        "admin.example.com:",
        "admin.example.com..",
        "\u{ff41}dmin.example.com",
        "",
    ] {
        assert_eq!(ask(authority), Some(Reason::HostAmbiguous), "{authority}");
    }
    for authority in ["admin.example.com", "ADMIN.example.com.", "admin.example.com:8080"] {
        assert_eq!(ask(authority), Some(Reason::RuleDenied), "{authority}");
    }
    for authority in ["shop.example.com:80", "[2001:db8::1]:80", "10.0.0.1", "my_shop"] {
        assert_eq!(ask(authority), None, "{authority}");
    }
    let beside =
        [(":method", "GET"), (":path", "/"), (":authority", "a"), ("host", "admin.example.com")];
    assert_eq!(shop.decide(&beside).reason(), Some(Reason::HostAmbiguous));
    // `new URL` of Node takes the host from there.
    for path in ["//admin.example.com/", "/\\admin.example.com/", "///admin.example.com/"] {
        let headers = [
            (":method", "GET"),
            (":path", path),
            (":authority", "shop.example.com"),
            ("authorization", &bearer),
        ];
        assert_eq!(shop.decide(&headers).reason(), Some(Reason::HostAmbiguous), "{path}");
    }
}

const PREFLIGHT: [(&str, &str); 2] =
    [("origin", "https://shop.example"), ("access-control-request-method", "PUT")];

fn preflight(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    PREFLIGHT.iter().chain(more).copied().collect()
}

#[test]
fn a_preflight_request_has_no_body_and_asks_for_no_other_method() {
    let mut shop = shop(json!({"issuers": [issuer(json!({}))]}));
    assert_eq!(shop.request("OPTIONS /", &preflight(&[])).reason(), None);
    assert_eq!(shop.request("OPTIONS /", &preflight(&[("content-length", "0")])).reason(), None);
    for more in [
        ("content-length", "5"),
        ("content-length", "00"),
        ("transfer-encoding", "chunked"),
        ("x-http-method-override", "DELETE"),
        ("x_http_method", "GET"),
        ("x-method-override", ""),
    ] {
        let refused = shop.request("OPTIONS /", &preflight(&[more])).reason();
        assert_eq!(refused, Some(Reason::TokenMissing), "{more:?}");
    }
    assert_eq!(
        shop.request("OPTIONS /?_method=PUT", &PREFLIGHT).reason(),
        Some(Reason::TokenMissing)
    );
    shop.ends_with_headers = false;
    assert_eq!(shop.request("OPTIONS /", &PREFLIGHT).reason(), Some(Reason::TokenMissing));
}

#[test]
fn a_preflight_request_goes_on_without_token_cookie_and_identity() {
    let places = json!({
        "fromHeaders": [{"name": "x-token"}],
        "fromCookies": ["session"],
        "fromParams": ["access_token"],
        "forwardOriginalToken": true,
    });
    let shop = shop(json!({"issuers": [issuer(places)]}));
    let sent = preflight(&[
        ("authorization", "Bearer a"),
        ("proxy-authorization", "Basic b"),
        ("x-token", "c"),
        ("cookie", "session=d; other=e"),
        ("x-user", "root"),
    ]);
    let decision = shop.request("OPTIONS /p?access_token=f&q=1", &sent);
    assert_eq!(decision.reason(), None);
    assert!(decision.authenticated.is_none());
    let mut gone = removed(&decision);
    gone.sort_unstable();
    assert_eq!(gone, ["authorization", "cookie", "proxy-authorization", "x-token", "x-user"]);
    assert_eq!(replaced(&decision), [(":path".to_owned(), "/p?q=1".to_owned())]);
}

#[test]
fn a_header_that_came_twice_in_any_spelling_allows_nothing_and_denies() {
    let shop = shop(document(json!({"policies": [{"name": "p", "rules": [
        {"name": "own", "when": [{"claim": "tenant", "equalsHeader": "x-tenant"}]},
        {"name": "not-own", "action": "DENY", "when": [{"claim": "rival", "equalsHeader": "x-tenant"}]},
    ]}]})));
    let bearer = format!("Bearer {}", token(json!({"tenant": "mine", "rival": "theirs"})));
    let ask = |headers: &[(&str, &str)]| {
        let mut all = headers.to_vec();
        all.push(("authorization", &bearer));
        shop.request("GET /", &all).reason()
    };
    assert_eq!(ask(&[("x-tenant", "mine")]), None);
    for name in ["x-tenant", "x_tenant", "x.tenant", "x~tenant"] {
        let both = [("x-tenant", "mine"), (name, "other")];
        assert_eq!(ask(&both), Some(Reason::RuleDenied), "{name}");
        assert_eq!(ask(&[both[1], both[0]]), Some(Reason::RuleDenied), "{name}");
        assert_eq!(ask(&[(name, "theirs")]), Some(Reason::RuleDenied), "{name}");
    }
    assert_eq!(ask(&[("x_tenant", "mine")]), Some(Reason::NoRuleMatched));
    assert_eq!(ask(&[]), Some(Reason::NoRuleMatched));
}
