//! Attacks on JWT libraries that have names, each tried on the filter. `docs/security.md` tells
//! which is where.

use crate::support::{NOW, Verdict, Worker, document_of_all_algorithms, document_with, token};
use attache_test_fixtures::keys::{SigningKey, base64url};
use attache_test_fixtures::token::{Tamper, TokenSpec};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proxy_wasm_test_host::{Request, Response};
use serde_json::{Value, json};

fn orders(token: &str) -> Request {
    Request::get("/orders").bearer(token)
}

fn send(worker: &mut Worker, token: &str) -> Response {
    worker.send(orders(token))
}

#[track_caller]
fn refused(worker: &mut Worker, token: &str, reason: &str) {
    let response = send(worker, token);
    assert_eq!(response.reason().as_deref(), Some(reason), "{token}");
    assert!(!response.goes_on);
}

fn spec(header: Value) -> TokenSpec {
    TokenSpec { header: header.as_object().unwrap().clone(), ..TokenSpec::default() }
}

/// A token with this header and the usual claims, and a signature made by whoever says so.
fn forged(header: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let claims =
        json!({"iss": "https://issuer.example", "sub": "root", "aud": "mesh", "exp": NOW + 300});
    let message = format!(
        "{}.{}",
        base64url(header.to_string().as_bytes()),
        base64url(claims.to_string().as_bytes())
    );
    let signature = sign(message.as_bytes());
    format!("{message}.{}", base64url(&signature))
}

fn hmac(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret);
    ring::hmac::sign(&key, message).as_ref().to_vec()
}

#[test]
fn no_spelling_of_none_is_an_algorithm() {
    let mut worker = Worker::new();
    for algorithm in
        ["none", "None", "NONE", "nOnE", "none ", " none", "", "null", "none\u{0}", "ES256,none"]
    {
        for header in
            [json!({"alg": algorithm}), json!({"alg": algorithm, "kid": "p256", "typ": "JWT"})]
        {
            refused(&mut worker, &forged(&header, |_| Vec::new()), "algorithm-not-allowed");
            refused(&mut worker, &forged(&header, |_| vec![0; 64]), "algorithm-not-allowed");
        }
    }
    for header in
        [json!({"alg": null}), json!({"alg": ["none"]}), json!({"alg": 0}), json!({"alg": {}})]
    {
        refused(&mut worker, &forged(&header, |_| Vec::new()), "token-malformed");
    }
    refused(&mut worker, &forged(&json!({"kid": "p256"}), |_| Vec::new()), "token-malformed");
}

#[test]
fn a_public_key_is_no_secret_in_any_form() {
    let mut worker = Worker::new();
    for name in ["p256", "rsa"] {
        let jwk = SigningKey::fixed(name).unwrap().jwk().unwrap();
        let number = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
        let mut secrets = vec![jwk.to_string().into_bytes(), Vec::new(), b"secret".to_vec()];
        if name == "rsa" {
            secrets.extend([number("n"), number("e"), STANDARD.encode(number("n")).into_bytes()]);
        } else {
            let point = [vec![4], number("x"), number("y")].concat();
            secrets.extend([number("x"), STANDARD.encode(&point).into_bytes(), point]);
        }
        for secret in secrets {
            for kid in [json!({"alg": "HS256", "kid": name}), json!({"alg": "HS256"})] {
                refused(
                    &mut worker,
                    &forged(&kid, |message| hmac(&secret, message)),
                    "algorithm-not-allowed",
                );
            }
        }
    }
}

#[test]
fn no_key_is_used_for_an_algorithm_of_another_family() {
    let mut worker = Worker::with(&document_of_all_algorithms());
    let names = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];
    for (key, family) in [
        ("rsa", &names[..6]),
        ("p256", &names[6..7]),
        ("p384", &names[7..8]),
        ("ed25519", &names[8..]),
    ] {
        let signer = SigningKey::fixed(key).unwrap();
        for signed_as in family {
            for said in names.iter().filter(|said| *said != signed_as) {
                let header = json!({"alg": said, "kid": key});
                let response = send(
                    &mut worker,
                    &forged(&header, |message| signer.sign(signed_as, message).unwrap()),
                );
                assert!(!response.goes_on, "{key} signed {signed_as}, the header says {said}");
            }
        }
    }
}

#[test]
fn a_key_that_a_token_brings_or_points_to_is_nothing() {
    let mut worker = Worker::new();
    let stranger = SigningKey::fixed("p256-other").unwrap();
    let jwk = stranger.jwk().unwrap();
    for extra in [
        json!({"jwk": jwk}),
        json!({"jku": "https://mallory.example/jwks"}),
        json!({"x5u": "https://mallory.example/chain.pem"}),
        json!({"x5c": ["MIIBszCCAVmgAwIBAgIU"]}),
        json!({"x5t#S256": "AAAA"}),
    ] {
        for kid in [json!({}), json!({"kid": "p256"}), json!({"kid": "p256-other"})] {
            let mut header = json!({"alg": "ES256"});
            for part in [&extra, &kid] {
                header.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
            }
            let response = send(
                &mut worker,
                &forged(&header, |message| stranger.sign("ES256", message).unwrap()),
            );
            assert!(!response.goes_on, "{header}");
        }
        // And a token that is good without it is as good with it: it isn't looked at.
        assert!(send(&mut worker, &spec(extra).mint(NOW).unwrap()).goes_on);
    }
    assert!(worker.http_calls().is_empty(), "nobody was asked for a key");
}

#[test]
fn a_kid_is_a_name_and_nothing_else() {
    let mut worker = Worker::new();
    for kid in [
        "../../../../dev/null",
        "/dev/null",
        "p256\u{0}",
        "P256",
        " p256",
        "' OR '1'='1",
        "p256' UNION SELECT 'x",
        "|whoami",
        "https://mallory.example/key",
        "%70256",
        "ｐ256",
        "p256-other",
    ] {
        refused(&mut worker, &spec(json!({"kid": kid})).mint(NOW).unwrap(), "key-not-found");
        // A secret that everybody knows, should the name be taken for a file.
        let header = json!({"alg": "HS256", "kid": kid});
        refused(
            &mut worker,
            &forged(&header, |message| hmac(b"", message)),
            "algorithm-not-allowed",
        );
    }
    refused(
        &mut worker,
        &spec(json!({"kid": "x".repeat(3000)})).mint(NOW).unwrap(),
        "key-not-found",
    );
    for kid in [json!(0), json!(["p256"]), json!({"p256": 1}), json!(true)] {
        refused(&mut worker, &spec(json!({"kid": kid})).mint(NOW).unwrap(), "token-malformed");
    }
    // An empty name is none: it finds the key that signed, and no secret.
    assert!(send(&mut worker, &spec(json!({"kid": ""})).mint(NOW).unwrap()).goes_on);
    let nameless = json!({"alg": "HS256", "kid": ""});
    refused(&mut worker, &forged(&nameless, |message| hmac(b"", message)), "algorithm-not-allowed");
    // The name of a key that is there, and another's signature.
    let other = TokenSpec { key: Some("p384".into()), ..spec(json!({"kid": "p256"})) };
    assert!(!send(&mut worker, &other.mint(NOW).unwrap()).goes_on);
}

#[test]
fn empty_zero_and_der_signatures_are_bad() {
    let mut worker = Worker::new();
    let order = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let signer = SigningKey::fixed("p256").unwrap();
    let header = json!({"alg": "ES256", "kid": "p256"});
    let der = |message: &[u8]| {
        let signature = signer.sign("ES256", message).unwrap();
        let number = |half: &[u8]| [&[2, 33, 0], half].concat();
        let both = [number(&signature[..32]), number(&signature[32..])].concat();
        [vec![0x30, 70], both].concat()
    };
    refused(&mut worker, &forged(&header, der), "signature-invalid");
    let one = |at_end: bool| [vec![0; 32], [vec![0; 31], vec![u8::from(at_end)]].concat()].concat();
    for signature in [
        Vec::new(),
        vec![0],
        vec![0; 64],
        vec![0xff; 64],
        vec![1; 63],
        vec![1; 65],
        one(true),
        [order, order].concat(),
        [order.to_vec(), one(true)[32..].to_vec()].concat(),
        vec![0x30, 6, 2, 1, 0, 2, 1, 0],
        vec![0; 3000],
    ] {
        refused(&mut worker, &forged(&header, |_| signature.clone()), "signature-invalid");
    }
    let mut worker = Worker::with(&document_of_all_algorithms());
    for (key, algorithm, length) in [
        ("rsa", "RS256", 256),
        ("rsa", "PS256", 256),
        ("ed25519", "EdDSA", 64),
        ("p384", "ES384", 96),
    ] {
        let header = json!({"alg": algorithm, "kid": key});
        for signature in
            [Vec::new(), vec![0; length], vec![0; length - 1], vec![1; length], vec![0xff; length]]
        {
            refused(&mut worker, &forged(&header, |_| signature.clone()), "signature-invalid");
        }
    }
}

#[test]
fn no_twin_of_a_cached_token_is_answered_from_the_cache() {
    let mut worker = Worker::new();
    let good = token(json!({}));
    assert!(send(&mut worker, &good).goes_on);
    assert!(send(&mut worker, &good).goes_on);
    assert_eq!(worker.counter("attache.cache.hits"), 1);
    let trailing =
        TokenSpec { tamper: vec![Tamper::TrailingBits], ..TokenSpec::default() }.mint(NOW).unwrap();
    assert!(!send(&mut worker, &trailing).goes_on, "bits that no decoder needs");
    let (message, signature) = good.rsplit_once('.').unwrap();
    let last = signature.chars().next_back().unwrap();
    let twin = match last {
        'A' => 'B',
        'Q' => 'R',
        'g' => 'h',
        _ => 'x',
    };
    let twins = [
        format!("{message}.{}{twin}", &signature[..signature.len() - 1]),
        format!("{good}="),
        format!("{good}=="),
        format!("{message}.{signature}."),
        format!("{message}.\u{200b}{signature}"),
        good.replace('.', "。"),
        good.replace("eyJ", "eYJ"),
    ];
    for twin in twins {
        assert!(!send(&mut worker, &twin).goes_on, "{twin}");
    }
    assert_eq!(worker.counter("attache.cache.hits"), 1, "none was found in the cache");
}

/// `(r, n - s)` is a good ECDSA signature wherever `(r, s)` is one. It says the same, so it may
/// pass; it must not be taken for the token that is cached, nor get by a check.
#[test]
fn a_malleated_signature_is_verified_on_its_own() {
    let mut worker = Worker::with(&document_with(|document| {
        document["issuers"][0]["revoked"] = json!({"tokenIds": ["gone"]})
    }));
    let order: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
        0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let malleated = |token: &str| {
        let (message, signature) = token.rsplit_once('.').unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let mut borrow = 0;
        for at in (0..32).rev() {
            let difference = i16::from(order[at]) - i16::from(bytes[32 + at]) - borrow;
            borrow = i16::from(difference < 0);
            bytes[32 + at] = u8::try_from(difference.rem_euclid(256)).unwrap();
        }
        format!("{message}.{}", base64url(&bytes))
    };
    let good = token(json!({}));
    assert!(send(&mut worker, &good).goes_on);
    let twin = send(&mut worker, &malleated(&good));
    assert_eq!(
        twin.header("x-user").as_deref(),
        Some("alice"),
        "it says the same: {:?}",
        twin.reason()
    );
    assert_eq!(worker.counter("attache.cache.hits"), 0, "and was verified on its own");
    refused(&mut worker, &malleated(&token(json!({"jti": "gone"}))), "token-revoked");
    refused(&mut worker, &malleated(&token(json!({"exp": NOW - 100}))), "token-expired");
}

#[test]
fn look_alikes_are_other_names() {
    let mut worker = Worker::with(&document_with(|document| {
        document["issuers"][0]["roleClaims"] = json!([{"claim": "roles"}]);
    }));
    for iss in [
        "https://issuer.example/",
        "https://ISSUER.example",
        "https://\u{456}ssuer.example",
        "https://issuer.example\u{0}",
        "https://issuer.example\u{200b}",
        " https://issuer.example",
        "https://issuer.exampl\u{0435}",
    ] {
        refused(&mut worker, &token(json!({"iss": iss})), "issuer-unknown");
    }
    for aud in ["mesh\u{0}", "MESH", "ｍesh", "mesh ", "mes", "m\u{435}sh"] {
        refused(&mut worker, &token(json!({"aud": aud})), "audience-mismatch");
    }
    for role in ["Writer", "ｗriter", "writer\u{0}", "w\u{433}iter", "writer "] {
        let response =
            worker.send(Request::new("POST", "/orders").bearer(&token(json!({"roles": [role]}))));
        assert_eq!(response.reason().as_deref(), Some("role-missing"), "{role}");
    }
    // What is written with another escape is the same text, and counts as the same.
    let escaped = TokenSpec {
        payload_text: Some(format!(
            r#"{{"\u0069ss":"https:\/\/issuer.example","aud":"\u006desh","sub":"alice","exp":{}}}"#,
            NOW + 300
        )),
        ..TokenSpec::default()
    };
    assert!(send(&mut worker, &escaped.mint(NOW).unwrap()).goes_on);
    let twice = TokenSpec {
        payload_text: Some(format!(
            r#"{{"iss":"https://issuer.example","aud":"mesh","sub":"alice","\u0073ub":"root","exp":{}}}"#,
            NOW + 300
        )),
        ..TokenSpec::default()
    };
    refused(&mut worker, &twice.mint(NOW).unwrap(), "token-malformed");
}

#[test]
fn numbers_have_no_end_and_do_no_harm() {
    let mut worker = Worker::new();
    let with = |exp: &str| {
        let payload =
            format!(r#"{{"iss":"https://issuer.example","aud":"mesh","sub":"alice","exp":{exp}}}"#);
        TokenSpec { payload_text: Some(payload), ..TokenSpec::default() }.mint(NOW).unwrap()
    };
    let nines = "9".repeat(400);
    for exp in [
        "1e400",
        "-1e400",
        "-1e308",
        "-0",
        "0",
        "0.999",
        "1767225.7e1",
        "1.7e9e9",
        "NaN",
        "Infinity",
        "0x7fffffff",
        "1_000",
        "+1767225700",
        "01767225700",
        "\"1767225700\"",
        "[1767225700]",
        "null",
        "true",
        "1e-400",
        "-1767225700",
        &nines,
    ] {
        let response = send(&mut worker, &with(exp));
        assert!(!response.goes_on, "exp {exp} is taken");
    }
    refused(&mut worker, &with(&format!("{}.999", NOW - 60)), "token-expired");
    let soon = NOW + 300;
    let all = [format!("{soon}"), format!("{soon}.5"), format!("{soon}.0"), format!("{soon}e0")];
    for exp in &all {
        assert!(send(&mut worker, &with(exp)).goes_on, "exp {exp} is refused");
    }
    for exp in ["18446744073709551615", "18446744073709551616", "1e308"] {
        refused(&mut worker, &with(exp), "lifetime-too-long");
    }
    // What can be had of them in a claim that nobody reads as a time.
    let beside = format!("{soon},\"a\":1e30,\"b\":[{}],\"iat\":\"yesterday\"", "8".repeat(300));
    assert!(send(&mut worker, &with(&beside)).goes_on);
}

#[test]
fn a_hundred_thousand_dots_cost_nothing() {
    let mut worker = Worker::new();
    refused(&mut worker, &".".repeat(100_000), "token-too-large");
    refused(&mut worker, &".".repeat(8000), "token-malformed");
    refused(&mut worker, &format!("{}.", token(json!({}))), "token-malformed");
    let mut open = Worker::with(&document_with(|document| {
        document["cache"] = json!({"maxTokenBytes": 65536})
    }));
    refused(&mut open, &format!("eyJ{}", ".".repeat(60_000)), "token-malformed");
    refused(&mut open, &format!("{}{}", token(json!({})), ".a".repeat(30_000)), "token-malformed");
}

/// A token in the JSON serialization, and one that is two tokens at once: libraries read the one
/// and verify the other.
#[test]
fn a_polyglot_token_is_malformed() {
    let mut worker = Worker::new();
    let good = token(json!({}));
    let parts: Vec<&str> = good.split('.').collect();
    let evil = base64url(
        format!(r#"{{"iss":"https://issuer.example","sub":"root","exp":{}}}"#, NOW + 300)
            .as_bytes(),
    );
    for polyglot in [
        format!(
            r#"{{"protected":"{}","payload":"{}","signature":"{}"}}"#,
            parts[0], parts[1], parts[2]
        ),
        format!(
            r#"{{"  {}.{evil}.":"","protected":"{}","payload":"{}","signature":"{}"}}"#,
            parts[0], parts[0], parts[1], parts[2]
        ),
        format!("{}.{evil}.{}", parts[0], parts[1]),
        format!("{good}.{evil}"),
        format!("{}..{}", parts[0], parts[2]),
    ] {
        let response = send(&mut worker, &polyglot);
        assert!(!response.goes_on, "{polyglot}");
    }
}

#[test]
fn tokens_in_several_places_must_all_be_good() {
    let mut worker = Worker::with(&document_with(|document| {
        let issuer = &mut document["issuers"][0];
        issuer["fromHeaders"] =
            json!([{"name": "Authorization", "prefix": "Bearer "}, {"name": "x-token"}]);
        issuer["fromCookies"] = json!(["session"]);
        issuer["fromParams"] = json!(["access_token"]);
    }));
    let good = token(json!({}));
    let bad =
        TokenSpec { tamper: vec![Tamper::Payload], ..TokenSpec::default() }.mint(NOW).unwrap();
    let place = |request: Request, place: usize, token: &str| match place {
        0 => request.bearer(token),
        1 => request.with("x-token", token),
        _ => request.with("cookie", format!("session={token}")),
    };
    for (first, second) in [(0, 1), (0, 2), (1, 2), (1, 0), (2, 0), (2, 1)] {
        let request = place(place(Request::get("/orders"), first, &good), second, &bad);
        assert_eq!(
            worker.send(request).reason().as_deref(),
            Some("signature-invalid"),
            "{first} {second}"
        );
    }
    let in_query = |token: &str| Request::get(&format!("/orders?access_token={token}"));
    assert_eq!(
        worker.send(in_query(&bad).bearer(&good)).reason().as_deref(),
        Some("signature-invalid")
    );
    assert_eq!(
        worker.send(in_query(&good).bearer(&bad)).reason().as_deref(),
        Some("signature-invalid")
    );
    let twice = Request::get(&format!("/orders?access_token={good}&access_token={bad}"));
    assert_eq!(worker.send(twice).reason().as_deref(), Some("tokens-conflict"));
    let cookies = Request::get("/orders").with("cookie", format!("session={good}; session={bad}"));
    assert_eq!(worker.send(cookies).reason().as_deref(), Some("signature-invalid"));
    let split = Request::get("/orders")
        .with("cookie", format!("session={good}"))
        .with("cookie", format!("session={bad}"));
    assert_eq!(worker.send(split).reason().as_deref(), Some("signature-invalid"));
}
