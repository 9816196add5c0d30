//! Keys, secrets and algorithms.

use crate::support::{accepts, errors, key, lay_over, refuses, with_issuer};
use attache_plugin_config::{Algorithm, EcCurve, KeySet, KeySource, Scheme};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};

fn with_key(changes: Value) -> Value {
    let mut key = key();
    for (name, value) in changes.as_object().expect("changes") {
        key[name] = value.clone();
    }
    with_issuer(json!({"jwks": {"keys": [key]}}))
}

fn rsa(n: &[u8], e: &str) -> Value {
    let n = BASE64.encode(n);
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
        // What `kubectl` makes of a bare `y:` and a bare `n:`.
        (
            "{\"kty\": \"EC\", \"crv\": \"P-256\", \"x\": \"AA\", \"true\": \"AA\"}",
            "",
            "this key has no `y` but a `true`, which YAML makes of a bare `y`; quote it: `\"y\":`",
        ),
        (
            "{\"kty\": \"RSA\", \"e\": \"AQAB\", \"false\": \"AA\"}",
            "",
            "this key has no `n` but a `false`, which YAML makes of a bare `n`; quote it: `\"n\":`",
        ),
        (
            "{\"keys\": [], \"keys\": []}",
            ".keys",
            "`keys` is repeated in this object; keep one of them",
        ),
        ("{", "", "not JSON: EOF while parsing an object at line 1 column 1"),
        ("[]", "", "expected a JWK set, got a list"),
        (
            "{}",
            "",
            "`keys` is missing; a JWK set is an object with a list of keys under `keys`, a single JWK has a `kty`, and \
             a set of certificates holds PEM by `kid`",
        ),
        ("<html>", "", "is HTML or XML, not a key set; check where it comes from"),
    ] {
        let found = errors(&with_issuer(json!({"jwks": text})));
        let expected = (format!("issuers[0].jwks{at}"), message.to_owned());
        assert!(found.contains(&expected), "{found:?}");
    }
    accepts(&with_issuer(json!({"jwks": format!("\u{feff}{}", json!({"keys": [key()]}))})));
}

#[test]
fn a_key_that_cannot_verify_is_refused_alone_and_left_out_beside_others() {
    let enc = "a key for `enc` cannot verify signatures; `use: sig` is for one that can";
    let ops = "a key without `verify` among its operations cannot verify signatures";
    let place = |at: usize| {
        format!(
            "has a character at position {at} that is none of base64url (RFC 7515 section 2); copy the key anew"
        )
    };
    let cut = "is base64url that was cut off; copy the key anew";
    for (changes, at, message) in [
        (json!({"use": "enc"}), ".use", enc),
        (json!({"use": 7}), ".use", "expected a string, got a number"),
        (json!({"key_ops": ["sign"]}), ".key_ops", ops),
        (json!({"key_ops": []}), ".key_ops", ops),
        (json!({"key_ops": "verify"}), ".key_ops", "expected a list of strings, got a string"),
        (json!({"alg": "RS256"}), ".alg", "this key cannot verify `RS256`; it can ES256"),
        (json!({"alg": "none"}), ".alg", "this key cannot verify `none`; it can ES256"),
        (json!({"alg": "ES384"}), ".alg", "this key cannot verify `ES384`; it can ES256"),
        (json!({"kid": "k".repeat(257)}), ".kid", "a key id has 256 bytes at most"),
        (json!({"kid": 7}), ".kid", "expected a string, got a number"),
        (
            json!({"crv": "secp256k1"}),
            ".crv",
            "curve `secp256k1` is not supported; use `P-256`, `P-384` or `P-521`",
        ),
        (
            json!({"y": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"}),
            ".y",
            "a coordinate of this curve has 32 bytes, not 33; copy the key anew",
        ),
        (json!({"x": "a b"}), ".x", &place(2)),
        (json!({"x": "AB"}), ".x", cut),
        (
            json!({"x": "AAA=="}),
            ".x",
            "has more or less `=` at its end than base64 wants; copy the key anew",
        ),
        (json!({"x": ""}), ".x", "is empty; copy the key anew"),
        (json!({"kty": "DSA"}), ".kty", "`DSA` keys are not supported; use `RSA`, `EC` or `OKP`"),
        (
            json!({"kty": "OKP", "crv": "X25519"}),
            ".crv",
            "curve `X25519` is not supported; use `Ed25519`",
        ),
        (
            json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}),
            ".x",
            "an Ed25519 public key has 32 bytes, not 3; copy the key anew",
        ),
        (
            json!({"kty": "oct"}),
            ".kty",
            "a symmetric key has no place among public keys, and whoever can read it can sign with it; give HMAC secrets \
             in `secrets`",
        ),
    ] {
        let document = with_key(changes);
        let place = format!("issuers[0].jwks.keys[0]{at}");
        assert_eq!(
            errors(&document),
            [
                (
                    "issuers[0].jwks.keys".to_owned(),
                    "none of 1 keys can verify a signature here".to_owned()
                ),
                (place.clone(), message.to_owned())
            ],
            "{document}"
        );
        let mut beside = document.clone();
        beside["issuers"][0]["jwks"]["keys"].as_array_mut().expect("keys").push(key());
        let config = accepts(&beside);
        let KeySource::Inline(set) = &config.issuers[0].keys else { panic!("inline keys") };
        assert_eq!(
            (set.keys.len(), set.keys[0].path.to_string().as_str()),
            (1, "keys[1]"),
            "{beside}"
        );
        let warnings: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings, [format!("{place}: this key is left out: {message}")]);
        let served = beside["issuers"][0]["jwks"].to_string();
        assert_eq!(
            KeySet::parse(served.as_bytes()).as_ref(),
            Ok(set),
            "one rule for inline and served sets"
        );
    }
    for changes in [
        json!({"use": "sig", "key_ops": ["verify", "sign"], "alg": "ES256", "x5c": ["…"], "kid": null}),
        json!({"use": "jwt-svid"}),
        json!({"key_ops": ["verify", "verify"]}),
        json!({"kid": ""}),
    ] {
        assert_eq!(accepts(&with_key(changes.clone())).warnings, [], "{changes}");
    }
}

#[test]
fn a_key_is_what_its_numbers_are_however_they_are_written() {
    let ec = |x: &str, y: &str| {
        let config = accepts(&with_key(json!({"x": x, "y": y})));
        let KeySource::Inline(set) = &config.issuers[0].keys else { panic!("inline keys") };
        set.keys[0].material.clone()
    };
    let (x, y) = (
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "hfplhPOtl7QLxNMkKgsPc1BTUvYcuanY7IaSf-0xVf4",
    );
    let exact = ec(x, y);
    let short = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw";
    for (x, y) in [
        (short, y),
        ("AAAAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw==", y),
        (x, "hfplhPOtl7QLxNMkKgsPc1BTUvYcuanY7IaSf-0xVf4="),
        (x, "hfplhPOtl7QLxNMkKgsPc1BTUvYcuanY7IaSf+0xVf4"),
    ] {
        assert_eq!(ec(x, y), exact, "{x} {y}");
    }
    let algorithms = |alg: &str| {
        let key = json!({"kty": "OKP", "crv": "Ed25519", "alg": alg, "x": x});
        let config =
            accepts(&with_issuer(json!({"jwks": {"keys": [key]}, "algorithms": [alg, "EdDSA"]})));
        config.issuers[0].algorithms
    };
    assert_eq!(algorithms("Ed25519"), algorithms("EdDSA"));
    assert!(algorithms("Ed25519").iter().eq([Algorithm::EdDSA]));
}

#[test]
fn a_private_key_is_refused_and_never_repeated() {
    for member in ["d", "k", "p", "dp"] {
        let found = errors(&with_key(json!({member: "c2VjcmV0", "use": "enc"})));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "issuers[0].jwks.keys[0]");
        assert!(
            found[0].1.starts_with(&format!("`{member}` belongs to a private or symmetric key; "))
        );
        assert!(!found[0].1.contains("c2VjcmV0"));
    }
}

/// The one key of a document is refused for this reason.
#[track_caller]
fn refused(document: &Value, at: &str, message: &str) {
    let found = errors(document);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[1], (at.to_owned(), message.to_owned()));
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
        let message =
            format!("an RSA key has 2048 to 4096 bits here, this one {bits}; make a new key");
        refused(&rsa(&n, "AQAB"), &format!("{at}.n"), &message);
    }
    refused(
        &rsa(&[0x80; 256], "AQAB"),
        &format!("{at}.n"),
        "an even number is no RSA modulus; copy the key anew",
    );
    let numbers = |document: &Value| {
        let config = accepts(document);
        let KeySource::Inline(set) = &config.issuers[0].keys else { panic!("inline keys") };
        set.keys[0].material.clone()
    };
    let exact = numbers(&rsa(&odd(256), "AQAB"));
    let mut zero = odd(256);
    zero.splice(0..0, [0, 0]);
    assert_eq!(numbers(&rsa(&zero, "AQAB")), exact, "zero bytes in front say nothing");
    assert_eq!(numbers(&rsa(&odd(256), "AAEAAQ")), exact, "`AAEAAQ` is 65537");
    assert_eq!(numbers(&rsa(&odd(256), "AQAB====".split_at(4).0)), exact);
    let mut weak = vec![0; 128];
    weak.extend(odd(128));
    refused(
        &rsa(&weak, "AQAB"),
        &format!("{at}.n"),
        "an RSA key has 2048 to 4096 bits here, this one 1024; make a new key",
    );
    for (e, value) in [
        ("AQ", "1"),
        ("Aw", "3"),
        ("AAAAAw", "3"),
        ("AQABAQ", "16777473"),
        ("AQABAQABAQABAQ", "larger"),
    ] {
        let message = format!(
            "the exponent of an RSA key must be 65537 (`AQAB`), this one is {value}; make a new key"
        );
        refused(&rsa(&odd(256), e), &format!("{at}.e"), &message);
    }
}

#[test]
fn keys_come_from_one_place() {
    let mut document = with_issuer(json!({"secrets": [{"env": "A", "algorithm": "HS256"}]}));
    refuses(
        &document,
        "issuers[0]",
        "`jwks` and `secrets` stand side by side; split them into two issuers or keep one",
    );
    lay_over(&mut document["issuers"][0], json!({"jwks": null}));
    let config = accepts(&document);
    assert!(
        matches!(&config.issuers[0].keys, KeySource::Secrets(secrets) if secrets[0].env == "A")
    );
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
        [(
            "issuers[0].algorithms[0]".to_owned(),
            "no key of `jwks` can verify `RS256`; add such a key or leave it out".to_owned()
        ),]
    );
    let all = accepts(&rsa(&[0xff; 256], "AQAB"));
    let names: Vec<_> = all.issuers[0].algorithms.iter().map(Algorithm::name).collect();
    // RSASSA-PSS runs inside the VM, so it has to be named.
    assert_eq!(names, ["RS256", "RS384", "RS512"]);
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
        (
            json!([{"env": "A", "algorithm": "HS256", "kid": ""}]),
            "[0].kid",
            "a key id has 1 to 256 bytes",
        ),
        (
            json!([{"env": "A", "algorithm": "HS256", "kid": "a"}, {"env": "B", "algorithm": "HS512", "kid": "a"}]),
            "[1].kid",
            "`a` names another secret of this issuer; give each its own",
        ),
        (
            json!([{"env": "A", "algorithm": "HS256"}, {"env": "A", "algorithm": "HS256"}]),
            "[1]",
            "this secret is listed twice; keep one of them",
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

fn ec(curve: &str, field_bytes: usize) -> Value {
    let coordinate = BASE64.encode(vec![1; field_bytes]);
    json!({"kty": "EC", "crv": curve, "x": coordinate, "y": coordinate})
}

/// A value in DER (ITU-T X.690 section 10): a tag, a length, what is in it.
fn tagged(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match content.len() {
        short @ 0..=0x7f => vec![u8::try_from(short).expect("a byte")],
        middle @ 0x80..=0xff => vec![0x81, u8::try_from(middle).expect("a byte")],
        long => {
            [vec![0x82], u16::try_from(long).expect("two bytes").to_be_bytes().to_vec()].concat()
        }
    };
    [vec![tag], length, content].concat()
}

/// A public key in PEM (RFC 7468 section 13) whose algorithm has this identifier and parameters.
fn pem(identifier: &[u8], parameters: &[u8], key: &[u8]) -> String {
    let algorithm = tagged(0x30, &[&tagged(0x06, &[identifier]), parameters]);
    let info = tagged(0x30, &[&algorithm, &tagged(0x03, &[&[0], key])]);
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        BASE64_STANDARD.encode(info)
    )
}

fn ec_pem(curve: EcCurve) -> String {
    let point = [vec![4], vec![1; 2 * curve.field_bytes()]].concat();
    let identifier = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    pem(&identifier, &tagged(0x06, &[curve.oid()]), &point)
}

fn rsa_pem() -> String {
    let modulus = tagged(0x02, &[&[0], &[0xc3; 256]]);
    let numbers = tagged(0x30, &[&modulus, &tagged(0x02, &[&[1, 0, 1]])]);
    pem(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01], &[0x05, 0x00], &numbers)
}

#[test]
fn for_every_algorithm_but_hmac_a_key_is_read_from_jwk_and_pem() {
    for algorithm in Algorithm::ALL {
        let (key, pem) = match algorithm.scheme() {
            Scheme::RsaPkcs1(_) | Scheme::RsaPss(_) => {
                let key = json!({"kty": "RSA", "n": BASE64.encode([0xc3; 256]), "e": "AQAB"});
                (key, rsa_pem())
            }
            Scheme::Ecdsa(curve) => (ec(curve.name(), curve.field_bytes()), ec_pem(curve)),
            Scheme::Ed25519 => {
                let key = json!({"kty": "OKP", "crv": "Ed25519", "x": BASE64.encode([1; 32])});
                (key, pem(&[0x2b, 0x65, 0x70], &[], &[1; 32]))
            }
            Scheme::Hmac(_) => continue,
        };
        let [from_jwk, from_pem] = [key.to_string(), pem].map(|text| {
            let set = KeySet::parse(text.as_bytes());
            set.unwrap_or_else(|error| panic!("{algorithm}: {error}")).keys.remove(0)
        });
        assert!(from_jwk.algorithms.contains(algorithm), "{algorithm}");
        assert_eq!(from_pem.material, from_jwk.material, "{algorithm}");
    }
}
