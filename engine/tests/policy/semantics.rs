//! What the documentation says of policies, sentence by sentence.

use attache_engine::host::Workload;
use attache_engine::policy::View::{self, Enforced, WithShadow};
use attache_plugin_config::*;
use attache_test_policies::{Ask, Compiled, allow, config, deny, policy};
use serde_json::json;
use std::net::IpAddr;

fn exact(path: &str) -> PathPattern {
    PathPattern::Exact(path.into())
}

fn paths(patterns: &[PathPattern]) -> Vec<Operation> {
    vec![Operation { paths: patterns.to_vec(), ..Operation::default() }]
}

fn any_of(roles: &[&str]) -> RoleRequirement {
    RoleRequirement {
        any_of: roles.iter().map(|&role| role.into()).collect(),
        ..RoleRequirement::default()
    }
}

fn when(claim: &str, test: Test) -> Vec<Condition> {
    vec![Condition { claim: ClaimPath::new(vec![claim.into()]).unwrap(), test }]
}

fn is(text: &str) -> Test {
    Test::Equals(Scalar::String(text.into()))
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

fn with(claims: serde_json::Value) -> Ask {
    Ask { claims: Some(claims), ..Ask::get("/") }
}

fn anonymous() -> Ask {
    Ask { claims: None, ..Ask::get("/") }
}

fn verdict(policies: &[Policy], view: View, ask: &Ask) -> String {
    let compiled = Compiled::new(&config(policies.to_vec()));
    compiled.names(&compiled.say(view, ask).verdict)
}

fn by_rules(rules: Vec<Rule>, ask: &Ask) -> String {
    verdict(&[policy("p", rules)], Enforced, ask)
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

#[test]
fn entries_are_or_ed_and_fields_and_ed_and_each_has_a_twin() {
    let post = Operation {
        methods: vec!["POST".into()],
        paths: vec![exact("/a")],
        ..Operation::default()
    };
    let others = Operation {
        not_methods: vec!["DELETE".into()],
        not_paths: vec![PathPattern::Prefix("/a".into())],
        not_hosts: vec![HostPattern(StringPattern::Exact("evil".into()))],
        not_ports: vec![81],
        ..Operation::default()
    };
    let compiled = Compiled::new(&config(vec![policy(
        "p",
        vec![Rule { to: vec![post, others], ..allow("a") }],
    )]));
    let ask = |method: &str, path: &str, host: &str, port| Ask {
        method: method.into(),
        host: host.into(),
        port,
        ..Ask::get(path)
    };
    for (ask, matches) in [
        (ask("POST", "/a", "evil", Some(81)), true),
        (ask("GET", "/a", "good", None), false),
        (ask("GET", "/b", "good", None), true),
        (ask("get", "/b", "good", Some(80)), true),
        (ask("DELETE", "/b", "good", None), false),
        (ask("GET", "/b", "EVIL:80", None), false),
        (ask("GET", "/b", "good", Some(81)), false),
    ] {
        assert_eq!(!compiled.say(Enforced, &ask).candidates.is_empty(), matches, "{ask:?}");
    }
}

#[test]
fn a_source_without_certificate_fits_only_where_it_is_not_wanted() {
    let names = |texts: &[&str]| {
        texts.iter().map(|&text| StringPattern::Exact(text.into())).collect::<Vec<_>>()
    };
    let principals = Source {
        principals: vec![StringPattern::Prefix("td/ns/billing/sa/".into())],
        ..Source::default()
    };
    let namespaces = Source { namespaces: names(&["billing"]), ..Source::default() };
    let accounts =
        Source { service_accounts: vec!["billing/a".into(), "b".into()], ..Source::default() };
    let not = Source { not_namespaces: names(&["billing"]), ..Source::default() };
    let any = Source { principals: vec![StringPattern::Any], ..Source::default() };
    for (source, principal, fits) in [
        (&principals, Some("td/ns/billing/sa/a"), true),
        (&principals, Some("td/ns/shop/sa/a"), false),
        (&principals, None, false),
        (&namespaces, Some("td/ns/billing/sa/a"), true),
        (&namespaces, Some("billing"), false),
        (&namespaces, Some("td/ns/billing/sa/a/x"), false),
        (&accounts, Some("td/ns/billing/sa/a"), true),
        (&accounts, Some("td/ns/shop/sa/a"), false),
        (&accounts, Some("td/ns/shop/sa/b"), true),
        (&not, None, true),
        (&not, Some("td/ns/billing/sa/a"), false),
        (&not, Some("td/gateway"), true),
        (&any, Some("td/gateway"), true),
        (&any, None, false),
    ] {
        let rule = Rule { from: vec![source.clone()], ..allow("a") };
        let ask = Ask { principal: principal.map(str::to_owned), ..Ask::get("/") };
        assert_eq!(by_rules(vec![rule], &ask) == "allow: p/a", fits, "{source:?} {principal:?}");
    }
}

#[test]
fn addresses_lie_in_blocks_also_where_ipv4_came_as_ipv6() {
    for (block, prefix, address, fits) in [
        ("10.0.0.0", 8, "10.255.0.1", true),
        ("10.0.0.0", 8, "11.0.0.1", false),
        ("10.0.0.0", 8, "::ffff:10.1.1.1", true),
        ("0.0.0.0", 0, "1.2.3.4", true),
        ("0.0.0.0", 0, "2001:db8::1", false),
        ("10.0.0.1", 32, "10.0.0.1", true),
        ("10.0.0.1", 32, "10.0.0.0", false),
        ("2001:db8::", 32, "2001:db8:ffff::1", true),
        ("2001:db8::1", 128, "2001:db8::2", false),
        ("::", 0, "::1", true),
    ] {
        let ip_blocks = vec![IpBlock { address: block.parse().unwrap(), prefix }];
        let wanted = Rule {
            from: vec![Source { ip_blocks: ip_blocks.clone(), ..Source::default() }],
            ..allow("a")
        };
        let unwanted = Rule {
            from: vec![Source { not_ip_blocks: ip_blocks, ..Source::default() }],
            ..allow("a")
        };
        let ask = Ask { source_ip: Some(address.parse().unwrap()), ..Ask::get("/") };
        assert_eq!(
            by_rules(vec![wanted.clone()], &ask) == "allow: p/a",
            fits,
            "{block}/{prefix} {address}"
        );
        assert_eq!(
            by_rules(vec![unwanted.clone()], &ask) == "allow: p/a",
            !fits,
            "{block}/{prefix} {address}"
        );
        let unknown = Ask::get("/");
        for rule in [wanted, unwanted] {
            assert_eq!(
                by_rules(vec![rule.clone()], &unknown),
                "no-rule-matched",
                "nobody gets in unknown"
            );
            let deny = Rule { action: Action::Deny, name: Name::new("deny").unwrap(), ..rule };
            assert_eq!(
                by_rules(vec![allow("a"), deny], &unknown),
                "rule-denied: p/deny",
                "nobody slips out"
            );
        }
    }
}

#[test]
fn what_the_host_takes_for_the_client_is_not_the_direct_peer() {
    let blocks = vec![IpBlock { address: "192.0.2.0".parse().unwrap(), prefix: 24 }];
    let direct = Source { ip_blocks: blocks.clone(), ..Source::default() };
    let remote = Source { remote_ip_blocks: blocks.clone(), ..Source::default() };
    let neither =
        Source { not_ip_blocks: blocks.clone(), not_remote_ip_blocks: blocks, ..Source::default() };
    let inside: Option<IpAddr> = Some("192.0.2.7".parse().unwrap());
    let outside: Option<IpAddr> = Some("198.51.100.7".parse().unwrap());
    for (source, source_ip, remote_ip, fits) in [
        (&direct, inside, outside, true),
        (&direct, outside, inside, false),
        (&direct, None, inside, false),
        (&remote, inside, outside, false),
        (&remote, outside, inside, true),
        (&remote, None, inside, true),
        (&remote, inside, None, false),
        (&neither, outside, outside, true),
        (&neither, outside, inside, false),
        (&neither, inside, outside, false),
        (&neither, outside, None, false),
        (&neither, None, outside, false),
    ] {
        let rule = Rule { from: vec![source.clone()], ..allow("a") };
        let ask = Ask { source_ip, remote_ip, ..Ask::get("/") };
        assert_eq!(
            by_rules(vec![rule], &ask) == "allow: p/a",
            fits,
            "{source:?} {source_ip:?} {remote_ip:?}"
        );
    }
}

#[test]
fn hosts_are_compared_without_letter_case_and_without_port_unless_the_pattern_has_one() {
    let exact = |text: &str| StringPattern::Exact(text.into());
    let (prefix, suffix) =
        (StringPattern::Prefix("orders.".into()), StringPattern::Suffix(".shop".into()));
    for (pattern, host, matches) in [
        (exact("orders.shop"), "orders.shop", true),
        (exact("orders.shop"), "Orders.SHOP:8080", true),
        (exact("orders.shop"), "orders.shop.", true),
        (exact("orders.shop"), "orders.shop.:8080", true),
        (exact("orders.shop"), "orders.shop.evil", false),
        (exact("orders.shop:8080"), "ORDERS.shop:8080", true),
        (exact("orders.shop:8080"), "orders.shop.:8080", true),
        (exact("orders.shop:8080"), "orders.shop", false),
        (exact("orders.shop:8080"), "orders.shop:80", false),
        (exact("[::1]"), "[::1]", true),
        (exact("[::1]"), "[::1]:8080", true),
        (exact("[fd00::a]:80"), "[FD00::A]:80", true),
        (exact("[::1]:80"), "[::1]", false),
        (StringPattern::Prefix("[fd00:".into()), "[fd00::1]:80", true),
        (StringPattern::Prefix("orders.shop:".into()), "orders.shop:80", true),
        (StringPattern::Prefix("orders.shop:".into()), "orders.shop", false),
        (prefix.clone(), "Orders.other:1", true),
        (prefix, "my.orders.shop", false),
        (suffix.clone(), "orders.shop.:8080", true),
        (suffix, "shop", false),
        (StringPattern::Suffix(":8080".into()), "any:8080", true),
        (StringPattern::Suffix(":8080".into()), "any", false),
        (StringPattern::Any, "any", true),
        (StringPattern::Any, "", false),
        (StringPattern::Any, ":80", false),
    ] {
        let to =
            vec![Operation { hosts: vec![HostPattern(pattern.clone())], ..Operation::default() }];
        let ask = Ask { host: host.into(), ..Ask::get("/") };
        let rule = Rule { to, ..allow("a") };
        assert_eq!(
            by_rules(vec![rule.clone()], &ask) == "allow: p/a",
            matches,
            "{pattern:?} {host}"
        );
        // The same where there are so many rules on one path that they are told apart by host.
        let other = |index: usize| {
            let hosts = vec![HostPattern(exact(&format!("other-{index}")))];
            Rule {
                to: vec![Operation { hosts, ..Operation::default() }],
                ..allow(&format!("o{index}"))
            }
        };
        let many: Vec<Rule> = (0..20).map(other).chain([rule]).collect();
        assert_eq!(by_rules(many, &ask) == "allow: p/a", matches, "{pattern:?} {host} among many");
    }
}

#[test]
fn paths_are_exact_prefixes_suffixes_or_templates() {
    let template = |segments: &[PathSegment]| PathPattern::Template(segments.to_vec());
    let literal = |text: &str| PathSegment::Literal(text.into());
    let id = || PathSegment::Named("id".into());
    let (one, many) = (PathSegment::One, PathSegment::Many);
    for (pattern, path, matches) in [
        (exact("/a"), "/a", true),
        (exact("/a"), "/a/", false),
        (exact("/a"), "/A", false),
        (PathPattern::Prefix("/a".into()), "/ab/c", true),
        (PathPattern::Prefix("/a/".into()), "/a", false),
        (PathPattern::Suffix(".js".into()), "/x/y.js", true),
        (PathPattern::Suffix("/x".into()), "/x", true),
        (PathPattern::Suffix(".js".into()), "/x.jsx", false),
        (PathPattern::Any, "/", true),
        (PathPattern::Any, "*", true),
        (PathPattern::Any, "", false),
        (template(&[literal("a"), one.clone()]), "/a/b", true),
        (template(&[literal("a"), one.clone()]), "/a/", false),
        (template(&[literal("a"), one.clone()]), "/a", false),
        (template(&[literal("a"), one.clone()]), "/a/b/", false),
        (template(&[literal("a"), one.clone(), literal("")]), "/a/b/", true),
        (template(&[literal("a"), many.clone()]), "/a", true),
        (template(&[literal("a"), many.clone()]), "/a/", true),
        (template(&[literal("a"), many.clone()]), "/a/b/c", true),
        (template(&[literal("a"), many.clone()]), "/ab", false),
        (template(&[literal("a"), many.clone(), literal("z")]), "/a/z", true),
        (template(&[literal("a"), many.clone(), literal("z")]), "/a/b/c/z", true),
        (template(&[literal("a"), many.clone(), literal("a")]), "/a", false),
        (template(&[many.clone(), id()]), "/x/y", true),
        (template(&[many.clone(), id()]), "/x/", false),
        (template(&[many]), "/", true),
        (template(&[one]), "*", false),
    ] {
        let rule = Rule { to: paths(std::slice::from_ref(&pattern)), ..allow("a") };
        assert_eq!(
            by_rules(vec![rule], &Ask::get(path)) == "allow: p/a",
            matches,
            "{pattern:?} {path}"
        );
        assert_eq!(
            attache_test_policies::reference::path(&pattern, path, false).is_some(),
            matches,
            "{pattern:?} {path}"
        );
        let to = vec![Operation { not_paths: vec![pattern.clone()], ..Operation::default() }];
        // What a DENY rule is not for is compared exactly too.
        let rules = vec![Rule { to, ..deny("twin") }, allow("a")];
        assert_eq!(
            by_rules(rules, &Ask::get(path)) == "allow: p/a",
            matches,
            "not {pattern:?} {path}"
        );
    }
}

#[test]
fn a_named_segment_is_compared_in_each_place_that_matches() {
    let named = |before: &[&str], after: &[PathSegment]| {
        let before = before.iter().map(|&text| PathSegment::Literal(text.into()));
        let name = PathSegment::Named("id".into());
        PathPattern::Template(before.chain([name]).chain(after.iter().cloned()).collect())
    };
    let behind_many = PathPattern::Template(vec![
        PathSegment::Many,
        PathSegment::Named("id".into()),
        PathSegment::Literal("x".into()),
    ]);
    let to = [named(&["users"], &[PathSegment::Many]), named(&["users", "of"], &[]), behind_many];
    let to = to.iter().flat_map(|path| paths(std::slice::from_ref(path))).collect();
    let rules = vec![Rule { to, when: when("sub", Test::EqualsPath("id".into())), ..allow("a") }];
    for (path, sub, allowed) in [
        ("/users/ann", "ann", true),
        ("/users/ann/orders/1", "ann", true),
        ("/users/bob", "ann", false),
        ("/users/of/ann", "ann", true),
        ("/users/of/ann", "of", true),
        ("/users/of/ann", "bob", false),
        ("/a/b/ann/x", "ann", true),
        ("/a/ann/b/x", "ann", false),
        ("/users/bob/ann/x", "ann", true),
        ("/users/b b", "b b", true),
    ] {
        let ask = Ask { claims: Some(json!({ "sub": sub })), ..Ask::get(path) };
        assert_eq!(by_rules(rules.clone(), &ask) == "allow: p/a", allowed, "{path} {sub}");
    }
    assert_ne!(by_rules(rules, &Ask::get("/users/ann")), "allow: p/a");
}

/// A rule of each action for one test, each with enough others to be looked up by an index, and
/// not.
fn matches(test: &Test, claim: &serde_json::Value, action: Action, others: usize) -> bool {
    let rule = |name: &str, test: &Test| match action {
        Action::Allow => Rule { when: when("v", test.clone()), ..allow(name) },
        Action::Deny => Rule { when: when("v", test.clone()), ..deny(name) },
    };
    let mut rules: Vec<Rule> = (0..others)
        .map(|n| rule(&format!("other-{n}"), &is(&format!("none of the claims {n}"))))
        .collect();
    rules.push(rule("tried", test));
    by_rules(rules, &with(json!({"sub": "ann", "v": claim}))).contains("tried")
}

#[test]
fn a_claim_of_another_type_counts_against_the_caller() {
    let text = |text: &str| Scalar::String(text.into());
    let regex = |text: &str| Regex::new(text).unwrap();
    // A test, a claim that fits it only loosely, and whether ALLOW and DENY rules match.
    for (test, claim, allows, denies) in [
        (Test::Contains(text("a")), json!(["b", "a"]), true, true),
        (Test::Contains(text("a")), json!("a"), false, true),
        (Test::Contains(text("a")), json!("b a"), false, true),
        (Test::Contains(text("a")), json!("b,a"), false, true),
        (Test::Contains(text("a")), json!({"a": true}), false, true),
        (Test::Contains(text("a")), json!({"b": true}), false, true),
        (Test::Contains(text("a")), json!("b"), false, false),
        (Test::Contains(text("a")), json!(["b"]), false, false),
        (Test::Contains(text("a")), json!([]), false, false),
        (Test::Contains(text("1")), json!([1]), false, true),
        (Test::Contains(Scalar::Number(1.0)), json!(1), false, true),
        (Test::Contains(Scalar::Number(1.0)), json!("1"), false, true),
        (Test::Contains(Scalar::Number(1.0)), json!("11"), false, false),
        (Test::Equals(Scalar::Bool(true)), json!("true"), false, true),
        (Test::Equals(Scalar::Bool(true)), json!(["true"]), false, true),
        (Test::Equals(Scalar::Bool(true)), json!("True "), false, false),
        (Test::Equals(Scalar::Number(1.0)), json!("1.0"), false, true),
        (Test::Equals(Scalar::Number(1.0)), json!("one"), false, false),
        (Test::Equals(text("1")), json!(1), false, true),
        (Test::Equals(text("1")), json!(1.0), false, true),
        (Test::Equals(text("true")), json!(true), false, true),
        (Test::In(vec![text("x"), text("1")]), json!([3, 1]), false, true),
        (Test::NotEquals(Scalar::Bool(true)), json!("true"), false, true),
        (Test::NotEquals(Scalar::Bool(true)), json!(true), false, false),
        (Test::NotEquals(Scalar::Bool(true)), json!("false"), true, true),
        (Test::NotIn(vec![text("1")]), json!(1), false, true),
        (Test::NotIn(vec![text("1")]), json!([2, 1]), false, true),
        (Test::Prefix("1".into()), json!(12), false, true),
        (Test::Suffix("ue".into()), json!(true), false, true),
        (Test::Matches(regex("[0-9]+")), json!(12), false, true),
        (Test::LessThan(3.0), json!("2"), false, true),
        (Test::LessThan(3.0), json!(" 2.5 "), false, true),
        (Test::LessThan(3.0), json!("4"), false, false),
        (Test::LessThan(3.0), json!("few"), false, false),
        (Test::GreaterThan(3.0), json!(["4"]), false, true),
        (Test::GreaterThan(3.0), json!(true), false, false),
    ] {
        for others in [0, 20] {
            assert_eq!(
                matches(&test, &claim, Action::Allow, others),
                allows,
                "ALLOW {test:?} {claim} {others}"
            );
            assert_eq!(
                matches(&test, &claim, Action::Deny, others),
                denies,
                "DENY {test:?} {claim} {others}"
            );
        }
    }
}

#[test]
fn a_header_is_compared_where_it_came_once() {
    let header = HeaderName::new("x-tenant").unwrap();
    let rules = vec![Rule { when: when("tenant", Test::EqualsHeader(header)), ..allow("a") }];
    for (headers, allowed) in
        [(vec![], false), (vec!["t"], true), (vec!["u"], false), (vec!["t", "t"], false)]
    {
        let headers =
            headers.iter().map(|&value| ("x-tenant".to_owned(), value.to_owned())).collect();
        let ask = Ask { headers, ..with(json!({"tenant": "t"})) };
        assert_eq!(by_rules(rules.clone(), &ask) == "allow: p/a", allowed, "{ask:?}");
    }
}
