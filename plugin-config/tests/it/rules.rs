//! Rules: what they are for, where from, and what they ask.

use crate::support::{accepts, refuses, with_root, with_rule};
use attache_plugin_config::{HostPattern, PathPattern, PathSegment, StringPattern};
use serde_json::{Value, json};

const EMPTY: &str =
    "an empty list can be read as `any` or as `none`; leave the key out or name at least one";

fn refuses_each<const N: usize>(cases: [(Value, &str, &str); N]) {
    for (keys, at, message) in cases {
        refuses(&with_rule(keys), &format!("policies[0].rules[0].{at}"), message);
    }
}

#[test]
fn paths_are_taken_apart() {
    let literal = |text: &str| PathSegment::Literal(text.to_owned());
    for (text, pattern) in [
        ("*", PathPattern::Any),
        ("/", PathPattern::Exact("/".to_owned())),
        ("/a.b/c~d", PathPattern::Exact("/a.b/c~d".to_owned())),
        ("/caf\u{e9}", PathPattern::Exact("/caf\u{e9}".to_owned())),
        ("/*", PathPattern::Prefix("/".to_owned())),
        ("/a/.*", PathPattern::Prefix("/a/.".to_owned())),
        ("*.json", PathPattern::Suffix(".json".to_owned())),
        ("*/health", PathPattern::Suffix("/health".to_owned())),
        ("/a/{*}", PathPattern::Template(vec![literal("a"), PathSegment::One])),
        (
            "/u/{id}/{**}/x",
            PathPattern::Template(vec![
                literal("u"),
                PathSegment::Named("id".to_owned()),
                PathSegment::Many,
                literal("x"),
            ]),
        ),
        ("/{id}/", PathPattern::Template(vec![PathSegment::Named("id".to_owned()), literal("")])),
        ("/{*}/{*}", PathPattern::Template(vec![PathSegment::One, PathSegment::One])),
    ] {
        assert_eq!(PathPattern::parse(text), Ok(pattern), "{text}");
    }
}

#[test]
fn a_path_that_fits_nothing_is_refused() {
    for (path, message) in [
        ("", "an empty path fits nothing; a path begins with `/`"),
        ("orders", "`orders` does not begin with `/`, so it fits no path"),
        ("orders*", "`orders*` does not begin with `/`, so it fits no path"),
        ("{id}", "the template `{id}` does not begin with `/`"),
        (
            "/a?b=c",
            "`/a?b=c` fits nothing: a path is matched without its query; leave out `?` and what follows",
        ),
        ("/a#b", "`/a#b` fits nothing: a request has no fragment; leave out `#` and what follows"),
        (
            "/a%20b",
            "`/a%20b` fits nothing: a path is matched percent-decoded; write the character itself for `%`",
        ),
        (
            "/a;b",
            "`/a;b` fits nothing: a path with `;` parameters is also read without them; leave them out",
        ),
        ("/a//b", "`/a//b` fits nothing: an empty segment is also read as none; write one `/`"),
        ("/a\\b", "`/a\\b` fits nothing: a backslash is also read as a slash; write `/`"),
        (
            "/a\tb",
            "`/a\\tb` fits nothing: a path with a control character is never matched; leave it out",
        ),
        ("/a/../b", "`/a/../b` fits nothing: a segment `..` is also resolved; leave it out"),
        ("/.", "`/.` fits nothing: a segment `.` is also resolved; leave it out"),
        ("/{id}/..", "`/{id}/..` fits nothing: a segment `..` is also resolved; leave it out"),
        (
            "/a/*/b",
            "`*` may occur once in `/a/*/b`, at the beginning or at the end; for one segment in between write `{*}`, for \
             any number of them `{**}`",
        ),
        (
            "*a*",
            "`*` may occur once in `*a*`, at the beginning or at the end; for one segment in between write `{*}`, for \
             any number of them `{**}`",
        ),
        ("/{id}/{id}", "`{id}` occurs twice in `/{id}/{id}`; it may occur once"),
        ("/{**}/a/{**}", "`{**}` occurs twice in `/{**}/a/{**}`; it may occur once"),
        (
            "/{id}/*",
            "a template has no bare `*`; in `/{id}/*` write `{*}` for one segment or `{**}` for any number",
        ),
        ("/a{id}", "in `/a{id}` braces stand for a whole segment, as in `/users/{id}/orders`"),
        ("/{", "in `/{` braces stand for a whole segment, as in `/users/{id}/orders`"),
        (
            "/{1a}",
            "`1a` is no name for a segment; use 1 to 64 letters, digits, `_` and `-`, beginning with a letter",
        ),
        (
            "/{}",
            "`` is no name for a segment; use 1 to 64 letters, digits, `_` and `-`, beginning with a letter",
        ),
    ] {
        refuses(
            &with_rule(json!({"to": [{"methods": ["GET"]}, {"paths": ["/ok", path]}]})),
            "policies[0].rules[0].to[1].paths[1]",
            message,
        );
    }
}

#[test]
fn an_operation_says_something() {
    refuses_each([
        (json!({"to": []}), "to", EMPTY),
        (
            json!({"to": [{}]}),
            "to[0]",
            "this entry holds for every request; leave `to` out or say what the request is for",
        ),
        (json!({"to": [{"paths": []}]}), "to[0].paths", EMPTY),
        (
            json!({"to": [{"methods": ["get"]}]}),
            "to[0].methods[0]",
            "methods are in upper case: write `GET`",
        ),
        (
            json!({"to": [{"methods": ["*"]}]}),
            "to[0].methods[0]",
            "leave the key out for every method",
        ),
        (
            json!({"to": [{"methods": ["GE T"]}]}),
            "to[0].methods[0]",
            "`GE T` is no HTTP method, such as `GET`",
        ),
        (
            json!({"to": [{"methods": ["GET", "PUT"], "notMethods": ["PUT"]}]}),
            "to[0].notMethods",
            "a value of `notMethods` is in `methods` too, where it can never count; keep one of them",
        ),
        (
            json!({"to": [{"notPaths": ["*"]}]}),
            "to[0].notPaths",
            "`*` excludes everything, so this rule never matches; leave it out or exclude less",
        ),
        (json!({"to": [{"ports": [0]}]}), "to[0].ports[0]", "`0` is no port; use 1 to 65535"),
        (
            json!({"to": [{"ports": [65536]}]}),
            "to[0].ports[0]",
            "`65536` is no port; use 1 to 65535",
        ),
        (
            json!({"to": [{"ports": [80, 80]}]}),
            "to[0].ports[1]",
            "`80` is listed twice; keep one of them",
        ),
        (
            json!({"to": [{"hosts": ["https://a.b"]}]}),
            "to[0].hosts[0]",
            "`https://a.b` is no host; write it as in `:authority`: a name or an address, and a port if it must fit \
             too",
        ),
    ]);
}

#[test]
fn hosts_are_compared_in_lower_case() {
    let config = accepts(&with_rule(json!({"to": [{"hosts": ["API.Example.com", "*.svc:8080"]}]})));
    assert_eq!(
        config.policies[0].rules[0].to[0].hosts,
        [
            HostPattern(StringPattern::Exact("api.example.com".to_owned())),
            HostPattern(StringPattern::Suffix(".svc:8080".to_owned())),
        ]
    );
}

#[test]
fn a_source_says_something() {
    refuses_each([
        (
            json!({"from": [{}]}),
            "from[0]",
            "this entry holds for every caller; leave `from` out or say where the request comes from",
        ),
        (
            json!({"from": [{"principals": ["spiffe://a/ns/b/sa/c"]}]}),
            "from[0].principals[0]",
            "a principal is written without `spiffe://`: write `a/ns/b/sa/c`",
        ),
        (
            json!({"from": [{"serviceAccounts": ["shop/*"]}]}),
            "from[0].serviceAccounts[0]",
            "`shop/*` holds `*`; for a pattern use `principals`",
        ),
        (
            json!({"from": [{"namespaces": ["Shop*"]}]}),
            "from[0].namespaces[0]",
            "`Shop*` fits no namespace; use a-z, 0-9 and `-`",
        ),
        (
            json!({"from": [{"ipBlocks": ["10.1.2.3/8"]}]}),
            "from[0].ipBlocks[0]",
            "`10.1.2.3/8` has bits beyond its prefix; write `10.0.0.0/8`",
        ),
        (
            json!({"from": [{"ipBlocks": ["fd00::1/64"]}]}),
            "from[0].ipBlocks[0]",
            "`fd00::1/64` has bits beyond its prefix; write `fd00::/64`",
        ),
        (
            json!({"from": [{"ipBlocks": ["10.0.0.0/33"]}]}),
            "from[0].ipBlocks[0]",
            "`10.0.0.0/33` has too long a prefix; it is 32 bits at most",
        ),
        (
            json!({"from": [{"ipBlocks": ["::ffff:10.0.0.1"]}]}),
            "from[0].ipBlocks[0]",
            "`::ffff:10.0.0.1` is an IPv4 address inside IPv6; write `10.0.0.1`",
        ),
        (
            json!({"from": [{"notIpBlocks": ["10.0.0.0/+8"]}]}),
            "from[0].notIpBlocks[0]",
            "`10.0.0.0/+8` is no address and no CIDR block, such as `10.0.0.0/8`",
        ),
        (
            json!({"from": [{"namespaces": ["a"], "notPrincipals": ["*"]}]}),
            "from[0].notPrincipals",
            "`*` excludes everything, so this rule never matches; leave it out or exclude less",
        ),
    ]);
    accepts(&with_rule(
        json!({"from": [{"notPrincipals": ["*"]}, {"ipBlocks": ["0.0.0.0/0", "::/0", "1.2.3.4"]}]}),
    ));
}

#[test]
fn a_rule_is_not_public_and_particular_at_once() {
    let none = "with NONE no token is looked at, so there are no roles and claims; leave out `roles` and `when`, or use \
                OPTIONAL or REQUIRED";
    let optional = "with OPTIONAL a caller may come without a token, but has then none of the roles and claims that \
                    this rule needs, so it never matches; use REQUIRED";
    let deny = "a DENY rule opens nothing: it refuses whom it matches; leave `authentication` out, and put it on an \
                ALLOW rule if callers without a token may come in";
    refuses_each([
        (json!({"authentication": "NONE", "roles": {"anyOf": ["a"]}}), "authentication", none),
        (
            json!({"authentication": "NONE", "when": [{"claim": "a", "exists": false}]}),
            "authentication",
            none,
        ),
        (
            json!({"authentication": "OPTIONAL", "roles": {"allOf": ["a"]}}),
            "authentication",
            optional,
        ),
        (
            json!({"authentication": "OPTIONAL", "when": [{"claim": "a", "equals": 1}]}),
            "authentication",
            optional,
        ),
        (json!({"authentication": "NONE", "action": "DENY"}), "authentication", deny),
        (json!({"authentication": "OPTIONAL", "action": "DENY"}), "authentication", deny),
    ]);
    accepts(&with_rule(json!({
        "authentication": "OPTIONAL", "roles": {"noneOf": ["a"]},
        "when": [{"claim": "a", "notEquals": 1}, {"claim": "b", "exists": false}],
    })));
    accepts(&with_rule(
        json!({"authentication": "REQUIRED", "action": "DENY", "roles": {"anyOf": ["a"]}}),
    ));
}

#[test]
fn roles_can_be_had_together() {
    refuses_each([
        (
            json!({"roles": {}}),
            "roles",
            "no role is named; leave the key out or give `anyOf`, `allOf` or `noneOf`",
        ),
        (json!({"roles": {"anyOf": []}}), "roles.anyOf", EMPTY),
        (
            json!({"roles": {"anyOf": ["a", "b"], "noneOf": ["b"]}}),
            "roles.anyOf[1]",
            "`b` is also in `noneOf`, so nobody satisfies both; keep one of them",
        ),
        (
            json!({"roles": {"allOf": ["a*"]}}),
            "roles.allOf[0]",
            "`a*` holds `*`, but roles are compared byte for byte; name each role",
        ),
    ]);
    let mut document = with_rule(json!({"roles": {"allOf": ["admin"], "noneOf": ["reader"]}}));
    document["roleHierarchy"] = json!({"admin": ["writer"], "writer": ["reader"]});
    refuses(
        &document,
        "policies[0].rules[0].roles.allOf[0]",
        "`admin` includes `reader`, which `noneOf` excludes; keep one of them",
    );
}

#[test]
fn a_condition_has_one_operator_that_can_be_met() {
    refuses_each([
        (
            json!({"when": [{"claim": "a", "equals": 1, "exists": true}]}),
            "when[0]",
            "`equals` and `exists` stand side by side; give each an entry of its own",
        ),
        (json!({"when": [{"claim": "a", "in": []}]}), "when[0].in", EMPTY),
        (
            json!({"when": [{"claim": "a", "in": [1, 1]}]}),
            "when[0].in[1]",
            "this value is listed twice; keep one of them",
        ),
        (
            json!({"when": [{"claim": "a", "prefix": ""}]}),
            "when[0].prefix",
            "every string has the empty one in it; to ask for presence use `exists: true`",
        ),
        (
            json!({"when": [{"claim": "a", "equalsClaim": "a"}]}),
            "when[0]",
            "a claim equals itself; to ask for presence use `exists: true`",
        ),
        (
            json!({"when": [{"claim": "sub", "equalsPath": "id"}]}),
            "when[0].equalsPath",
            "`id` is not set for every request of this rule: give each entry of `to` a path with `{id}`",
        ),
        (
            json!({"to": [{"paths": ["/{id}"]}, {"methods": ["GET"]}], "when": [{"claim": "sub", "equalsPath": "id"}]}),
            "when[0].equalsPath",
            "`id` is not set for every request of this rule: give each entry of `to` a path with `{id}`",
        ),
        (
            json!({"to": [{"paths": ["/{id}", "/{di}"]}], "when": [{"claim": "sub", "equalsPath": "id"}]}),
            "when[0].equalsPath",
            "not every path of this rule has a segment `{id}`; add it, or move the others to a rule of their own",
        ),
    ]);
}

#[test]
fn conditions_that_never_hold_together_are_refused() {
    for (one, other) in [
        (json!({"equals": 1}), json!({"notEquals": 1})),
        (json!({"exists": true}), json!({"exists": false})),
        (json!({"exists": false}), json!({"prefix": "a"})),
        (json!({"in": [1, 2]}), json!({"notIn": [2, 1, 3]})),
        (json!({"equals": "a"}), json!({"notIn": ["a"]})),
        (json!({"contains": "a"}), json!({"notEquals": "a"})),
        (json!({"lessThan": 3}), json!({"greaterThan": 3})),
    ] {
        for pair in [[one.clone(), other.clone()], [other, one]] {
            let when: Vec<Value> = pair
                .into_iter()
                .map(|mut condition| {
                    condition["claim"] = json!("a.b");
                    condition
                })
                .collect();
            refuses(
                &with_rule(json!({"when": when})),
                "policies[0].rules[0].when[1]",
                "this and entry 0 on `a.b` never hold together; keep one of them",
            );
        }
    }
    accepts(&with_rule(json!({"when": [
        {"claim": "a", "lessThan": 5}, {"claim": "a", "greaterThan": 3}, {"claim": "a", "notEquals": 4},
        {"claim": "b", "equals": 1}, {"claim": "b", "equals": 2}, {"claim": "c", "equals": "1"},
        {"claim": "c", "notEquals": 1}, {"claim": "d", "in": [1, 2]}, {"claim": "d", "notIn": [2]},
    ]})));
}

#[test]
fn an_expression_compiles_and_has_an_end() {
    let at = "policies[0].rules[0].when[0].matches";
    let matches = |text: &str| with_rule(json!({"when": [{"claim": "a", "matches": text}]}));
    for text in ["a|b", "[a-z]+@example\\.com", "(?i)abc", "^a$"] {
        accepts(&matches(text));
    }
    for text in ["(", "a)(b", "(?=a)", "[z-a]", "a{1000}{1000}{1000}", "\\p{L}"] {
        let found = crate::support::errors(&matches(text));
        assert_eq!(found[0].0, at);
        assert!(
            found[0].1.starts_with(&format!("`{text}` is no regular expression: ")),
            "{}",
            found[0].1
        );
    }
    refuses(&matches(&"a".repeat(1025)), at, "a regular expression has 1024 bytes at most");
    refuses(
        &matches(""),
        at,
        "an empty expression matches only the empty string; use `equals` or `exists`",
    );
    let many: Vec<Value> = (0..300)
        .map(|n| json!({"name": format!("r{n}"), "when": [{"claim": "a", "matches": "a"}]}))
        .collect();
    refuses(
        &with_root(json!({"policies": [{"name": "p", "rules": many}]})),
        "policies[0].rules[256].when[0].matches",
        "a document has 256 regular expressions at most; use `prefix`, `suffix` or `in`",
    );
}

#[test]
fn lists_have_an_end() {
    let many = |count: usize| (0..count).collect::<Vec<_>>();
    accepts(&with_rule(json!({"when": [{"claim": "a", "in": many(1000)}]})));
    let conditions: Vec<Value> =
        many(65).iter().map(|n| json!({"claim": "a", "notEquals": n})).collect();
    refuses_each([
        (
            json!({"when": [{"claim": "a", "in": many(1001)}]}),
            "when[0].in",
            "this list has 1000 entries at most",
        ),
        (json!({"when": conditions}), "when", "this list has 64 entries at most"),
    ]);
}
