use super::Claims;
use crate::token::testing::path;
use attache_plugin_config::ClaimPath;
use serde_json::{Value, json};

fn claims(value: Value) -> Claims {
    let Value::Object(members) = value else { panic!("an object") };
    Claims::from_json(members).unwrap()
}

#[test]
fn a_path_goes_through_objects_only() {
    let claims = claims(json!({
        "realm_access": {"roles": ["a"]}, "https://example.com/tenant": "t", "none": null, "deep": {"none": null},
    }));
    assert_eq!(claims.get(&path("realm_access.roles")), Some(&json!(["a"])));
    assert_eq!(
        claims.get(&ClaimPath::new(vec!["https://example.com/tenant".into()]).unwrap()),
        Some(&json!("t"))
    );
    for absent in
        ["x", "realm_access.x", "realm_access.roles.0", "none", "deep.none", "deep.none.x"]
    {
        assert_eq!(claims.get(&path(absent)), None, "{absent}");
    }
}

#[test]
fn any_number_is_a_time() {
    for (value, seconds) in [
        (json!(1_790_000_000), 1_790_000_000),
        (json!(1_790_000_000.0), 1_790_000_000),
        (json!(1_790_000_000.999), 1_790_000_000),
        (json!(1.79e9), 1_790_000_000),
        (json!(0.5), 0),
        (json!(-0.5), 0),
        (json!(-1), 0),
        (json!(i64::MIN), 0),
        (json!(-1e300), 0),
        (json!(u64::MAX), u64::MAX),
        (json!(1e300), u64::MAX),
    ] {
        let times = claims(json!({"exp": value, "nbf": value, "iat": value})).times();
        let expected = Some(seconds);
        assert_eq!(
            (times.expires, times.not_before, times.issued_at),
            (expected, expected, expected),
            "{value}"
        );
    }
}

#[test]
fn what_is_no_number_is_no_time() {
    for value in [json!("1790000000"), json!(null), json!(true), json!([1]), json!({})] {
        for name in ["exp", "nbf"] {
            let Value::Object(members) = json!({ name: value }) else { panic!("an object") };
            assert!(Claims::from_json(members).is_err(), "{name}: {value}");
        }
        assert_eq!(claims(json!({"iat": value})).times().issued_at, None, "iat: {value}");
    }
}

#[test]
fn registered_claims_have_their_own_ways_in() {
    let one = claims(json!({"iss": "i", "sub": "s", "jti": "j", "aud": "a", "exp": 2, "nbf": 1}));
    assert_eq!((one.issuer(), one.subject(), one.token_id()), (Some("i"), Some("s"), Some("j")));
    assert_eq!(one.audiences().collect::<Vec<_>>(), ["a"]);
    assert_eq!((one.times().expires, one.times().not_before), (Some(2), Some(1)));
    let none = claims(json!({"aud": ["a", "b"]}));
    assert_eq!((none.issuer(), none.subject(), none.token_id()), (None, None, None));
    assert_eq!(none.audiences().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(claims(json!({})).audiences().count(), 0);
}
