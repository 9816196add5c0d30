use super::{Compact, Jws, LastHeader};
use crate::token::testing::{claims, compact, token};
use crate::{Cause, Detail, Reason};
use attache_plugin_config::{Algorithm, Padding};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

fn parse(header: &str, payload: &str) -> Result<(), Reason> {
    read(&format!("{}.{}.AA", encode(header), encode(payload)))
}

fn read(token: &str) -> Result<(), Reason> {
    Jws::parse(token.as_bytes()).map(drop).map_err(|cause| cause.reason)
}

#[test]
fn a_token_is_taken_apart() {
    let header = r#"{"alg":"ES256","kid":"k","typ":"at+jwt","jwk":{"kty":"oct"},"jku":"https://evil.example"}"#;
    let text = compact(Algorithm::ES256, header, &claims().to_string());
    let jws = Jws::parse(text.as_bytes()).unwrap();
    assert_eq!(jws.algorithm(), Some(Algorithm::ES256));
    assert_eq!((jws.key_id(), jws.token_type()), (Some("k"), Some("at+jwt")));
    assert_eq!(jws.issuer(), Some("https://issuer.example"));
    assert_eq!(jws.claims().subject(), Some("user:ann"));
    assert_eq!(jws.payload_base64(), encode(&claims().to_string()));
    assert_eq!(jws.compact().signature().len(), 64);
    assert!(text.starts_with(str::from_utf8(jws.compact().signing_input()).unwrap()));
}

#[test]
fn headers_that_ask_for_more_than_rfc_7515_are_malformed() {
    for (header, why) in [
        (r#"{"alg":"HS256","crit":["exp"],"exp":1}"#, "crit with a name"),
        (r#"{"alg":"HS256","crit":[]}"#, "crit with nothing in it"),
        (r#"{"alg":"HS256","crit":null}"#, "crit of null"),
        (r#"{"alg":"HS256","b64":true}"#, "b64, though it changes nothing"),
        (r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#, "an unencoded payload"),
        (r#"{"alg":"HS256","\u0063rit":["b64"]}"#, "crit, spelled differently"),
        (r#"{"alg":"HS256","alg":"HS256"}"#, "a member twice"),
        (r#"{"alg":"HS256","jwk":{"kty":"oct","kty":"oct"}}"#, "a member twice, deep down"),
        (r#"{"typ":"JWT"}"#, "no alg"),
        (r#"{"alg":null}"#, "alg of null"),
        (r#"{"alg":["HS256"]}"#, "a list for alg"),
        (r#"{"alg":"HS256","kid":7}"#, "a number for kid"),
        (r#"{"alg":"HS256","typ":null}"#, "null for typ"),
        (r#"["HS256"]"#, "a list"),
        (r#"{"alg":"HS256"} "x""#, "text after the object"),
        ("", "nothing"),
    ] {
        assert_eq!(parse(header, "{}"), Err(Reason::TokenMalformed), "{why}");
    }
    assert_eq!(
        parse(r#"{"alg":"none"}"#, "{}"),
        Ok(()),
        "whether an algorithm will do is the issuer's to say"
    );
}

#[test]
fn payloads_that_are_no_claims_set_are_malformed() {
    for (payload, why) in [
        (r#"{"sub":"a","sub":"b"}"#, "a claim twice"),
        (r#"{"a":{"b":[{"c":1,"c":1}]}}"#, "a member twice, deep down"),
        (r#"{"exp":"1700000000"}"#, "a time in a string"),
        (r#"{"exp":1e400}"#, "a time past every double"),
        (r#"{"exp":null}"#, "a time of null"),
        (r#"{"nbf":true}"#, "a Boolean for a time"),
        (r#"{"iss":["https://issuer.example"]}"#, "a list for iss"),
        (r#"{"iss":null}"#, "null for iss"),
        (r#"{"sub":7}"#, "a number for sub"),
        (r#"{"jti":{}}"#, "an object for jti"),
        (r#"{"aud":7}"#, "a number for aud"),
        (r#"{"aud":["mesh",7]}"#, "a number in aud"),
        (r#"{"aud":[["mesh"]]}"#, "a list in aud"),
        (r#"{"aud":{"mesh":1}}"#, "an object for aud"),
        ("[]", "a list"),
        ("\"foo\"", "a string"),
        ("foo", "no JSON"),
        ("{}x", "text after the object"),
        ("\u{feff}{}", "a byte order mark"),
        ("", "nothing, as in a detached payload"),
    ] {
        assert_eq!(parse(r#"{"alg":"HS256"}"#, payload), Err(Reason::TokenMalformed), "{why}");
    }
    for claims in [
        r#"{"exp":9007199254740991,"nbf":0,"aud":[]}"#,
        r#"{"exp":1.5,"nbf":1700000000.0,"iat":1e9}"#,
        r#"{"exp":1e300,"nbf":-1,"iat":"now"}"#,
        r#"{"iat":null,"x":1e30,"y":[123456789012345678901234567890]}"#,
    ] {
        assert_eq!(parse(r#"{"alg":"HS256"}"#, claims), Ok(()), "{claims}");
    }
}

#[test]
fn only_three_parts_of_canonical_base64url_are_a_token() {
    let good = token(Algorithm::HS256, &claims());
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("three parts") };
    for (text, why) in [
        (format!("{header}.{payload}"), "two parts"),
        (format!("{good}.{signature}"), "four parts"),
        (format!("{header}..{payload}.{signature}.{signature}"), "the five parts of a JWE"),
        (".".repeat(100_000), "100,000 dots"),
        (format!("{header}.{payload}.{signature}="), "padding"),
        (format!("{header}=.{payload}.{signature}"), "padding of the header"),
        (format!(" {good}"), "a leading space"),
        (format!("{good}\n"), "a line break"),
        (format!("{header}.{payload}.{signature}?"), "a foreign character"),
        (format!("{header}.{payload}.+/{signature}"), "characters of plain base64"),
        (format!("{header}.{payload}é.{signature}"), "a character outside ASCII"),
        (format!(".{payload}.{signature}"), "an empty header"),
        (format!("{header}..{signature}"), "an empty payload"),
        (String::new(), "nothing"),
    ] {
        assert_eq!(read(&text), Err(Reason::TokenMalformed), "{why}");
    }
    let invalid = Jws::parse(b"\xff.\xff.\xff").map(drop);
    assert_eq!(invalid, Err(Detail::TokenNotText.into()), "invalid UTF-8");
}

#[test]
fn every_way_to_be_malformed_has_a_word_of_its_own() {
    let made = |header: &str, payload: &str| format!("{}.{}.AA", encode(header), encode(payload));
    let with_header = |header: &str| made(header, "{}");
    let with_payload = |payload: &str| made(r#"{"alg":"HS256"}"#, payload);
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(40), "]".repeat(40));
    for (token, detail, at_fault) in [
        (String::new(), Detail::TokenEmpty, None),
        ("a.b".to_owned(), Detail::PartsNotThree, None),
        ("a.b.c.d".to_owned(), Detail::PartsNotThree, None),
        ("a.b.c.d.e.f".to_owned(), Detail::PartsNotThree, None),
        ("a.b.c.d.e".to_owned(), Detail::TokenEncrypted, None),
        ("e30=.e30.AA".to_owned(), Detail::HeaderNotBase64Url, None),
        (with_header("alg"), Detail::HeaderNotJson, None),
        (with_header(r#"{"alg":"HS256","alg":"HS256"}"#), Detail::HeaderDuplicateMember, None),
        (with_header(&deep), Detail::HeaderTooDeep, None),
        (with_header("{}"), Detail::HeaderWithoutAlgorithm, None),
        (with_header(r#"{"alg":"HS256","kid":7}"#), Detail::HeaderMemberNotText, Some("kid")),
        (with_header(r#"{"alg":"HS256","crit":[]}"#), Detail::HeaderCritical, None),
        (with_header(r#"{"alg":"HS256","b64":true}"#), Detail::HeaderUnencodedPayload, None),
        (with_payload("{}").replace(".e30.", ".e30=."), Detail::PayloadNotBase64Url, None),
        (with_payload("[]"), Detail::PayloadNotJson, None),
        (with_payload(r#"{"sub":"a","sub":"b"}"#), Detail::PayloadDuplicateMember, None),
        (with_payload(&deep), Detail::PayloadTooDeep, None),
        (with_payload(r#"{"exp":"soon"}"#), Detail::TimeNotANumber, Some("exp")),
        (with_payload(r#"{"sub":7}"#), Detail::ClaimNotText, Some("sub")),
        (with_payload(r#"{"aud":[7]}"#), Detail::AudienceNotText, Some("aud")),
        (format!("{}=", with_payload("{}")), Detail::SignatureNotBase64Url, None),
    ] {
        let cause = Jws::parse(token.as_bytes()).unwrap_err();
        assert_eq!(cause.detail, Some(detail), "{token}");
        assert_eq!(cause.header().or(cause.claim()), at_fault, "{detail}");
    }
}

#[test]
fn what_iss_says_is_told_even_if_another_claim_is_malformed() {
    for payload in
        [r#"{"iss":"https://a.example","exp":"soon"}"#, r#"{"aud":7,"iss":"https://a.example"}"#]
    {
        let token = format!("{}.{}.AA", encode(r#"{"alg":"HS256"}"#), encode(payload));
        let cause = Jws::parse(token.as_bytes()).unwrap_err();
        assert_eq!(cause.unverified_issuer(), Some("https://a.example"), "{payload}");
    }
}

#[test]
fn a_key_of_the_gateway_is_told_from_a_broken_token() {
    for opaque in ["5d1b0a9e4c3f", "eyJvcmciOiJhY21lIiwiaWQiOiI0MiJ9", "a b"] {
        assert_eq!(read(opaque), Err(Reason::TokenOpaque), "{opaque}");
    }
}

#[test]
fn every_respelling_of_a_signature_is_refused() {
    let good = token(Algorithm::HS256, &claims());
    let last = good.chars().last().unwrap();
    let body = good.strip_suffix(last).unwrap();
    let alphabet = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']);
    let signature = Compact::parse(good.as_bytes()).unwrap().signature().to_vec();
    let mut read = 0_u32;
    for other in alphabet.filter(|&other| other != last) {
        if let Ok(respelled) = Compact::parse(format!("{body}{other}").as_bytes()) {
            assert_ne!(respelled.signature(), signature, "{other}");
            read += 1;
        }
    }
    // 32 bytes end in a character of four bits: 16 of 64 are canonical, one of them is the token's
    // own.
    assert_eq!(read, 15);
}

#[test]
fn a_header_that_was_read_before_stands_for_itself_alone() {
    let payload = URL_SAFE_NO_PAD.encode(r#"{"sub":"alice"}"#);
    let token = |header: &str| format!("{}.{payload}.c2ln", URL_SAFE_NO_PAD.encode(header));
    let last = LastHeader::default();
    for header in [
        r#"{"alg":"RS256","kid":"a"}"#,
        r#"{"alg":"RS256","kid":"a"}"#,
        r#"{"alg":"RS256","kid":"b"}"#,
        r#"{"alg":"RS256","kid":"b","crit":[]}"#,
        r#"{"alg":"RS256","kid":"b","kid":"a"}"#,
        r#"{"alg":"RS256","kid":"b"}"#,
        r#"{"alg":"none","kid":"b"}"#,
        "",
        r#"{"alg":"RS256","kid":"a"}"#,
    ] {
        let token = token(header);
        let read =
            |parsed: Result<Jws<'_>, Cause>| parsed.map(|jws| jws.compact().header().clone());
        let fresh = read(Jws::parse(token.as_bytes()));
        assert_eq!(
            read(Jws::parse_with(token.as_bytes(), &last, Padding::Refused)),
            fresh,
            "{header}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Jws::parse(&bytes);
    }

    #[test]
    fn no_json_makes_the_parser_panic(
        header in r#"\{("(alg|kid|typ|crit|b64|x)":("HS256"|null|1|\[\]|\{\}),?){0,3}\}"#,
        payload in r#"\{("(iss|aud|exp|nbf|x)":("a"|null|1|-1|1.5|\["a"\]|\{\}),?){0,3}\}"#,
    ) {
        let _ = parse(&header, &payload);
    }
}
