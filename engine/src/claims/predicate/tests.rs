use super::{NoRequest, Predicate, RequestValues};
use crate::token::testing::path;
use attache_plugin_config::{ClaimPath, HeaderName, Regex, Scalar, StringMatch, Test};
use serde_json::{Value, json};

struct Request;

impl RequestValues for Request {
    fn path_segment_is(&self, name: &str, text: &str) -> bool {
        matches!((name, text), ("id", "ann") | ("number", "12345") | ("flag", "true"))
    }

    fn header(&self, name: &HeaderName) -> Option<&[u8]> {
        match name.as_str() {
            "x-user" => Some(b"ann"),
            "x-number" => Some(b"12345"),
            "x-bytes" => Some(b"\xff"),
            _ => None,
        }
    }
}

fn text(text: &str) -> Scalar {
    Scalar::String(text.into())
}

fn holds(test: &Test, value: &Value) -> bool {
    let others = json!({"owner": "ann", "level": 3.0, "text": "12345", "flag": "true", "list": ["ann"], "none": null});
    let other = |path: &ClaimPath| others.get(&path.steps()[0]);
    Predicate::compile(test).holds(Some(value), other, &Request)
}

#[test]
fn every_test_knows_what_it_asks_for() {
    let header = |name| Test::EqualsHeader(HeaderName::new(name).unwrap());
    let matches = |regex| Test::Matches(Regex::new(regex).unwrap());
    let cases: &[(Test, &[Value], &[Value])] = &[
        (
            Test::Equals(text("a")),
            &[json!("a"), json!(["b", "a"])],
            &[json!("A"), json!("ab"), json!({"a": 1}), json!([]), json!([["a"]]), json!(null)],
        ),
        (
            Test::Equals(Scalar::Number(1.0)),
            &[json!(1), json!(1.0), json!([2, 1])],
            &[json!("1"), json!(true)],
        ),
        (
            Test::Equals(Scalar::Bool(true)),
            &[json!(true)],
            &[json!("true"), json!(1), json!(false)],
        ),
        (
            Test::Equals(Scalar::Number(9_007_199_254_740_992.0)),
            &[json!(9_007_199_254_740_992_u64)],
            &[json!(9_007_199_254_740_993_u64)],
        ),
        (
            Test::NotEquals(text("a")),
            &[json!("b"), json!(1), json!(null), json!([]), json!({"a": "a"})],
            &[json!("a"), json!(["b", "a"])],
        ),
        (
            Test::In(vec![text("a"), Scalar::Number(2.0)]),
            &[json!("a"), json!(2), json!(["x", 2])],
            &[json!("b")],
        ),
        (
            Test::NotIn(vec![text("a"), text("b")]),
            &[json!("c"), json!(null)],
            &[json!("b"), json!(["c", "a"])],
        ),
        (
            Test::Prefix("us".into()),
            &[json!("us"), json!("user"), json!(["x", "us"])],
            &[json!("u"), json!(1)],
        ),
        (Test::Suffix("er".into()), &[json!("user")], &[json!("users"), json!(null)]),
        (
            Test::Contains(text("a")),
            &[json!(["a"]), json!(["b", "a"])],
            &[json!("a"), json!("cab"), json!([]), json!({"a": "a"}), json!([["a"]])],
        ),
        (
            matches("a+|b"),
            &[json!("aa"), json!("b"), json!(["x", "a"])],
            &[json!("xa"), json!("ab"), json!("a\n"), json!(""), json!(1)],
        ),
        (
            Test::Exists(true),
            &[json!("a"), json!(false), json!(0), json!([]), json!({})],
            &[json!(null)],
        ),
        (Test::Exists(false), &[json!(null)], &[json!("a"), json!(false), json!([])]),
        (
            Test::LessThan(3.0),
            &[json!(2), json!(-1), json!(2.9), json!([5, 2])],
            &[json!(3), json!("2"), json!(null)],
        ),
        (
            Test::GreaterThan(3.0),
            &[json!(4), json!(3.1), json!(u64::MAX)],
            &[json!(3), json!("4"), json!(true)],
        ),
        (
            Test::EqualsPath("id".into()),
            &[json!("ann"), json!(["bob", "ann"])],
            &[json!("Ann"), json!(null)],
        ),
        (Test::EqualsPath("other".into()), &[], &[json!("ann"), json!(""), json!(null)]),
        (header("X-User"), &[json!("ann"), json!(["ann"])], &[json!("bob"), json!(null)]),
        (
            Test::EqualsPath("number".into()),
            &[json!("12345"), json!(12345), json!(12345.0), json!([1, 12345])],
            &[
                json!("012345"),
                json!("+12345"),
                json!("12345.0"),
                json!("1.2345e4"),
                json!(12345.5),
                json!(-12345),
                json!([[12345]]),
                json!({"12345": 12345}),
            ],
        ),
        (
            Test::EqualsPath("flag".into()),
            &[json!("true"), json!(true)],
            &[json!(false), json!(1), json!("True")],
        ),
        (
            header("x-number"),
            &[json!("12345"), json!(12345), json!(12345.0)],
            &[json!(1234), json!(true)],
        ),
        (
            Test::EqualsClaim(path("text")),
            &[json!("12345"), json!(12345), json!(12345.0), json!([12345])],
            &[json!("12345.0"), json!(12346), json!(true)],
        ),
        (Test::EqualsClaim(path("flag")), &[json!(true), json!("true")], &[json!(false), json!(1)]),
        (header("x-absent"), &[], &[json!(""), json!(null)]),
        (header("x-bytes"), &[], &[json!("\u{ff}"), json!("\u{fffd}")]),
        (
            Test::EqualsClaim(path("owner")),
            &[json!("ann"), json!(["bob", "ann"])],
            &[json!("bob"), json!(null)],
        ),
        (
            Test::EqualsClaim(path("level")),
            &[json!(3), json!(3.0), json!("3")],
            &[json!("3.0"), json!(4)],
        ),
        (
            Test::EqualsClaim(path("list")),
            &[json!(["ann"]), json!([["ann"]])],
            &[json!("ann"), json!(["bob"])],
        ),
        (Test::EqualsClaim(path("none")), &[], &[json!(null), json!("ann")]),
        (Test::EqualsClaim(path("absent")), &[], &[json!(null), json!("ann")]),
    ];
    for (test, yes, no) in cases {
        for value in *yes {
            assert!(holds(test, value), "{test:?} holds of {value}");
        }
        for value in *no {
            assert!(!holds(test, value), "{test:?} does not hold of {value}");
        }
        let of_nothing = Predicate::compile(test).holds(None, |_| None, &NoRequest);
        let expected = matches!(test, Test::Exists(false) | Test::NotEquals(_) | Test::NotIn(_));
        assert_eq!(of_nothing, expected, "{test:?} of an absent claim");
    }
}

#[test]
fn strings_match_as_in_istio() {
    let matches = |wanted: StringMatch, text: &str| wanted.matches(text);
    assert!(
        matches(StringMatch::Exact("a".into()), "a")
            && !matches(StringMatch::Exact("a".into()), "ab")
    );
    assert!(
        matches(StringMatch::Prefix("a".into()), "ab")
            && !matches(StringMatch::Prefix("a".into()), "ba")
    );
    assert!(
        matches(StringMatch::Suffix("a".into()), "ba")
            && !matches(StringMatch::Suffix("a".into()), "ab")
    );
    assert!(
        matches(StringMatch::Contains("a".into()), "bab")
            && !matches(StringMatch::Contains("a".into()), "b")
    );
    let regex = |text| StringMatch::Matches(Regex::new(text).unwrap());
    assert!(
        matches(regex("user:[a-z]+"), "user:ann") && !matches(regex("user:[a-z]+"), "xuser:ann")
    );
    assert!(!matches(regex("(?m)a"), "a\nb"), "anchors hold for the whole text, not for a line");
}
