//! Key sets that others have gathered: Wycheproof and the cookbook of RFC 7520.

use attache_plugin_config::KeySet;
use attache_test_vectors::published;
use serde_json::{Value, json};
use std::path::Path;

fn read(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Sets that Wycheproof takes for valid and that are refused here, and sets that it takes for
/// invalid and that pass this layer, with the reason.
const WYCHEPROOF: [(u64, &str); 7] = [
    (
        1,
        "a symmetric key beside a public one: the public key alone is taken; the vector tests the signature",
    ),
    (2, "symmetric keys: an issuer's secrets come from the environment, never from a key set"),
    (13, "a symmetric key"),
    (14, "a symmetric key"),
    (15, "a symmetric key"),
    (3, "the set is symmetric, and refused as such; the vector tests the signature"),
    (22, "the point is not on its curve, which the verifier sees; the set's form is right"),
];

#[test]
fn wycheproof_sets_are_taken_or_refused_as_they_should() {
    let Some(file) = published("wycheproof/json_web_key_test.json") else { return };
    let file = read(&file);
    let mut seen = 0;
    for group in file["testGroups"].as_array().expect("groups") {
        let set = group.get("public").unwrap_or(&group["private"]);
        let accepted = KeySet::parse(set.to_string().as_bytes());
        match KeySet::parse(group["private"].to_string().as_bytes()) {
            Ok(set) => assert_eq!(
                (set.keys.len(), set.skipped[0].reason.path.to_string().as_str()),
                (1, "keys[0].kty")
            ),
            Err(_) => assert_ne!(group["tests"][0]["tcId"], 1),
        }
        for test in group["tests"].as_array().expect("tests") {
            seen += 1;
            let id = test["tcId"].as_u64().expect("an id");
            let valid = test["result"] == "valid";
            let listed = WYCHEPROOF.iter().any(|(listed, _)| *listed == id);
            let as_expected = accepted.is_ok() == valid;
            // What is listed must need its entry: an invalid vector that is refused needs none, but
            // for 3.
            assert!(as_expected != listed || id == 3, "test {id}: {accepted:?}");
        }
    }
    assert_eq!(seen, 26);
}

#[test]
fn the_cookbook_keys_are_taken_if_public() {
    let Some(cookbook) = published("ietf-jose-cookbook") else { return };
    let folder = cookbook.join("jwk");
    for (name, reason) in [
        ("3_1.ec_public_key", None),
        ("3_2.ec_private_key", Some("private")),
        ("3_3.rsa_public_key", None),
        ("3_4.rsa_private_key", Some("private")),
        ("3_5.symmetric_key_mac_computation", Some("symmetric")),
        ("3_6.symmetric_key_encryption", Some("symmetric")),
    ] {
        let key = read(&folder.join(format!("{name}.json")));
        let set = json!({"keys": [key]}).to_string();
        let accepted = KeySet::parse(set.as_bytes());
        match (&accepted, reason) {
            (Ok(set), None) => assert_eq!(set.keys.len(), 1, "{name}"),
            (Err(_), Some(_)) => {}
            _ => panic!("{name} ({reason:?}): {accepted:?}"),
        }
    }
    let ed25519 = &read(&cookbook.join("curve25519/jws.json"))["input"]["key"];
    let mut public = ed25519.clone();
    public.as_object_mut().expect("a key").remove("d");
    assert!(KeySet::parse(json!({"keys": [public]}).to_string().as_bytes()).is_ok(), "{public}");
}
