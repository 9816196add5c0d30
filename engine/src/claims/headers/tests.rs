use super::{Unwritable, identity_headers};
use crate::claims::Claims;
use crate::token::testing::{issuer, path};
use crate::{Cause, Detail};
use attache_plugin_config::{Algorithm, ClaimToHeader, HeaderFormat, HeaderName, OnUnwritable};
use serde_json::{Value, json};

fn header(name: &str) -> HeaderName {
    HeaderName::new(name).unwrap()
}

fn write(
    claims: Value,
    mapping: &[(&str, &str, Option<HeaderFormat>)],
    payload: Option<&str>,
) -> Result<Vec<(String, String)>, Unwritable> {
    write_or(OnUnwritable::Deny, claims, mapping, payload)
}

fn write_or(
    on_unwritable: OnUnwritable,
    claims: Value,
    mapping: &[(&str, &str, Option<HeaderFormat>)],
    payload: Option<&str>,
) -> Result<Vec<(String, String)>, Unwritable> {
    let mut issuer = issuer(Algorithm::ES256);
    issuer.output_payload_to_header = payload.map(|_| header("x-payload"));
    issuer.output_claim_to_headers = mapping
        .iter()
        .map(|&(name, claim, format)| ClaimToHeader {
            header: header(name),
            claim: path(claim),
            format,
            contains: None,
            on_unwritable,
        })
        .collect();
    let Value::Object(members) = claims else { panic!("an object") };
    let Ok(claims) = Claims::from_json(members) else { panic!("a claims set") };
    let headers = identity_headers(&issuer, &claims, payload.unwrap_or_default())?;
    Ok(headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8(value.to_vec()).unwrap()))
        .collect())
}

#[test]
fn headers_come_in_the_order_of_the_entry_with_the_payload_first() {
    let claims = json!({"sub": "ann", "realm_access": {"roles": ["a", "b"]}, "level": 3});
    let mapping = [
        ("x-user", "sub", None),
        ("x-roles", "realm_access.roles", None),
        ("x-level", "level", None),
    ];
    let headers = write(claims, &mapping, Some("e30")).unwrap();
    let expected = [("x-payload", "e30"), ("x-user", "ann"), ("x-roles", "a,b"), ("x-level", "3")];
    assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn nothing_to_say_leaves_the_header_away() {
    for claims in
        [json!({}), json!({"x": null}), json!({"x": ""}), json!({"x": []}), json!({"x": [null]})]
    {
        assert_eq!(write(claims.clone(), &[("x-x", "x", None)], None), Ok(vec![]), "{claims}");
    }
    let empty_list =
        write(json!({"x": []}), &[("x-x", "x", Some(HeaderFormat::Json))], None).unwrap();
    assert_eq!(empty_list, [("x-x".to_owned(), "[]".to_owned())]);
}

#[test]
fn a_value_that_could_tear_a_header_is_unwritable() {
    let long = "a".repeat(8 * 1024);
    let csv = Some(HeaderFormat::Csv);
    for (value, format, detail, why) in [
        (json!("a\r\nx-admin: yes"), None, Detail::ValueNotAscii, "a line break"),
        (json!("a\u{0}"), None, Detail::ValueNotAscii, "a NUL"),
        (json!("a\tb"), None, Detail::ValueNotAscii, "a tab"),
        (json!("a\u{7f}"), None, Detail::ValueNotAscii, "DEL"),
        (json!("José"), None, Detail::ValueNotAscii, "a letter outside ASCII"),
        (json!(" ann"), None, Detail::ValueNotAscii, "a leading space"),
        (json!("ann "), None, Detail::ValueNotAscii, "a trailing space"),
        (json!(" "), None, Detail::ValueNotAscii, "a space alone"),
        (json!(format!("{long}a")), None, Detail::ValueTooLong, "a byte too many"),
        (json!("é".repeat(1400)), csv, Detail::ValueTooLong, "8 KiB and more once encoded"),
        (json!({"a": 1}), csv, Detail::ValueUnfitForFormat, "an object as CSV"),
    ] {
        let unwritable = write(json!({ "x": value }), &[("x-x", "x", format)], None).unwrap_err();
        let expected = Unwritable { header: header("x-x"), claim: Some(path("x")), detail };
        assert_eq!(unwritable, expected, "{why}");
    }
    assert!(write(json!({"x": long}), &[("x-x", "x", None)], None).is_ok(), "exactly 8 KiB");
    assert!(
        write(json!({"x": "José\r\n"}), &[("x-x", "x", csv)], None).is_ok(),
        "CSV encodes them"
    );
}

#[test]
fn a_header_that_may_be_left_away_is_never_torn() {
    let mapping = [("x-user", "sub", None), ("x-name", "name", None), ("x-mail", "mail", None)];
    for name in [json!("Zo\u{eb}"), json!("a\r\nx-admin: yes"), json!("a".repeat(9000))] {
        let claims = json!({"sub": "zoe", "name": name, "mail": "zoe@example.com"});
        let written = write_or(OnUnwritable::Omit, claims, &mapping, None).unwrap();
        let expected = [("x-user", "zoe"), ("x-mail", "zoe@example.com")];
        assert_eq!(
            written,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned())),
            "{name}"
        );
    }
    let payload = write_or(OnUnwritable::Omit, json!({}), &mapping, Some(&"a".repeat(9000)));
    assert!(payload.is_err(), "the payload is no claim");
}

/// Returns what `x-auditor`, which looks for `auditor` in `roles`, says; no text: there is no such
/// header.
fn auditor(roles: Value) -> Result<Option<String>, Detail> {
    let mut issuer = issuer(Algorithm::ES256);
    issuer.output_claim_to_headers = vec![ClaimToHeader {
        header: header("x-auditor"),
        claim: path("roles"),
        format: None,
        contains: Some("auditor".to_owned()),
        on_unwritable: OnUnwritable::Deny,
    }];
    let Value::Object(members) = json!({ "roles": roles }) else { panic!("an object") };
    let Ok(claims) = Claims::from_json(members) else { panic!("a claims set") };
    let headers = identity_headers(&issuer, &claims, "").map_err(|unwritable| unwritable.detail)?;
    Ok(headers.first().map(|(_, value)| String::from_utf8(value.to_vec()).unwrap()))
}

#[test]
fn a_header_tells_of_one_element_wherever_it_stands() {
    let yes = Ok(Some("true".to_owned()));
    for roles in [
        json!(["auditor"]),
        json!(["a", "auditor", "zed"]),
        json!(["a", "auditor"]),
        json!("auditor"),
    ] {
        assert_eq!(auditor(roles.clone()), yes, "{roles}");
    }
    for roles in [
        json!([]),
        json!(["auditors", "Auditor", "a,auditor,b", ["auditor"], {"auditor": true}, null]),
        json!("a auditor"),
        json!(true),
        json!(null),
    ] {
        assert_eq!(auditor(roles.clone()), Ok(None), "{roles}");
    }
    assert_eq!(
        auditor(json!({"auditor": true})),
        Err(Detail::ValueUnfitForFormat),
        "an object is no list"
    );
}

#[test]
fn what_is_unwritable_is_named_without_its_value() {
    let unwritable = write(json!({"x": "secret\n"}), &[("x-x", "x", None)], None).unwrap_err();
    assert_eq!(unwritable.to_string(), "claim `x` can't be written into header `x-x`");
    let cause = Cause::from(unwritable);
    assert_eq!(
        (cause.detail, cause.claim(), cause.header()),
        (Some(Detail::ValueNotAscii), Some("x"), Some("x-x"))
    );
    let unwritable = write(json!({}), &[], Some(&"a".repeat(9000))).unwrap_err();
    assert_eq!(unwritable.to_string(), "the payload can't be written into header `x-payload`");
}
