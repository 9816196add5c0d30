//! What the documentation says of what a rule is for, sentence by sentence: operations, sources,
//! conditions.

use crate::support::{by_rules, exact, is, paths, when, with};
use attache_engine::policy::View::Enforced;
use attache_plugin_config::*;
use attache_test_policies::{Ask, Compiled, allow, config, deny, policy};
use serde_json::json;
use std::net::IpAddr;

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
