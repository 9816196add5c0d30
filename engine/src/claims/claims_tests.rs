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
    assert_eq!(claims.get(&ClaimPath(vec!["https://example.com/tenant".into()])), Some(&json!("t")));
    for absent in ["x", "realm_access.x", "realm_access.roles.0", "none", "deep.none", "deep.none.x"] {
        assert_eq!(claims.get(&path(absent)), None, "{absent}");
    }
    assert_eq!(claims.get(&ClaimPath(vec![])), None);
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
