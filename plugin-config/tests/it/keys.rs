//! Keys, secrets and algorithms.

use crate::support::{accepts, errors, key, refuses, with_issuer};
use attache_plugin_config::{Algorithm, KeySet, KeySource};
use serde_json::{Value, json};

fn with_key(changes: Value) -> Value {
    let mut key = key();
    for (name, value) in changes.as_object().expect("changes") {
        key[name] = value.clone();
    }
    with_issuer(json!({"jwks": {"keys": [key]}}))
}

fn rsa(n: &[u8], e: &str) -> Value {
    use base64::Engine;
    let n = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(n);
    with_issuer(json!({"jwks": {"keys": [{"kty": "RSA", "n": n, "e": e}]}}))
}

#[test]
fn keys_may_be_given_as_text() {
    let set = json!({"keys": [key()]}).to_string();
    let config = accepts(&with_issuer(json!({"jwks": set})));
    let KeySource::Inline(set) = &config.issuers[0].keys else { panic!("inline keys") };
    assert_eq!(set.keys[0].key_id.as_deref(), Some("one"));
    for (text, at, message) in [
        ("{\"keys\": [7]}", ".keys[0]", "expected a key, got a number"),
        ("{\"keys\": [{}]}", ".keys[0]", "this key has no `kty`; copy the key anew"),
        ("{\"keys\": [], \"keys\": []}", ".keys", "`keys` stands twice in this object; keep one of them"),
        ("{", "", "not JSON: EOF while parsing an object at line 1 column 1"),
        ("[]", "", "expected a JWK set, got a list"),
        ("{}", "", "`keys` is missing; a JWK set is an object with a list of keys under `keys`"),
    ] {
        let found = errors(&with_issuer(json!({"jwks": text})));
        assert_eq!(found[0], (format!("issuers[0].jwks{at}"), message.to_owned()));
    }
}

#[test]
fn a_key_that_cannot_verify_is_refused() {
    let enc = "a key for `enc` cannot verify signatures; leave it out or set `use: sig`";
    let ops = "a key without `verify` cannot verify signatures; leave the key out or add `verify`";
    let base64 = "is not base64url without padding (RFC 7515 section 2); copy the key anew";
    for (changes, at, message) in [
        (json!({"use": "enc"}), ".use", enc),
        (json!({"use": 7}), ".use", "expected a string, got a number"),
        (json!({"key_ops": ["sign"]}), ".key_ops", ops),
        (json!({"key_ops": []}), ".key_ops", ops),
        (json!({"key_ops": "verify"}), ".key_ops", "expected a list of strings, got a string"),
        (
            json!({"key_ops": ["verify", "verify"]}),
            ".key_ops[1]",
            "stands twice; keep one of them (RFC 7517 section 4.3)",
        ),
        (json!({"alg": "RS256"}), ".alg", "this key cannot verify `RS256`; it can ES256"),
        (json!({"alg": "none"}), ".alg", "this key cannot verify `none`; it can ES256"),
        (json!({"alg": "ES384"}), ".alg", "this key cannot verify `ES384`; it can ES256"),
        (json!({"kid": ""}), ".kid", "a key id has 1 to 256 bytes"),
        (
            json!({"crv": "secp256k1"}),
            ".crv",
            "curve `secp256k1` is not supported; use `P-256`, `P-384` or `P-521`",
        ),
        (
            json!({"crv": "P-384"}),
            ".x",
            "a coordinate of `P-384` has 48 bytes, leading zeros included, not 32",
        ),
        (json!({"y": "AA"}), ".y", "a coordinate of `P-256` has 32 bytes, leading zeros included, not 1"),
        (json!({"x": "a b"}), ".x", base64),
        (json!({"x": "AAA="}), ".x", base64),
        (json!({"x": "AB"}), ".x", base64),
        (json!({"x": ""}), ".x", base64),
        (json!({"kty": "DSA"}), ".kty", "`DSA` keys are not supported; use `RSA`, `EC` or `OKP`"),
        (json!({"kty": "OKP", "crv": "X25519"}), ".crv", "curve `X25519` is not supported; use `Ed25519`"),
        (
            json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}),
            ".x",
            "an Ed25519 public key has 32 bytes, not 3",
        ),
        (
            json!({"kty": "oct"}),
            ".kty",
            "a symmetric key has no place among public keys; give HMAC secrets in `secrets`",
        ),
    ] {
        refuses(&with_key(changes), &format!("issuers[0].jwks.keys[0]{at}"), message);
    }
    accepts(&with_key(
        json!({"use": "sig", "key_ops": ["verify", "sign"], "alg": "ES256", "x5c": ["…"], "kid": null}),
    ));
}

#[test]
fn a_private_key_is_refused_and_never_repeated() {
    for member in ["d", "k", "p", "dp"] {
        let found = errors(&with_key(json!({member: "c2VjcmV0", "use": "enc"})));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "issuers[0].jwks.keys[0]");
        assert!(found[0].1.starts_with(&format!("`{member}` belongs to a private or symmetric key; ")));
        assert!(!found[0].1.contains("c2VjcmV0"));
    }
}

#[test]
fn an_rsa_key_is_strong_enough() {
    let at = "issuers[0].jwks.keys[0]";
    let odd = |length: usize| {
        let mut n = vec![0x80; length];
        n[length - 1] = 1;
        n
    };
    accepts(&rsa(&odd(256), "AQAB"));
    accepts(&rsa(&odd(512), "AQAB"));
    let mut just_short = odd(256);
    just_short[0] = 0x7f;
    for (n, bits) in [(just_short, 2047), (odd(128), 1024), (odd(513), 4104)] {
        let message = format!("an RSA key has 2048 to 4096 bits here, this one {bits}; make a new key");
        refuses(&rsa(&n, "AQAB"), &format!("{at}.n"), &message);
    }
    refuses(
        &rsa(&[0x80; 256], "AQAB"),
        &format!("{at}.n"),
        "an even number is no RSA modulus; copy the key anew",
    );
    let mut zero = odd(256);
    zero.insert(0, 0);
    refuses(
        &rsa(&zero, "AQAB"),
        &format!("{at}.n"),
        "begins with a zero byte, which RFC 7518 section 6.3.1.1 forbids; write the modulus without it",
    );
    for e in ["AQ", "Aw", "AAEAAQ"] {
        refuses(
            &rsa(&odd(256), e),
            &format!("{at}.e"),
            "the exponent of an RSA key must be 65537 (`AQAB`); make a new key",
        );
    }
}

#[test]
fn a_set_is_whole() {
    let jwks = |keys: Vec<Value>| with_issuer(json!({"jwks": {"keys": keys}}));
    refuses(&jwks(vec![]), "issuers[0].jwks.keys", "there is no key; give at least one");
    refuses(
        &jwks(vec![key(), key()]),
        "issuers[0].jwks.keys[1].kid",
        "`one` names another key of this set; give each its own",
    );
    let mut anonymous = key();
    anonymous["kid"] = Value::Null;
    accepts(&jwks(vec![anonymous.clone(), anonymous]));
    refuses(&jwks(vec![key(); 257]), "issuers[0].jwks.keys", "a set has 256 keys at most, this one 257");
}

#[test]
fn keys_come_from_one_place() {
    let mut document = with_issuer(json!({"secrets": [{"env": "A", "algorithm": "HS256"}]}));
    refuses(
        &document,
        "issuers[0]",
        "`jwks` and `secrets` stand side by side; split them into two issuers or keep one",
    );
    document["issuers"][0]["jwks"] = Value::Null;
    let config = accepts(&document);
    assert!(matches!(&config.issuers[0].keys, KeySource::Secrets(secrets) if secrets[0].env == "A"));
    assert!(config.issuers[0].algorithms.iter().eq([Algorithm::HS256]));
}

#[test]
fn algorithms_and_keys_fit_each_other() {
    refuses(
        &with_issuer(json!({"algorithms": ["ES256", "HS256"]})),
        "issuers[0].algorithms[1]",
        "`HS256` with public keys would let anyone who knows a key sign; name only what `jwks` can do, and give HMAC \
         secrets to an issuer of their own",
    );
    refuses(
        &with_issuer(json!({"algorithms": ["ES256", "RS256"]})),
        "issuers[0].algorithms[1]",
        "no key of `jwks` can verify `RS256`; add such a key or leave it out",
    );
    assert_eq!(
        errors(&with_issuer(json!({"algorithms": ["RS256"]}))),
        [
            (
                "issuers[0].algorithms[0]".to_owned(),
                "no key of `jwks` can verify `RS256`; add such a key or leave it out".to_owned()
            ),
            (
                "issuers[0].jwks.keys[0]".to_owned(),
                "no algorithm of this issuer can use this key; name one of ES256 in `algorithms` or leave the key out"
                    .to_owned()
            ),
        ]
    );
    let all = accepts(&rsa(&[0xff; 256], "AQAB"));
    let names: Vec<_> = all.issuers[0].algorithms.iter().map(Algorithm::name).collect();
    assert_eq!(names, ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]);
}

#[test]
fn secrets_are_named_and_not_given() {
    let secrets = |list: Value| with_issuer(json!({"jwks": null, "secrets": list}));
    for (list, at, message) in [
        (json!([]), "", "there is no secret; give at least one"),
        (
            json!([{"env": "my secret!", "algorithm": "HS256"}]),
            "[0].env",
            "is no name of an environment variable; put the secret into the VM's environment and its name, such as \
             `ATTACHE_HMAC`, here",
        ),
        (
            json!([{"env": "A", "algorithm": "RS256"}]),
            "[0].algorithm",
            "`RS256` does not use a secret; use `HS256`, `HS384` or `HS512`",
        ),
        (json!([{"env": "A", "algorithm": "HS256", "kid": ""}]), "[0].kid", "a key id has 1 to 256 bytes"),
        (
            json!([{"env": "A", "algorithm": "HS256", "kid": "a"}, {"env": "B", "algorithm": "HS512", "kid": "a"}]),
            "[1].kid",
            "`a` names another secret of this issuer; give each its own",
        ),
        (
            json!([{"env": "A", "algorithm": "HS256"}, {"env": "A", "algorithm": "HS256"}]),
            "[1]",
            "this secret stands twice; keep one of them",
        ),
    ] {
        refuses(&secrets(list), &format!("issuers[0].secrets{at}"), message);
    }
    let mut document = secrets(json!([{"env": "A", "algorithm": "HS256"}]));
    document["issuers"][0]["algorithms"] = json!(["HS256", "ES256"]);
    refuses(
        &document,
        "issuers[0].algorithms[1]",
        "`ES256` needs a public key, and this issuer has secrets; name HMAC algorithms only",
    );
}

#[test]
fn a_remote_set_is_taken_without_what_cannot_be_used() {
    let other = |changes: Value| {
        let mut other = key();
        other["kid"] = json!("two");
        other.as_object_mut().expect("a key").extend(changes.as_object().expect("changes").clone());
        other
    };
    let parse = |keys: Vec<Value>| KeySet::parse_remote(json!({"keys": keys}).to_string().as_bytes());
    for unusable in [
        json!({"use": "enc"}),
        json!({"kty": "AKP"}),
        json!({"crv": "P-257"}),
        json!({"alg": "ECDH-ES"}),
        json!({"key_ops": ["deriveKey"]}),
        json!({"x": "AA"}),
        json!({"kid": "one", "use": "enc"}),
    ] {
        let (set, skipped) = parse(vec![other(unusable.clone()), key()]).expect("a usable set");
        assert_eq!(set.keys.len(), 1, "{unusable}");
        assert_eq!(set.keys[0].key_id.as_deref(), Some("one"));
        assert_eq!(skipped.len(), 1);
        assert_eq!(skipped[0].index, 0);
        assert!(skipped[0].reason.iter().all(|reason| reason.at.starts_with("keys[0].")));
    }
    for poison in
        [json!({"d": "AA"}), json!({"kty": "oct"}), json!({"kty": "oct", "k": "AA"}), json!({"kid": "one"})]
    {
        assert!(parse(vec![key(), other(poison.clone())]).is_err(), "{poison}");
    }
    assert_eq!(
        parse(vec![other(json!({"use": "enc"}))]).expect_err("no key").to_string(),
        "keys: none of 1 keys can verify a signature here"
    );
    assert!(KeySet::parse_remote(b"<html>").is_err());
    let long = format!("{{\"keys\":[{}]}}{}", key(), " ".repeat(256 * 1024));
    assert!(
        KeySet::parse_remote(long.as_bytes()).expect_err("too long").to_string().contains("262144 bytes")
    );
    assert!(KeySet::parse(json!({"keys": [key()]}).to_string().as_bytes()).is_ok());
    assert!(
        KeySet::parse(json!({"keys": [key(), other(json!({"use": "enc"}))]}).to_string().as_bytes()).is_err()
    );
}
