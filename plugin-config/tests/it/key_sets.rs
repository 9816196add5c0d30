//! Key sets as providers give them: the documents of `testing/fixtures/providers`, and what is made
//! to look like them.

use crate::support::{accepts, errors, key, with_issuer};
use attache_plugin_config::{Algorithm, JwkMaterial, KeySet, KeySource, Skipped};
use serde_json::{Value, json};
use std::path::Path;

fn provided(name: &str) -> String {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../testing/fixtures/providers").join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn served(text: &str) -> KeySet {
    KeySet::parse(text.as_bytes()).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

/// The set of a document whose `jwks` is this.
fn inline(jwks: &Value) -> KeySet {
    match &accepts(&with_issuer(json!({"jwks": jwks}))).issuers[0].keys {
        KeySource::Inline(set) => set.clone(),
        other => panic!("{other:?}"),
    }
}

fn refused(text: &str) -> String {
    let refused = KeySet::parse(text.as_bytes()).expect_err(text).to_string();
    let found = errors(&with_issuer(json!({"jwks": text})));
    assert_eq!(
        found.len(),
        refused.lines().count(),
        "one rule for inline and served sets: {found:?}"
    );
    refused
}

#[test]
fn every_provider_serves_keys_that_can_be_used_inline_and_served() {
    for (name, keys, skipped) in [
        ("auth0/jwks.json", 2, vec![]),
        ("cognito/jwks.json", 2, vec![]),
        ("entra-b2c/jwks.json", 1, vec![]),
        ("entra-v1/jwks.json", 3, vec![]),
        ("entra-v2/jwks.json", 3, vec![]),
        ("firebase/jwks.json", 2, vec![]),
        ("firebase/x509.json", 2, vec![]),
        ("gitlab/jwks.json", 2, vec!["keys[2]"]),
        ("google/jwks.json", 2, vec![]),
        ("google/x509.json", 2, vec![]),
        ("keycloak/jwks.json", 1, vec!["keys[0].use"]),
        ("okta/jwks.json", 2, vec![]),
        ("spiffe/jwks.json", 1, vec!["keys[0].use"]),
    ] {
        let text = provided(name);
        let set = served(&text);
        assert_eq!(set.keys.len(), keys, "{name}");
        let left_out: Vec<_> =
            set.skipped.iter().map(|skipped| skipped.reason.path.to_string()).collect();
        assert_eq!(left_out, skipped, "{name}");
        assert!(set.keys.iter().all(|key| key.key_id.is_some()), "{name}");
        let object: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(inline(&object).keys.len(), keys, "{name}, as an object");
        assert_eq!(inline(&json!(text)), set, "{name}, as text");
        assert_eq!(served(&format!("\u{feff}{text}")), set, "{name}, with a byte order mark");
    }
    // Firebase serves the same keys in two forms, and so does Google.
    for provider in ["firebase", "google"] {
        let material = |file: &str| -> Vec<(Option<String>, JwkMaterial)> {
            let keys = served(&provided(&format!("{provider}/{file}"))).keys;
            keys.into_iter().map(|key| (key.key_id, key.material)).collect()
        };
        assert_eq!(material("jwks.json"), material("x509.json"), "{provider}");
    }
    let pem = served(&provided("aws-alb/public-key.pem"));
    assert_eq!((pem.keys.len(), pem.keys[0].key_id.as_deref()), (1, None));
    assert!(pem.keys[0].algorithms.iter().eq([Algorithm::ES256]));
    assert_eq!(inline(&json!(provided("aws-alb/public-key.pem"))), pem);
}

#[test]
fn one_key_is_read_whatever_form_it_has() {
    let set = served(&provided("keycloak/jwks.json"));
    let document: Value = serde_json::from_str(&provided("keycloak/jwks.json")).expect("JSON");
    let jwk = &document["keys"][1];
    let material = &set.keys[0].material;
    assert_eq!(served(&jwk.to_string()).keys[0].material, *material, "a single JWK");
    assert_eq!(inline(jwk).keys[0].path.to_string(), "", "inline, as an object");
    for without in [&["n", "e"][..], &["n", "e", "kty"]] {
        let mut certified = jwk.clone();
        without
            .iter()
            .for_each(|member| _ = certified.as_object_mut().expect("a key").remove(*member));
        for text in [certified.to_string(), json!({"keys": [certified]}).to_string()] {
            let key = &served(&text).keys[0];
            assert_eq!(
                (&key.material, &key.key_id),
                (material, &set.keys[0].key_id),
                "`x5c` alone"
            );
            assert!(key.algorithms.iter().eq([Algorithm::RS256]), "`alg` counts all the same");
        }
    }
    let [certificate, pkcs1] = ["certificates/rsa.pem", "certificates/rsa-pkcs1.pem"].map(provided);
    for pem in [
        certificate.clone(),
        pkcs1,
        certificate.replace('\n', " "),
        certificate.replace('\n', "\r\n"),
    ] {
        assert_eq!(served(&pem).keys[0].material, *material);
        assert_eq!(inline(&json!(pem)).keys[0].material, *material);
        let named = served(&json!({"a": pem}).to_string());
        assert_eq!(
            (&named.keys[0].material, named.keys[0].key_id.as_deref()),
            (material, Some("a"))
        );
    }
    let bundle = served(&[certificate, provided("aws-alb/public-key.pem")].concat());
    assert_eq!(
        bundle.keys.iter().map(|key| key.path.to_string()).collect::<Vec<_>>(),
        ["[0]", "[1]"]
    );
}

#[test]
fn a_certificate_is_a_key_only_if_it_may_verify_and_is_strong_enough() {
    let good = provided("certificates/p256.pem");
    for (name, why) in [
        (
            "certificates/authority.pem",
            "a certificate whose key usage lacks `digitalSignature` cannot verify signatures",
        ),
        (
            "certificates/weak-key.pem",
            "an RSA key has 2048 to 4096 bits here, this one 1024; make a new key",
        ),
    ] {
        let bad = provided(name);
        assert!(refused(&bad).contains(why), "{name}");
        let set = served(&json!({"good": good, "bad": bad}).to_string());
        assert_eq!(set.keys.len(), 1);
        assert_eq!(set.skipped[0].key_id.as_deref(), Some("bad"));
        assert_eq!(set.skipped[0].reason.to_string(), format!("bad: {why}"));
        let body: String = bad.lines().filter(|line| !line.starts_with('-')).collect();
        let set = served(&json!({"keys": [key(), {"kid": "bad", "x5c": [body]}]}).to_string());
        assert_eq!(set.skipped[0].reason.to_string(), format!("keys[1].x5c[0]: {why}"));
    }
}

#[test]
fn what_is_changed_in_a_certificate_or_follows_it_makes_it_none() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let pem = provided("certificates/p256.pem");
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(&body).expect("base64");
    let certificate = |der: &[u8]| json!({"kid": "a", "x5c": [STANDARD.encode(der)]}).to_string();
    assert_eq!(served(&certificate(&der)).keys.len(), 1);
    assert!(
        refused(&certificate(&[&der[..], &[0]].concat())).contains("X.509"),
        "a byte behind it"
    );
    assert!(
        refused(&certificate(&[&der[..], &der].concat())).contains("X.509"),
        "a certificate behind it"
    );
    for end in 0..der.len() {
        assert!(KeySet::parse(certificate(&der[..end]).as_bytes()).is_err(), "cut at {end}");
    }
    assert!(refused(&format!("{pem}trailing")).contains("more than PEM"), "text behind it");
    assert!(refused(&format!("{pem}{{\"keys\":[]}}")).contains("more than PEM"), "JSON behind it");
    for (chain, why) in [
        (json!([]), "expected a list of certificates"),
        (json!(body), "expected a list of certificates"),
        (json!([7]), "expected a list of certificates"),
        (json!(["*"]), "is no base64"),
        (json!([""]), "is no X.509 certificate"),
    ] {
        assert!(refused(&json!({"kid": "a", "x5c": chain}).to_string()).contains(why), "{chain}");
    }
    let other_type = json!({"kty": "RSA", "x5c": [body]}).to_string();
    assert!(refused(&other_type).contains("is `RSA` while the certificate's key is `EC`"));
    let other_algorithm = json!({"kty": "EC", "alg": "RS256", "x5c": [body]}).to_string();
    assert!(refused(&other_algorithm).contains("this key cannot verify `RS256`; it can ES256"));
}

#[test]
fn what_is_private_refuses_the_whole_set() {
    let mut private = key();
    private["d"] = json!("c2VjcmV0");
    let akp = json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "priv": "c2VjcmV0"});
    for bad in [&private, &akp] {
        let message = refused(&json!({"keys": [key(), bad]}).to_string());
        assert!(message.starts_with("keys[1]: `"), "{message}");
        assert!(
            message.contains("belongs to a private or symmetric key")
                && !message.contains("c2VjcmV0")
        );
        refused(&bad.to_string());
    }
    // A member twice, of which either could be read.
    for twice in
        [r#""d":"AA","d":null"#, r#""d":null,"d":"AA""#, r#""use":"enc","d":null,"\u0064":"AA""#]
    {
        let text = key().to_string().replace("\"kty\":", &format!("{twice},\"kty\":"));
        assert!(
            refused(&format!("{{\"keys\":[{},{text}]}}", key())).contains("`d` belongs to"),
            "{twice}"
        );
    }
    let secret = "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n";
    let public = provided("aws-alb/public-key.pem");
    for text in [
        secret.to_owned(),
        secret.replace("EC PRIVATE", "PRIVATE"),
        secret.replace("EC PRIVATE", "ENCRYPTED PRIVATE"),
        format!("{public}{secret}"),
        json!({"good": public, "bad": secret}).to_string(),
        json!({"good": public, "bad": format!("{public}{secret}")}).to_string(),
    ] {
        let message = refused(&text);
        assert!(
            message.contains("PRIVATE KEY` belongs to") && !message.contains("c2VjcmV0"),
            "{message}"
        );
    }
}

#[test]
fn a_symmetric_key_is_left_out_and_never_repeated() {
    let secret = json!({"kty": "oct", "kid": "s", "alg": "HS256", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0cw"});
    let set = served(&json!({"keys": [secret, key()]}).to_string());
    assert_eq!(set.keys.len(), 1);
    assert!(set.keys.iter().all(|key| key.algorithms.iter().all(|algorithm| !algorithm.is_hmac())));
    let [Skipped { key_id, reason }] = set.skipped.as_slice() else { panic!("{:?}", set.skipped) };
    assert_eq!((key_id.as_deref(), reason.path.to_string().as_str()), (Some("s"), "keys[0].kty"));
    assert!(!reason.message.contains("c2VjcmV0"));
    assert!(refused(&json!({"keys": [secret]}).to_string()).starts_with("keys: none of 1 keys"));
    // Not a way to bring a private key along.
    let mut both = secret;
    both["d"] = json!("AA");
    refused(&json!({"keys": [both, key()]}).to_string());
}

#[test]
fn keys_of_one_kid_are_all_used_and_the_same_key_once() {
    let mut other = key();
    other["x"] = json!("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
    let set = served(&json!({"keys": [key(), other, key()]}).to_string());
    assert_eq!(
        set.keys.iter().map(|key| key.key_id.as_deref()).collect::<Vec<_>>(),
        [Some("one"); 2]
    );
    assert_eq!(set.skipped[0].reason.to_string(), "keys[2]: is the same key as `keys[0]`");
    // A key that one algorithm is named for is not the same as one that another is.
    let rsa = |alg: &str| {
        let mut rsa: Value = serde_json::from_str(&provided("keycloak/jwks.json")).expect("JSON");
        rsa["keys"][1]["alg"] = json!(alg);
        rsa["keys"][1].take()
    };
    assert_eq!(served(&json!({"keys": [rsa("RS256"), rsa("PS256")]}).to_string()).keys.len(), 2);
}

#[test]
fn past_the_bound_the_first_keys_are_used_and_the_rest_is_named() {
    let numbered = |n: usize| {
        let mut key = key();
        key["kid"] = json!(format!("k{n}"));
        key
    };
    let keys: Vec<Value> = (0..300).map(numbered).collect();
    let set = served(&json!({"keys": keys}).to_string());
    assert_eq!((set.keys.len(), set.keys[255].key_id.as_deref()), (256, Some("k255")));
    assert_eq!((set.skipped.len(), set.skipped[0].key_id.as_deref()), (44, Some("k256")));
    // A flood of what can't be used neither fills the memory nor the log, and hides no good key
    // behind it.
    let flood = format!("{{\"keys\":[{}{}]}}", "{},".repeat(50_000), numbered(0));
    let set = served(&flood);
    assert_eq!((set.keys.len(), set.skipped.len()), (1, 65));
    assert_eq!(set.skipped[64].reason.to_string(), "keys: 49936 more keys cannot be used");
    let private = format!("{{\"keys\":[{}{{\"d\":\"AA\"}}]}}", "{},".repeat(50_000));
    assert!(refused(&private).contains("belongs to a private"));
    let long = format!("{{\"keys\":[{}]}}{}", key(), " ".repeat(256 * 1024));
    assert!(refused(&long).contains("262144 bytes"));
}

#[test]
fn a_key_with_a_member_twice_is_left_out_and_spoils_no_other() {
    let twice = key().to_string().replace("\"kty\":", "\"kty\":\"RSA\",\"kty\":");
    let deep = key().to_string().replace("\"kty\":", "\"more\":{\"a\":1,\"a\":2},\"kty\":");
    let set = served(&format!("{{\"keys\":[{twice},{deep},{}],\"x\":1,\"x\":2}}", key()));
    assert_eq!((set.keys.len(), set.skipped.len()), (1, 2));
    let message = "is repeated in this object; keep one of them";
    assert_eq!(set.skipped[0].reason.to_string(), format!("keys[0].kty: `kty` {message}"));
    assert_eq!(set.skipped[1].reason.to_string(), format!("keys[1].more.a: `a` {message}"));
    let list = format!("[{}]", key());
    assert!(
        refused(&format!("{{\"keys\":{list},\"keys\":{list}}}")).contains("`keys` is repeated")
    );
    let pem = json!(provided("aws-alb/public-key.pem"));
    assert!(refused(&format!("{{\"a\":{pem},\"a\":{pem}}}")).contains("`a` is repeated"));
}

#[test]
fn an_error_names_the_form_that_came() {
    for (text, why) in [
        ("", "not JSON: EOF while parsing a value"),
        ("<!doctype html><html>", "is HTML or XML, not a key set"),
        ("[]", "expected a JWK set, got a list"),
        ("7", "expected a JWK set, got a number"),
        ("{\"a\":\"b\"}", "`keys` is missing; a JWK set is an object"),
        ("{\"keys\":{}}", "expected a list of keys, got an object"),
        ("{\"keys\":[]}", "there is no key; give at least one"),
        ("-----BEGIN PUBLIC KEY-----\nMFkw\n", "a PEM block has no end"),
        (
            "-----BEGIN PGP MESSAGE-----\nAAAA\n-----END PGP MESSAGE-----",
            "`PGP MESSAGE` holds no key",
        ),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "is no public key in DER"),
        ("-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----", "is no base64"),
        (
            "-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----",
            "is no RSA public key in DER",
        ),
    ] {
        assert!(refused(text).contains(why), "{text}: {}", refused(text));
    }
    let other = json!({"a": provided("aws-alb/public-key.pem"), "b": "x", "c": 7});
    let set = served(&other.to_string());
    assert_eq!((set.keys.len(), set.skipped.len()), (1, 2));
    assert_eq!(set.skipped[1].reason.to_string(), "c: expected PEM, got a number");
}
