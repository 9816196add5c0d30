//! The JOSE cookbook (RFC 7520), RFC 8037 and RFC 7797, as the working group published them.

use super::{Tally, accepts, keys, read_json};
use attache_engine::token::{Compact, Jws};
use attache_engine::{Detail, Reason};
use attache_test_vectors::published;
use serde_json::Value;

/// The public half of a key: private members are for other tests.
fn public(key: &Value) -> Value {
    let mut key = key.clone();
    if key["kty"] != "oct" {
        key.as_object_mut()
            .unwrap()
            .retain(|name, _| !["d", "p", "q", "dp", "dq", "qi"].contains(&name.as_str()));
    }
    key
}

#[test]
fn compact_signatures_are_verified() {
    let Some(cookbook) = published("ietf-jose-cookbook") else { return };
    let mut tally = Tally::new(&[
        (
            "jws/4_5.signature_with_detached_content.json",
            "the payload is not in the token, so it is not signed for",
        ),
        (
            "rfc7797/hmac-sha2_b64_false.json",
            "`b64` is refused: a JWT's payload is base64url (RFC 7797 section 7)",
        ),
    ]);
    for file in [
        "jws/4_1.rsa_v15_signature.json",
        "jws/4_2.rsa-pss_signature.json",
        "jws/4_3.ecdsa_signature.json",
        "jws/4_4.hmac-sha2_integrity_protection.json",
        "jws/4_5.signature_with_detached_content.json",
        "curve25519/jws.json",
        "rfc7797/hmac-sha2_b64_false.json",
    ] {
        let example = read_json(&cookbook.join(file));
        let mut key = public(&example["input"]["key"]);
        if key.get("alg").is_none() {
            key["alg"] = example["input"]["alg"].clone();
        }
        let keys = keys(&key).unwrap_or_else(|| panic!("{file}: the key can't be used"));
        let token = example["output"]["compact"]
            .as_str()
            .unwrap_or_else(|| panic!("{file}: no compact form"));
        tally.note(file, "", accepts(&keys, token), true);
    }
    tally.finish(5);
}

#[test]
fn a_detached_payload_is_no_jwt() {
    let Some(cookbook) = published("ietf-jose-cookbook") else { return };
    let example = read_json(&cookbook.join("jws/4_5.signature_with_detached_content.json"));
    let token = example["output"]["compact"].as_str().unwrap();
    assert_eq!(Jws::parse(token.as_bytes()).map(drop), Err(Detail::PayloadNotJson.into()));
}

#[test]
fn other_serializations_are_malformed() {
    let Some(cookbook) = published("ietf-jose-cookbook") else { return };
    for file in [
        "rfc7797/4.2.hmac-sha2_b64_false.json",
        "jws/4_1.rsa_v15_signature.json",
        "jws/4_6.protecting_specific_header_fields.json",
        "jws/4_7.protecting_content_only.json",
        "jws/4_8.multiple_signatures.json",
    ] {
        let example = read_json(&cookbook.join(file));
        for form in ["json", "json_flat"] {
            if let Some(object) = example["output"].get(form) {
                let refused = Compact::parse(object.to_string().as_bytes()).map(drop).unwrap_err();
                assert!(
                    matches!(refused.reason, Reason::TokenMalformed | Reason::TokenOpaque),
                    "{file}: {form}"
                );
            }
        }
    }
}

#[test]
fn a_signed_token_inside_an_encrypted_one_is_good_and_the_outer_one_malformed() {
    let Some(cookbook) = published("ietf-jose-cookbook") else { return };
    let example = read_json(&cookbook.join("6.nesting_signatures_and_encryption.json"));
    let mut key = public(&example["sign"]["input"]["key"]);
    key["alg"] = example["sign"]["input"]["alg"].clone();
    let inner = example["sign"]["output"]["compact"].as_str().unwrap();
    assert!(accepts(&keys(&key).unwrap(), inner));
    assert_eq!(Jws::parse(inner.as_bytes()).unwrap().issuer(), Some("hobbiton.example"));
    let outer = example["encrypt"]["output"]["compact"].as_str().unwrap();
    assert_eq!(Compact::parse(outer.as_bytes()).map(drop), Err(Detail::TokenEncrypted.into()));
}

#[test]
fn public_keys_are_read_and_private_ones_refused() {
    let Some(cookbook) = published("ietf-jose-cookbook") else { return };
    let read = |name: &str| keys(&read_json(&cookbook.join("jwk").join(name)));
    assert!(read("3_1.ec_public_key.json").is_some());
    assert!(read("3_2.ec_private_key.json").is_none());
    assert!(read("3_3.rsa_public_key.json").is_some());
    assert!(read("3_4.rsa_private_key.json").is_none());
    assert!(read("3_5.symmetric_key_mac_computation.json").is_some());
    assert!(read("3_6.symmetric_key_encryption.json").is_none());
}
