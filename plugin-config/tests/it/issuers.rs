//! Issuers, all but their keys and headers.

use crate::support::{accepts, errors, key, refuses, with_issuer, with_root};
use attache_plugin_config::{ClaimPath, IssuerId, RoleForm, StringMatch, StringPattern};
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn an_issuer_is_read_whole() {
    let config = accepts(&with_issuer(json!({
        "audiences": ["mesh", "api"], "clockSkew": "1m30s", "maxLifetime": "1h", "tokenTypes": ["at+jwt"],
        "subjects": [{"prefix": "user:"}, {"matches": "svc-[a-z]+"}], "requireExpiration": false,
        "roleClaims": [{"claim": "realm_access.roles"}, {"claim": ["a.b"], "split": " ", "prefix": "s:"},
                       {"claim": "o", "keys": true}, {"claim": "o", "keys": false, "field": "name", "split": ","}],
        "presenters": ["cluster.local/ns/tyk/*"], "revoked": {"tokenIds": ["x"], "keyIds": []},
        "fromCookies": ["session", {"name": "sid"}, {"name": "_oauth2_proxy", "chunked": true}],
    })));
    let issuer = &config.issuers[0];
    assert_eq!(issuer.clock_skew, Duration::from_secs(90));
    assert_eq!(issuer.max_lifetime, Some(Duration::from_secs(3600)));
    assert_eq!(issuer.subjects[0], StringMatch::Prefix("user:".to_owned()));
    let StringMatch::Matches(regex) = &issuer.subjects[1] else { panic!("an expression") };
    assert_eq!(regex.as_str(), "^(?:svc-[a-z]+)$");
    assert_eq!(issuer.role_claims[0].claim, ClaimPath::parse("realm_access.roles").unwrap());
    assert_eq!(issuer.role_claims[1].claim, ClaimPath::new(vec!["a.b".to_owned()]).unwrap());
    let forms: Vec<&RoleForm> = issuer.role_claims.iter().map(|claim| &claim.form).collect();
    let field = RoleForm::Field("name".to_owned());
    assert_eq!(forms, [&RoleForm::Strings, &RoleForm::Strings, &RoleForm::Keys, &field]);
    assert_eq!(issuer.presenters, [StringPattern::Prefix("cluster.local/ns/tyk/".to_owned())]);
    assert!(issuer.revoked.token_ids.contains("x"));
    let cookies: Vec<(&str, bool)> = issuer
        .locations
        .cookies
        .iter()
        .map(|cookie| (cookie.name.as_str(), cookie.chunked))
        .collect();
    assert_eq!(cookies, [("session", false), ("sid", false), ("_oauth2_proxy", true)]);
    assert!(
        issuer.locations.headers.is_empty(),
        "where a place is named, the default counts no more"
    );
}

#[test]
fn each_mistake_is_named() {
    let empty =
        "an empty list can be read as `any` or as `none`; leave the key out or name at least one";
    let name_rule =
        "use 1 to 63 of a-z, 0-9, `-`, `_` and `.`, beginning and ending with a letter or digit";
    let cases: [(Value, &str, String); 50] = [
        (json!({"name": "Tyk"}), "name", format!("`Tyk` is no name: {name_rule}")),
        (json!({"name": ""}), "name", format!("`` is no name: {name_rule}")),
        (json!({"issuer": ""}), "issuer", "an empty value; name one".into()),
        (
            json!({"issuer": "https://login.example/{tenant}/v2.0"}),
            "issuer",
            "say what the segment in braces stands for: `issuerSegment: {in: [...]}`, or `{equalsClaim: tid}`, or both"
                .into(),
        ),
        (
            json!({"issuer": "https://login.example/{tenant}/v2.0", "issuerSegment": {}}),
            "issuerSegment",
            "there is nothing asked of the segment; give `in` or `equalsClaim`".into(),
        ),
        (
            json!({"issuer": "https://login.example/{t}", "issuerSegment": {"in": []}}),
            "issuerSegment.in",
            empty.into(),
        ),
        (
            json!({"issuer": "https://login.example/{t}", "issuerSegment": {"in": ["a/b"]}}),
            "issuerSegment.in[0]",
            "`a/b` is no segment of a path".into(),
        ),
        (
            json!({"issuer": "https://login.example/{t}", "issuerSegment": {"equalsClaim": "tid"}}),
            "issuerSegment",
            "with `equalsClaim` alone a token of any tenant will do; name those that may come with `in`, or give `audiences`"
                .into(),
        ),
        (
            json!({"issuerSegment": {"in": ["a"]}}),
            "issuerSegment",
            "`issuer` has no segment in braces; leave it out, or write one, as in `https://login.example.com/{tenant}/v2.0`"
                .into(),
        ),
        (
            json!({"requireIssuedAt": false, "maxAge": "1h"}),
            "requireIssuedAt",
            "a token without `iat` has no age for `maxAge`; leave this out".into(),
        ),
        (
            json!({"maxAge": "0s"}),
            "maxAge",
            "no token lives for no time; give at least `1s`, or leave the key out".into(),
        ),
        (
            json!({"discoveryUri": "https://login.example/x"}),
            "discoveryUri",
            "is only for keys from a provider; leave it out, or give `jwksUri` or `discovery`".into(),
        ),
        (
            json!({"outputClaimToHeaders": [{"header": "x-a", "claim": "a", "onUnwritable": "SKIP"}]}),
            "outputClaimToHeaders[0].onUnwritable",
            "`SKIP` is none of `DENY`, `OMIT`".into(),
        ),
        (json!({"audiences": []}), "audiences", empty.into()),
        (json!({"audiences": [""]}), "audiences[0]", "an empty value; name one".into()),
        (json!({"audiences": ["a", "a"]}), "audiences[1]", "`a` is listed twice; keep one of them".into()),
        (json!({"algorithms": []}), "algorithms", empty.into()),
        (json!({"fromHeaders": []}), "fromHeaders", empty.into()),
        (json!({"tokenTypes": []}), "tokenTypes", empty.into()),
        (json!({"presenters": []}), "presenters", empty.into()),
        (json!({"subjects": []}), "subjects", empty.into()),
        (json!({"claims": []}), "claims", empty.into()),
        (
            json!({"clockSkew": "301s"}),
            "clockSkew",
            "more than 5 minutes of tolerance keeps expired tokens alive; use `5m` or less".into(),
        ),
        (
            json!({"clockSkew": "250ms"}),
            "clockSkew",
            "times of a token are whole seconds; leave out the milliseconds".into(),
        ),
        (
            json!({"clockSkew": "1 minute"}),
            "clockSkew",
            "`1 minute` is no duration; write whole numbers with h, m, s or ms, as `1h30m`".into(),
        ),
        (
            json!({"maxLifetime": "0s"}),
            "maxLifetime",
            "no token lives for no time; give at least `1s`, or leave the key out".into(),
        ),
        (
            json!({"tokenTypes": ["application/at+jwt"]}),
            "tokenTypes[0]",
            "types are compared without `application/`: write `at+jwt`".into(),
        ),
        (
            json!({"presenters": ["spiffe://cluster.local/ns/a/sa/b"]}),
            "presenters[0]",
            "a principal is written without `spiffe://`: write `cluster.local/ns/a/sa/b`".into(),
        ),
        (
            json!({"presenters": ["cluster.local/*/sa/b"]}),
            "presenters[0]",
            "`*` may occur once in `cluster.local/*/sa/b`, at the beginning or at the end".into(),
        ),
        (
            json!({"subjects": [{"prefix": "a", "exact": "b"}]}),
            "subjects[0]",
            "`exact` and `prefix` stand side by side; give each an entry of its own".into(),
        ),
        (
            json!({"subjects": [{}]}),
            "subjects[0]",
            "there is no comparison; give one of exact, prefix, suffix, contains, matches".into(),
        ),
        (
            json!({"claims": [{"claim": "sub", "equalsPath": "id"}]}),
            "claims[0].equalsPath",
            "an issuer's claims are checked for every request; compare with the path in a rule's `when`".into(),
        ),
        (
            json!({"claims": [{"claim": "sub", "equalsHeader": "x-a"}]}),
            "claims[0].equalsHeader",
            "an issuer's claims are checked for every request; compare with a header in a rule's `when`".into(),
        ),
        (
            json!({"roleClaims": [{"claim": "a..b"}]}),
            "roleClaims[0].claim",
            "a claim has a name, and no step of its path is empty; a name with a dot in it is written as a list: \
             `[\"a.b\"]`"
                .into(),
        ),
        (
            json!({"roleClaims": [{"claim": "a", "keys": true, "split": ","}]}),
            "roleClaims[0].split",
            "with `keys` each key is one role; leave `split` out".into(),
        ),
        (
            json!({"roleClaims": [{"claim": "a", "keys": true, "field": "name"}]}),
            "roleClaims[0].field",
            "roles are the keys of an object or lie in a `field`; give each an entry of its own".into(),
        ),
        (
            json!({"roleClaims": [{"claim": "a", "field": ""}]}),
            "roleClaims[0].field",
            "a member's name has 1 to 256 bytes".into(),
        ),
        (
            json!({"roleClaims": [{"claim": "a", "keys": true}, {"claim": "a", "keys": true}]}),
            "roleClaims[1]",
            "the same roles are read twice; keep one of them".into(),
        ),
        (
            json!({"roleClaims": [{"claim": "a", "split": ""}]}),
            "roleClaims[0].split",
            "what parts roles has 1 to 16 bytes; leave it out for a single role".into(),
        ),
        (
            json!({"fromCookies": ["a=b"]}),
            "fromCookies[0]",
            "`a=b` is no cookie name; use 1 to 256 letters, digits and !#$%&'*+-.^_`|~".into(),
        ),
        (
            json!({"fromCookies": [{"name": "a=b", "chunked": true}]}),
            "fromCookies[0].name",
            "`a=b` is no cookie name; use 1 to 256 letters, digits and !#$%&'*+-.^_`|~".into(),
        ),
        (
            json!({"fromCookies": ["a", {"name": "a"}]}),
            "fromCookies[1]",
            "`a` is listed twice; keep one of them".into(),
        ),
        (
            json!({"fromCookies": ["a_12", {"name": "a", "chunked": true}]}),
            "fromCookies[0]",
            "this is a part of the chunked cookie `a`; give one of them another name".into(),
        ),
        (json!({"fromCookies": [7]}), "fromCookies[0]", "expected a string or an object, got a number".into()),
        (json!({"fromCookies": [["a"]]}), "fromCookies[0]", "expected a string or an object, got a list".into()),
        (json!({"fromCookies": [{"chunked": true}]}), "fromCookies[0]", "`name` is missing".into()),
        (
            json!({"fromCookies": [{"name": 7, "chunked": true}]}),
            "fromCookies[0].name",
            "expected a string, got a number".into(),
        ),
        (
            json!({"fromCookies": [{"name": "a", "chunked": "yes"}]}),
            "fromCookies[0].chunked",
            "expected true or false, got a string".into(),
        ),
        (
            json!({"fromCookies": [{"name": "a", "chunkd": true}]}),
            "fromCookies[0].chunkd",
            "unknown key `chunkd`; did you mean `chunked`?".into(),
        ),
        (
            json!({"fromParams": ["a&b"]}),
            "fromParams[0]",
            "`a&b` is no parameter name; use 1 to 256 letters, digits, `-`, `.`, `_` and `~`".into(),
        ),
    ];
    for (keys, at, message) in cases {
        refuses(&with_issuer(keys), &format!("issuers[0].{at}"), &message);
    }
}

#[test]
fn what_is_revoked_is_a_list_of_names() {
    let ids: Vec<String> = (0..65_536).map(|n| n.to_string()).collect();
    let config = accepts(&with_issuer(json!({"revoked": {"tokenIds": ids, "keyIds": []}})));
    assert_eq!(config.issuers[0].revoked.token_ids.len(), 65_536);
    refuses(
        &with_issuer(json!({"revoked": {"subjects": ["a", "b", "a"]}})),
        "issuers[0].revoked.subjects[2]",
        "`a` is listed twice; keep one of them",
    );
}

#[test]
fn names_and_issuers_are_unique() {
    let issuer = |name: &str, issuer: &str| json!({"name": name, "issuer": issuer, "jwks": {"keys": [key()]}});
    refuses(
        &json!({"issuers": [issuer("a", "x"), issuer("a", "y")]}),
        "issuers[1].name",
        "`a` is already the name of `issuers[0].name`; give each its own",
    );
    refuses(
        &json!({"issuers": [issuer("a", "x"), issuer("b", "x")]}),
        "issuers[1].issuer",
        "`x` is already the issuer of `issuers[0].issuer`; give each its own",
    );
    refuses(&json!({"issuers": []}), "issuers", "there is no issuer; name at least one");
    let many: Vec<Value> = (0..65).map(|n| issuer(&format!("i{n}"), &format!("u{n}"))).collect();
    refuses(&json!({"issuers": many}), "issuers", "a document has 64 issuers at most, this one 65");
}

#[test]
fn a_path_of_a_claim_has_an_end() {
    let long = vec!["a"; 17].join(".");
    refuses(
        &with_root(json!({"audit": {"claims": [long]}})),
        "audit.claims[0]",
        "a claim's path has 16 steps of 256 bytes at most",
    );
}

#[test]
fn a_segment_in_braces_is_one_segment_of_a_path_and_stands_there_once() {
    for issuer in [
        "https://{host}/v2.0",
        "https://{host}",
        "{scheme}://login.example/v2.0",
        "https://login.example/a{tenant}/v2.0",
        "https://login.example/{tenant}b/v2.0",
        "https://login.example/{a}/{b}",
        "https://login.example/{}/v2.0",
        "https://login.example/{a b}",
        "https://login.example/{tenant",
        "https://login.example/tenant}",
        "https://login.example/{{tenant}}",
        "https://login.example/?tenant={tenant}",
        "https://login.example/?/{tenant}",
        "urn:tenant/{tenant}",
        "{tenant}",
    ] {
        refuses(
            &with_issuer(json!({"issuer": issuer, "issuerSegment": {"in": ["a"]}})),
            "issuers[0].issuer",
            "a name in braces is one whole segment in the path of a URL, and occurs there once: \
             `https://login.example.com/{tenant}/v2.0`",
        );
    }
    let config = accepts(&with_issuer(json!({
        "issuer": "https://login.example/{tenant}/v2.0", "issuerSegment": {"in": ["a", "b"], "equalsClaim": "tid"},
    })));
    let IssuerId::Pattern(pattern) = &config.issuers[0].issuer else { panic!("a pattern") };
    assert_eq!(pattern.values(), ["a", "b"]);
    assert_eq!(pattern.with("a"), "https://login.example/a/v2.0");
    for (iss, segment) in [
        ("https://login.example/a/v2.0", Some("a")),
        ("https://login.example/a/b/v2.0", None),
        ("https://login.example/{tenant}/v2.0", None),
        ("https://login.example//v2.0", None),
        ("https://login.example/v2.0", None),
        ("https://login.example/a/v2.0/", None),
        ("https://login.example.evil/a/v2.0", None),
        ("https://login.example/a/v2", None),
    ] {
        assert_eq!(pattern.segment(iss), segment, "{iss}");
    }
    for (iss, is_taken) in [
        (Some("https://login.example/a/v2.0"), true),
        (Some("https://login.example/c/v2.0"), false),
        (Some("https://login.example/v2.0"), false),
        (None, false),
    ] {
        assert_eq!(config.issuers[0].issuer.takes(iss), is_taken, "{iss:?}");
    }
}

#[test]
fn each_token_is_one_issuers() {
    let issuer = |name: &str, more: Value| {
        let mut issuer = json!({"name": name, "jwks": {"keys": [key()]}, "audiences": ["a"]});
        issuer
            .as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        issuer
    };
    let pattern = |name: &str, issuer_text: &str, segment: Value| {
        issuer(name, json!({"issuer": issuer_text, "issuerSegment": segment}))
    };
    let any = json!({"equalsClaim": "tid"});
    let exact = issuer("exact", json!({"issuer": "https://login.example/acme/v2.0"}));
    refuses(
        &json!({"issuers": [exact, pattern("b", "https://login.example/{t}/v2.0", json!({"in": ["x", "acme"]}))]}),
        "issuers[1].issuerSegment.in",
        "`https://login.example/acme/v2.0` is already the issuer of `issuers[0].issuer`; give each its own",
    );
    for other in ["https://login.example/{other}/v2.0", "https://login.example/acme/{version}"] {
        refuses(
            &json!({"issuers": [
                pattern("a", "https://login.example/{t}/v2.0", any.clone()), pattern("b", other, any.clone())]}),
            "issuers[1].issuer",
            "an `iss` can fit this and the issuer of `issuers[0]`; join them",
        );
    }
    accepts(&json!({"issuers": [
        exact, pattern("a", "https://login.example/{t}/v2.0", any.clone()),
        pattern("b", "https://login.example/{t}/v1.0", any.clone()), pattern("c", "https://login.example/{t}", any)]}));
    let unnamed = |name: &str, places: Value| {
        let mut unnamed = issuer(name, json!({"issuer": null}));
        unnamed
            .as_object_mut()
            .expect("an object")
            .extend(places.as_object().expect("an object").clone());
        unnamed
    };
    let own = unnamed("own", json!({"fromHeaders": [{"name": "x-old"}], "fromCookies": ["old"]}));
    let config = accepts(&json!({"issuers": [exact, own]}));
    assert_eq!(config.issuers[1].issuer, IssuerId::Absent);
    accepts(&json!({"issuers": [unnamed("alone", json!({}))]}));
    for places in [
        json!({}),
        json!({"fromHeaders": [{"name": "Authorization"}]}),
        json!({"fromHeaders": [{"name": "x-old"}]}),
        json!({"fromCookies": ["old"]}),
        json!({"fromCookies": [{"name": "old", "chunked": true}]}),
    ] {
        let errors = errors(&json!({"issuers": [exact, own, unnamed("b", places.clone())]}));
        let places: Vec<&str> = errors.iter().map(|(at, _)| at.as_str()).collect();
        assert!(places.contains(&"issuers[2].issuer"), "{places:?}");
    }
}

#[test]
fn a_missing_issuer_is_no_null() {
    let document = json!({"issuers": [{"name": "a", "jwks": {"keys": [key()]}}]});
    refuses(&document, "issuers[0]", "`issuer` is missing");
}

#[test]
fn an_age_asks_for_a_date() {
    let config = accepts(&with_issuer(json!({"maxAge": "1h"})));
    assert_eq!(config.issuers[0].max_age, Some(Duration::from_secs(3600)));
    assert!(config.issuers[0].require_issued_at);
    assert!(accepts(&with_issuer(json!({"requireIssuedAt": true}))).issuers[0].require_issued_at);
    assert!(!accepts(&with_issuer(json!({}))).issuers[0].require_issued_at);
}

#[test]
fn a_prefix_of_subjects_is_written_as_it_is() {
    let config = accepts(&with_issuer(json!({"subjectPrefix": "partner:"})));
    assert_eq!(config.issuers[0].subject_prefix, "partner:");
    assert_eq!(accepts(&with_issuer(json!({}))).issuers[0].subject_prefix, "");
    for wrong in ["", "a b", "\u{e4}:", &"a".repeat(65)] {
        refuses(
            &with_issuer(json!({"subjectPrefix": wrong})),
            "issuers[0].subjectPrefix",
            "a subject's prefix has 1 to 64 bytes of visible ASCII, such as `partner:`; leave it out for none",
        );
    }
}
