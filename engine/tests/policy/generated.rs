//! Configurations and requests from small alphabets, so that they meet often.

use attache_plugin_config::*;
use attache_test_policies::{Ask, allow, config, policy};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const ROLES: [&str; 6] = ["r0", "r1", "r2", "r3", "r4", "r5"];
const METHODS: [&str; 3] = ["GET", "POST", "DELETE"];
const PRINCIPALS: [&str; 5] =
    ["td/ns/a/sa/x", "td/ns/a/sa/y", "td/ns/b/sa/x", "td/gateway", "other/ns/b/sa/z"];

pub(crate) fn documents() -> impl Strategy<Value = Config> {
    (vec(policies(), 0..4), hierarchies()).prop_map(|(policies, hierarchy)| {
        let named = |(index, mut policy): (usize, Policy)| {
            policy.name = Name::new(&format!("p{index}")).unwrap();
            policy
        };
        let policies = policies.into_iter().enumerate().map(named).collect();
        Config { role_hierarchy: hierarchy, ..config(policies) }
    })
}

pub(crate) fn asks() -> impl Strategy<Value = Ask> {
    let text = |values: &'static [&'static str]| select(values).prop_map(str::to_owned);
    let hosts: &[&str] = &["a.test", "A.Test:80", "b.a.test", "b.a.test.:8080", "other", ""];
    let methods: &[&str] = &["GET", "POST", "DELETE", "PATCH"];
    let addresses = || {
        let texts =
            select(vec!["10.0.0.1", "10.0.1.1", "192.168.0.1", "2001:db8::1", "::ffff:10.0.0.9"]);
        texts.prop_map(|text| text.parse::<std::net::IpAddr>().unwrap().to_canonical())
    };
    let peer = (
        option::of(text(&PRINCIPALS)),
        (option::of(addresses()), option::of(addresses())),
        option::of(select(vec![80, 8080])),
    );
    let headers = vec(
        select(vec!["x", "y"]).prop_map(|value| ("x-claim".to_owned(), value.to_owned())),
        0..3,
    );
    (text(methods), paths(), text(hosts), peer, headers, option::weighted(0.8, tokens())).prop_map(
        |(method, path, host, (principal, (source_ip, remote_ip), port), headers, claims)| Ask {
            method,
            path,
            host,
            principal,
            source_ip,
            remote_ip,
            port,
            headers,
            claims,
        },
    )
}

pub(crate) fn paths() -> impl Strategy<Value = String> {
    let plain = vec(select(vec!["a", "b", "ab", "A", "aB", ""]), 1..5)
        .prop_map(|segments| format!("/{}", segments.join("/")));
    prop_oneof![20 => plain, 1 => Just(String::new()), 1 => Just("*".to_owned())]
}

pub(crate) fn path_patterns() -> impl Strategy<Value = PathPattern> {
    let text =
        vec(select(vec!["a", "b", "A", "/"]), 0..4).prop_map(|parts| single(&parts.concat()));
    let segment = prop_oneof![
        4 => select(vec!["a", "b", "ab", "A"]).prop_map(|text| PathSegment::Literal(text.into())),
        2 => Just(PathSegment::One),
        2 => Just(PathSegment::Named(String::new())),
        1 => Just(PathSegment::Many),
    ];
    prop_oneof![
        2 => paths().prop_map(|path| PathPattern::Exact(single(&path))),
        2 => text.clone().prop_map(|text| PathPattern::Prefix(single(&format!("/{text}")))),
        1 => text.prop_map(PathPattern::Suffix),
        1 => Just(PathPattern::Any),
        4 => (vec(segment, 1..5), any::<bool>())
            .prop_map(|(segments, slash)| PathPattern::Template(well_formed(segments, slash))),
    ]
}

/// No pattern has an empty segment but the last.
fn single(text: &str) -> String {
    let mut text = text.to_owned();
    while text.contains("//") {
        text = text.replace("//", "/");
    }
    text
}

/// One `{**}` at most; names that are unique; perhaps a slash at the end.
fn well_formed(segments: Vec<PathSegment>, slash: bool) -> Vec<PathSegment> {
    let (mut names, mut many) = (["id", "name", "more", "most", "x"].into_iter(), false);
    let one = |segment| match segment {
        PathSegment::Named(_) => PathSegment::Named(names.next().unwrap().to_owned()),
        PathSegment::Many if std::mem::replace(&mut many, true) => PathSegment::One,
        other => other,
    };
    let slash = slash.then(|| PathSegment::Literal(String::new()));
    segments.into_iter().map(one).chain(slash).collect()
}

fn tokens() -> impl Strategy<Value = Value> {
    let roles = prop_oneof![
        subsequence(ROLES.to_vec(), 0..3).prop_map(|roles| json!(roles)),
        subsequence(ROLES.to_vec(), 0..3).prop_map(|roles| json!(roles.join(" "))),
        subsequence(ROLES.to_vec(), 0..3).prop_map(|roles| json!([roles, roles.join(" ")])),
        subsequence(ROLES.to_vec(), 0..3).prop_map(|roles| json!([roles.join(" "), {"name": "x"}])),
    ];
    let claim = || {
        prop_oneof![
            select(vec![
                json!("a"),
                json!("b"),
                json!("x"),
                json!(true),
                json!(null),
                json!("true"),
                json!("x a"),
                json!("ab"),
                json!(1),
                json!(3),
                json!("1")
            ]),
            select(vec![json!({"a": 1}), json!(["true", {"b": 1}])]),
            subsequence(vec![json!("a"), json!("b"), json!("x")], 0..3).prop_map(Value::Array),
        ]
    };
    (roles, option::of(claim()), option::of(claim())).prop_map(|(roles, one, other)| {
        let mut token = json!({"roles": roles});
        for (name, value) in [("one", one), ("other", other)] {
            if let Some(value) = value {
                token[name] = value;
            }
        }
        token
    })
}

fn hierarchies() -> impl Strategy<Value = BTreeMap<Role, Vec<Role>>> {
    vec((0..5_usize, 1..5_usize), 0..5).prop_map(|edges| {
        let mut hierarchy: BTreeMap<Role, Vec<Role>> = BTreeMap::new();
        for (from, further) in edges {
            let to = (from + further).min(5);
            hierarchy.entry(ROLES[from].into()).or_default().push(ROLES[to].into());
        }
        hierarchy
    })
}

fn policies() -> impl Strategy<Value = Policy> {
    let mode = prop_oneof![3 => Just(Mode::Enforce), 1 => Just(Mode::Shadow)];
    let action = prop_oneof![Just(Action::Allow), Just(Action::Deny)];
    let rules = prop_oneof![vec(rules(), 0..4), vec(rules(), 10..30)];
    let equality = (any::<bool>(), any::<bool>())
        .prop_map(|(any_case, any_trailing_slash)| PathEquality { any_case, any_trailing_slash });
    let equality = prop_oneof![2 => Just(PathEquality::default()), 1 => equality];
    (mode, action, rules, equality).prop_map(|(mode, default_action, rules, paths)| {
        let named = |(index, mut rule): (usize, Rule)| {
            rule.name = Name::new(&format!("r{index}")).unwrap();
            rule
        };
        let rules = rules.into_iter().enumerate().map(named).collect();
        Policy { mode, default_action, paths, ..policy("p", rules) }
    })
}

fn rules() -> impl Strategy<Value = Rule> {
    let action = prop_oneof![3 => Just(Action::Allow), 1 => Just(Action::Deny)];
    let mode = prop_oneof![3 => Just(Mode::Enforce), 1 => Just(Mode::Shadow)];
    let authentication = prop_oneof![
        6 => Just(Authentication::Required),
        2 => Just(Authentication::Optional),
        1 => Just(Authentication::None),
    ];
    let without_keys =
        option::weighted(0.1, select(vec![OnKeysUnavailable::Deny, OnKeysUnavailable::Allow]));
    let asks = (requirements(), prop_oneof![2 => Just(Vec::new()), 1 => vec(conditions(), 1..3)]);
    (
        action,
        mode,
        authentication,
        vec(operations(), 0..3),
        vec(sources(), 0..2),
        asks,
        without_keys,
    )
        .prop_map(
            |(action, mode, authentication, to, from, (roles, when), on_keys_unavailable)| {
                let rule = Rule { action, mode, authentication, to, from, ..allow("r") };
                match (action, authentication) {
                    (Action::Deny, Authentication::None) => {
                        Rule { authentication: Authentication::Required, ..rule }
                    }
                    (_, Authentication::None) => rule,
                    (Action::Deny, _) => Rule { roles, when, ..rule },
                    (Action::Allow, _) => Rule { roles, when, on_keys_unavailable, ..rule },
                }
            },
        )
}

fn operations() -> impl Strategy<Value = Operation> {
    let methods = || {
        let few = subsequence(METHODS.to_vec(), 1..3);
        sometimes(few.prop_map(|methods| methods.into_iter().map(str::to_owned).collect()))
    };
    let ports = || sometimes(subsequence(vec![80, 8080, 443], 1..2));
    let hosts = || sometimes(vec(host_patterns(), 1..3));
    let paths = || vec(path_patterns(), 1..3);
    let some_paths = prop_oneof![1 => Just(Vec::new()), 3 => paths()];
    let wanted = (methods(), some_paths, hosts(), ports());
    let unwanted = (rarely(methods()), rarely(paths()), rarely(hosts()), rarely(ports()));
    (wanted, unwanted).prop_map(
        |((methods, paths, hosts, ports), (not_methods, not_paths, not_hosts, not_ports))| {
            Operation { methods, not_methods, paths, not_paths, hosts, not_hosts, ports, not_ports }
        },
    )
}

fn host_patterns() -> impl Strategy<Value = HostPattern> {
    let patterns = ["a.test", "a.test:80", "b.a.test:8080", "other"];
    prop_oneof![
        select(patterns.to_vec()).prop_map(|text| StringPattern::Exact(text.into())),
        select(vec!["a.", "b.a.test:", "a"]).prop_map(|text| StringPattern::Prefix(text.into())),
        select(vec![".a.test", ":8080", "test"])
            .prop_map(|text| StringPattern::Suffix(text.into())),
        Just(StringPattern::Any),
    ]
    .prop_map(HostPattern)
}

fn sources() -> impl Strategy<Value = Source> {
    let patterns = |exact: &'static [&'static str], prefix: &'static str, suffix: &'static str| {
        let pattern = prop_oneof![
            3 => select(exact).prop_map(|text| StringPattern::Exact(text.into())),
            1 => Just(StringPattern::Prefix(prefix.into())),
            1 => Just(StringPattern::Suffix(suffix.into())),
            1 => Just(StringPattern::Any),
        ];
        vec(pattern, 1..3)
    };
    let principals = move || sometimes(patterns(&PRINCIPALS, "td/ns/", "/sa/x"));
    let namespaces = move || sometimes(patterns(&["a", "b"], "a", "b"));
    let accounts = || {
        let few = subsequence(vec!["x", "a/x", "b/z", "a/y"], 1..3);
        sometimes(
            few.prop_map(|names| names.into_iter().map(str::to_owned).collect::<Vec<String>>()),
        )
    };
    let block = |address: &str, prefix| IpBlock { address: address.parse().unwrap(), prefix };
    let all = vec![
        block("10.0.0.0", 8),
        block("10.0.0.0", 24),
        block("2001:db8::", 32),
        block("0.0.0.0", 0),
    ];
    let blocks = move || sometimes(subsequence(all.clone(), 1..3));
    let wanted = (principals(), namespaces(), accounts(), blocks(), rarely(blocks()));
    let unwanted = (
        rarely(principals()),
        rarely(namespaces()),
        rarely(accounts()),
        rarely(blocks()),
        rarely(blocks()),
    );
    (wanted, unwanted).prop_map(
        |(
            (principals, namespaces, service_accounts, ip_blocks, remote_ip_blocks),
            (
                not_principals,
                not_namespaces,
                not_service_accounts,
                not_ip_blocks,
                not_remote_ip_blocks,
            ),
        )| Source {
            principals,
            not_principals,
            namespaces,
            not_namespaces,
            service_accounts,
            not_service_accounts,
            ip_blocks,
            not_ip_blocks,
            remote_ip_blocks,
            not_remote_ip_blocks,
        },
    )
}

fn requirements() -> impl Strategy<Value = RoleRequirement> {
    let roles = || {
        let few = subsequence(ROLES.to_vec(), 1..3);
        few.prop_map(|roles| roles.into_iter().map(str::to_owned).collect::<Vec<Role>>())
    };
    (sometimes(roles()), rarely(roles()), rarely(roles()))
        .prop_map(|(any_of, all_of, none_of)| RoleRequirement { any_of, all_of, none_of })
}

fn conditions() -> impl Strategy<Value = Condition> {
    let scalar = || {
        let all = [Scalar::String("a".into()), Scalar::String("b".into()), Scalar::Bool(true)];
        select(all.to_vec())
    };
    let test = prop_oneof![
        4 => scalar().prop_map(Test::Equals),
        1 => scalar().prop_map(Test::NotEquals),
        2 => vec(scalar(), 1..3).prop_map(Test::In),
        1 => vec(scalar(), 1..3).prop_map(Test::NotIn),
        2 => scalar().prop_map(Test::Contains),
        1 => Just(Test::Prefix("a".into())),
        1 => Just(Test::Suffix("b".into())),
        1 => Just(Test::Matches(Regex::new("a|1|tru.").unwrap())),
        1 => select(vec![0.0, 2.0]).prop_map(Test::LessThan),
        1 => select(vec![0.0, 2.0]).prop_map(Test::GreaterThan),
        1 => any::<bool>().prop_map(Test::Exists),
        4 => select(vec!["id", "name"]).prop_map(|name| Test::EqualsPath(name.into())),
        1 => Just(Test::EqualsHeader(HeaderName::new("x-claim").unwrap())),
        1 => Just(Test::EqualsClaim(ClaimPath::new(vec!["other".into()]).unwrap())),
    ];
    let claim =
        select(vec!["one", "other"]).prop_map(|name| ClaimPath::new(vec![name.into()]).unwrap());
    (claim, test).prop_map(|(claim, test)| Condition { claim, test })
}

fn sometimes<T: std::fmt::Debug + Clone>(
    some: impl Strategy<Value = Vec<T>>,
) -> impl Strategy<Value = Vec<T>> {
    prop_oneof![2 => Just(Vec::new()), 1 => some]
}

fn rarely<T: std::fmt::Debug + Clone>(
    some: impl Strategy<Value = Vec<T>>,
) -> impl Strategy<Value = Vec<T>> {
    prop_oneof![9 => Just(Vec::new()), 1 => some]
}

/// Numbers the operators without `_`, so that one that is added is generated, too.
const fn number_of(test: &Test) -> usize {
    match test {
        Test::Equals(_) => 0,
        Test::NotEquals(_) => 1,
        Test::In(_) => 2,
        Test::NotIn(_) => 3,
        Test::Prefix(_) => 4,
        Test::Suffix(_) => 5,
        Test::Contains(_) => 6,
        Test::Matches(_) => 7,
        Test::Exists(_) => 8,
        Test::LessThan(_) => 9,
        Test::GreaterThan(_) => 10,
        Test::EqualsPath(_) => 11,
        Test::EqualsHeader(_) => 12,
        Test::EqualsClaim(_) => 13,
    }
}

#[test]
fn every_operator_is_generated() {
    let mut runner = TestRunner::deterministic();
    let mut drawn = || number_of(&conditions().new_tree(&mut runner).unwrap().current().test);
    let numbers: BTreeSet<usize> = (0..1000).map(|_| drawn()).collect();
    assert_eq!(numbers.into_iter().collect::<Vec<_>>(), (0..14).collect::<Vec<_>>());
}
