//! Wycheproof: bare signatures and tags, against the engine's own verifier.

use super::{Exceptions, NoHost, Secrets, Tally, read_json, vectors};
use attache_engine::token::{PublicKey, Secret};
use attache_plugin_config::{Algorithm, EcCurve, Jwk, JwkMaterial, SecretRef};
use serde_json::Value;
use std::collections::BTreeMap;

fn run(
    file: &str,
    algorithm: Algorithm,
    key: fn(&Value) -> JwkMaterial,
    exceptions: Exceptions<'_, u64>,
    at_least: usize,
) {
    let mut tally = Tally::new(exceptions);
    for group in read_json(&vectors("wycheproof").join(file))["testGroups"].as_array().unwrap() {
        let material = key(&group["publicKey"]);
        let jwk = Jwk { key_id: None, algorithms: [algorithm].into_iter().collect(), material };
        let key = PublicKey::new(&jwk);
        for test in group["tests"].as_array().unwrap() {
            let (message, signature) = (hex(&test["msg"]), hex(&test["sig"]));
            let accepted =
                key.as_ref().is_ok_and(|key| key.verify(algorithm, &message, &signature, &NoHost).is_ok());
            let (id, comment) =
                (test["tcId"].as_u64().unwrap(), test["comment"].as_str().unwrap_or_default());
            // "acceptable" marks what legacy encodings allow; the engine takes none of it.
            tally.note(id, comment, accepted, test["result"] == "valid");
        }
    }
    tally.finish(at_least);
}

fn hex(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap().as_bytes();
    digits.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn rsa(key: &Value) -> JwkMaterial {
    let n = hex(&key["modulus"]).into_iter().skip_while(|&byte| byte == 0).collect();
    let e = hex(&key["publicExponent"]).into_iter().skip_while(|&byte| byte == 0).collect();
    JwkMaterial::Rsa { n, e }
}

fn ec(key: &Value) -> JwkMaterial {
    let curve = match key["curve"].as_str().unwrap() {
        "secp256r1" => EcCurve::P256,
        "secp384r1" => EcCurve::P384,
        "secp521r1" => EcCurve::P521,
        other => panic!("unknown curve `{other}`"),
    };
    let point = hex(&key["uncompressed"]);
    let (x, y) = point[1..].split_at(point.len() / 2);
    JwkMaterial::Ec { curve, x: x.to_vec(), y: y.to_vec() }
}

fn ed25519(key: &Value) -> JwkMaterial {
    JwkMaterial::Ed25519 { x: hex(&key["pk"]).try_into().unwrap() }
}

#[test]
fn rsassa_pkcs1_v1_5() {
    const SMALL: &str = "the key's exponent is 3; 65537 is the only one that is taken";
    let cases: &[(&str, Algorithm, Exceptions<'_, u64>)] = &[
        ("rsa_signature_2048_sha256_test.json", Algorithm::RS256, &[(258, SMALL), (259, SMALL)]),
        ("rsa_signature_2048_sha384_test.json", Algorithm::RS384, &[]),
        ("rsa_signature_2048_sha512_test.json", Algorithm::RS512, &[(259, SMALL)]),
        ("rsa_signature_3072_sha256_test.json", Algorithm::RS256, &[(259, SMALL)]),
        ("rsa_signature_4096_sha256_test.json", Algorithm::RS256, &[]),
    ];
    for &(file, algorithm, exceptions) in cases {
        run(file, algorithm, rsa, exceptions, 250);
    }
}

#[test]
fn rsassa_pss() {
    for (file, algorithm) in [
        ("rsa_pss_2048_sha256_mgf1_32_test.json", Algorithm::PS256),
        ("rsa_pss_4096_sha384_mgf1_48_test.json", Algorithm::PS384),
        ("rsa_pss_4096_sha512_mgf1_64_test.json", Algorithm::PS512),
    ] {
        run(file, algorithm, rsa, &[], 90);
    }
}

#[test]
fn ecdsa_in_the_form_of_jose() {
    for (file, algorithm) in [
        ("ecdsa_secp256r1_sha256_p1363_test.json", Algorithm::ES256),
        ("ecdsa_secp384r1_sha384_p1363_test.json", Algorithm::ES384),
        ("ecdsa_secp521r1_sha512_p1363_test.json", Algorithm::ES512),
    ] {
        run(file, algorithm, ec, &[], 200);
    }
}

#[test]
fn ed25519_signatures() {
    run("ed25519_test.json", Algorithm::EdDSA, ed25519, &[], 140);
}

#[test]
fn hmac_tags() {
    const CUT: &str = "JOSE has no shortened tags (RFC 7518 section 3.2)";
    const SHORT: &str = "a secret is at least as long as its hash (RFC 7518 section 3.2)";
    for (file, algorithm, bits) in [
        ("hmac_sha256_test.json", Algorithm::HS256, 256),
        ("hmac_sha384_test.json", Algorithm::HS384, 384),
        ("hmac_sha512_test.json", Algorithm::HS512, 512),
    ] {
        // By the bits of secret and tag, which are the same for a whole group.
        let half = bits / 2;
        let exceptions =
            &[((bits, half), CUT), ((520, half), CUT), ((half, bits), SHORT), ((half, half), SHORT)];
        let mut tally = Tally::new(exceptions);
        for group in read_json(&vectors("wycheproof").join(file))["testGroups"].as_array().unwrap() {
            let size = (group["keySize"].as_u64().unwrap(), group["tagSize"].as_u64().unwrap());
            for test in group["tests"].as_array().unwrap() {
                let environment = Secrets(BTreeMap::from([("SECRET".to_owned(), hex(&test["key"]))]));
                let source = SecretRef { env: "SECRET".into(), algorithm, key_id: None };
                let accepted = Secret::fetch(&source, &environment)
                    .is_ok_and(|secret| secret.verify(&hex(&test["msg"]), &hex(&test["tag"])));
                let comment = format!("{}: {}", test["tcId"], test["comment"]);
                tally.note(size, &comment, accepted, test["result"] == "valid");
            }
        }
        tally.finish(130);
    }
}
