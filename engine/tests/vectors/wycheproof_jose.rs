//! Wycheproof: JWS, JWK and JWE.

use super::{Exceptions, Tally, accepts, keys, read_json};
use attache_engine::Reason;
use attache_engine::token::Compact;
use attache_test_vectors::published;

fn run(file: &str, exceptions: Exceptions<'_, u64>, at_least: usize) {
    let mut tally = Tally::new(exceptions);
    let Some(path) = published(&format!("wycheproof/{file}")) else { return };
    let document = read_json(&path);
    for group in document["testGroups"].as_array().unwrap() {
        let keys = keys(group.get("public").unwrap_or(&group["private"]));
        for test in group["tests"].as_array().unwrap() {
            // Some vectors are in the JSON serialization, or JWEs: no compact JWS, nothing to
            // accept.
            let accepted = test["jws"]
                .as_str()
                .is_some_and(|token| keys.as_ref().is_some_and(|keys| accepts(keys, token)));
            let expected = test["result"] == "valid" && test.get("jwe").is_none();
            tally.note(
                test["tcId"].as_u64().unwrap(),
                test["comment"].as_str().unwrap_or_default(),
                accepted,
                expected,
            );
        }
    }
    tally.finish(at_least);
}

#[test]
fn json_web_signatures() {
    let exceptions = &[
        (346, "a PS384 token; the key's `alg` says PS256"),
        (347, "the key's `alg` is `ES521`, which no registry has"),
        (350, "a PS384 token; the key's `alg` says PS256"),
        (351, "the key's `alg` is `ES521`, which no registry has"),
        (367, "marked invalid, but byte for byte the valid token of 357; known upstream"),
        (370, "marked invalid, but byte for byte the valid token of 357; known upstream"),
        (372, "marked valid, but has a `?` in its base64url (RFC 7515 section 2)"),
        (373, "marked valid, but has a `?` in its base64url (RFC 7515 section 2)"),
    ];
    run("json_web_signature_test.json", exceptions, 393);
}

#[test]
fn json_web_keys() {
    run("json_web_key_test.json", &[], 25);
}

#[test]
fn json_web_crypto() {
    run("json_web_crypto_test.json", &[], 83);
}

#[test]
fn no_encrypted_token_is_taken_for_a_signed_one() {
    let mut seen = 0;
    for file in ["json_web_encryption_test.json", "json_web_crypto_test.json"] {
        let Some(path) = published(&format!("wycheproof/{file}")) else { return };
        let document = read_json(&path);
        let tests = document["testGroups"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|g| g["tests"].as_array().unwrap());
        for token in tests.filter_map(|test| test["jwe"].as_str()) {
            // Those in the JSON serialization need not have a dot.
            let expected =
                if token.contains('.') { Reason::TokenMalformed } else { Reason::TokenOpaque };
            let refused = Compact::parse(token.as_bytes()).unwrap_err().reason;
            assert_eq!(refused, expected, "{token}");
            seen += 1;
        }
    }
    assert!(seen >= 150, "{seen}");
}
