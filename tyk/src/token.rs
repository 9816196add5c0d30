//! Looks into JWTs without trusting them: to find a client's own tokens, and to read what somebody
//! else has verified.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;

/// Takes more than a verifier would: what it misses would pass.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Returns the payload of a JWT in compact form; its signature is not looked at.
pub fn payload(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    match parts.next() {
        Some(_) => None,
        None => serde_json::from_slice(&LENIENT.decode(payload).ok()?).ok(),
    }
}

/// Returns whether a text is made up as a JWT is (RFC 7515 section 7.1), and so can be put into a
/// header as it is.
pub fn is_compact(token: &str) -> bool {
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let mut parts = token.split('.');
    parts.clone().count() == 3 && parts.all(|part| part.bytes().all(base64url))
}

/// A time of a JWT, in whole seconds of Unix time (RFC 7519 section 2); what is no time is long
/// over.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, and 0 for NaN and less"
)]
pub fn numeric_date(claims: &Map<String, Value>, name: &str) -> Option<u64> {
    claims.get(name)?.as_f64().map(|time| time as u64)
}

/// Returns whether a text holds, anywhere in it, something that a verifier could take for a token
/// of one of these issuers.
pub fn holds_token_of(issuers: &BTreeSet<String>, text: &str) -> bool {
    let base64url = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.split(|c| !base64url(c)).filter(|part| may_be_json(part)).any(|part| {
        let claims = LENIENT
            .decode(part)
            .ok()
            .and_then(|json| serde_json::from_slice::<Issuers>(&json).ok());
        claims.is_some_and(|claims| claims.0.iter().any(|issuer| issuers.contains(issuer)))
    })
}

/// Returns whether base64url text begins as `{` or JSON white space does.
fn may_be_json(part: &str) -> bool {
    part.len() > 8 && part.starts_with(['e', 'I', 'C', 'D'])
}

/// Every `iss` of an object, should it have more than one.
struct Issuers(Vec<String>);

impl<'de> Deserialize<'de> for Issuers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(IssuersVisitor)
    }
}

struct IssuersVisitor;

impl<'de> Visitor<'de> for IssuersVisitor {
    type Value = Issuers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Issuers, A::Error> {
        let mut issuers = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == "iss" {
                if let Value::String(issuer) = map.next_value()? {
                    issuers.push(issuer);
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Issuers(issuers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded() -> BTreeSet<String> {
        ["https://tyk.example.com".to_owned()].into()
    }

    fn token(payload: &str) -> String {
        let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.c2ln", part(r#"{"alg":"none"}"#), part(payload))
    }

    #[test]
    fn a_guarded_token_is_seen_wherever_it_stands() {
        for payload in [
            r#"{"iss":"https://tyk.example.com"}"#,
            r#"{"sub":"a","\u0069ss":"https:\/\/tyk.example.com"}"#,
            "\n {\"iss\":\"https://tyk.example.com\"}",
            r#"{"iss":"https://tyk.example.com","iss":"other"}"#,
            r#"{"iss":"other","iss":"https://tyk.example.com"}"#,
        ] {
            let token = token(payload);
            for text in [
                token.clone(),
                format!("Bearer {token}"),
                format!("a=b; t={token}=; c"),
                format!("x.{token}.y"),
            ] {
                assert!(holds_token_of(&guarded(), &text), "{payload} in {text}");
            }
        }
    }

    #[test]
    fn other_texts_are_left_alone() {
        for text in [
            "",
            "Bearer e30.e30.e30",
            "eyJpc3MiOiJodHRwczovL3R5ay5leGFtcGxl",
            &token(r#"{"iss":"https://elsewhere.example.com"}"#),
            &token(r#"{"iss":["https://tyk.example.com"]}"#),
            &token("no json"),
        ] {
            assert!(!holds_token_of(&guarded(), text), "{text}");
        }
    }

    #[test]
    fn a_payload_has_three_parts() {
        assert_eq!(payload(&token(r#"{"sub":"a"}"#)).unwrap()["sub"], "a");
        assert_eq!(payload("a.b"), None);
        assert_eq!(payload(&format!("{}.d.e", token("{}"))), None);
    }
}
