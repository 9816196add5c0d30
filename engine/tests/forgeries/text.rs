//! Tokens that are spelled, cut and put together otherwise than RFC 7515 section 7.1 has it, and
//! keys of another kind.

use super::keys::{Key, base64url, message};
use super::{Bench, seeded};
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL};
use ring::hmac;
use serde_json::json;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Returns the other texts whose last character differs only in bits that stand for nothing (RFC
/// 4648 section 3.5).
fn other_tails(text: &str) -> Vec<String> {
    let unused = match text.len() % 4 {
        2 => 4_u32,
        3 => 2,
        _ => return Vec::new(),
    };
    let (rest, last) = text.split_at(text.len() - 1);
    let index = ALPHABET.iter().position(|&letter| letter == last.as_bytes()[0]).unwrap();
    (1..1_usize << unused)
        .map(|bits| format!("{rest}{}", char::from(ALPHABET[index ^ bits])))
        .collect()
}

#[test]
fn a_token_is_spelled_in_one_way() {
    let key = Key::p256(&mut seeded(6));
    let mut bench = Bench::new(&key);
    for length in 0..12 {
        let payload = json!({"pad": "x".repeat(length)});
        let text = message(&json!({"alg": "ES256"}), &payload);
        let signature = base64url(&key.sign(&text));
        bench.judge("good", &format!("{text}.{signature}"), true);
        for tail in other_tails(&signature) {
            bench.judge("another tail of the signature", &format!("{text}.{tail}"), false);
        }
        // Signed as they stand: what is refused is the spelling, not the signature.
        let (header, payload) = text.split_once('.').unwrap();
        for tail in other_tails(payload) {
            let text = format!("{header}.{tail}");
            bench.judge_signature("another tail of the payload", &text, &key.sign(&text), false);
        }
        for tail in other_tails(header) {
            let text = format!("{tail}.{payload}");
            bench.judge_signature("another tail of the header", &text, &key.sign(&text), false);
        }
        for (kind, inserted) in [
            ("padding", "="),
            ("space", " "),
            ("line end", "\n"),
            ("plus", "+"),
            ("slash", "/"),
            ("NUL", "\0"),
            ("question mark", "?"),
        ] {
            for text in
                [format!("{header}{inserted}.{payload}"), format!("{header}.{payload}{inserted}")]
            {
                bench.judge_signature(kind, &text, &key.sign(&text), false);
            }
            bench.judge(kind, &format!("{text}.{signature}{inserted}"), false);
            bench.judge(kind, &format!("{text}.{inserted}{signature}"), false);
        }
    }
    bench.finish(300);
}

#[test]
fn other_alphabets_and_padding_are_no_base64url() {
    let key = Key::p256(&mut seeded(7));
    let mut bench = Bench::new(&key);
    for count in 0..40 {
        let text = message(&json!({"alg": "ES256"}), &json!({"count": count}));
        let signature = key.sign(&text);
        let good = base64url(&signature);
        for other in [
            BASE64.encode(&signature),
            BASE64_NOPAD.encode(&signature),
            BASE64URL.encode(&signature),
        ] {
            bench.judge("another alphabet", &format!("{text}.{other}"), other == good);
        }
    }
    bench.finish(120);
}

#[test]
fn a_token_has_three_parts_and_all_of_them() {
    let key = Key::p256(&mut seeded(8));
    let mut bench = Bench::new(&key);
    let text = message(&json!({"alg": "ES256"}), &json!({"sub": "alice"}));
    let (header, payload) = text.split_once('.').unwrap();
    let signature = base64url(&key.sign(&text));
    for token in [
        String::new(),
        ".".into(),
        "..".into(),
        "...".into(),
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{payload}.{signature}"),
        format!("{header}.{signature}"),
        format!("{header}.{payload}.{signature}."),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{payload}.{signature}.{header}.{payload}.{signature}"),
        format!(".{header}.{payload}.{signature}"),
        format!("{payload}.{header}.{signature}"),
        json!({"protected": header, "payload": payload, "signature": signature}).to_string(),
        json!({"payload": payload, "signatures": [{"protected": header, "signature": signature}]})
            .to_string(),
    ] {
        bench.judge("in pieces", &token, false);
    }
    bench.finish(18);
}

#[test]
fn a_header_chooses_neither_algorithm_nor_key() {
    let mut random = seeded(9);
    let (key, other) = (Key::p256(&mut random), Key::p256(&mut random));
    let mut bench = Bench::new(&key);
    for name in [
        "none", "None", "NONE", "nOnE", "", "es256", "ES256 ", "ES384", "ES512", "RS256", "PS256",
        "HS256", "HS384", "HS512", "EdDSA", "ES256K", "ES521",
    ] {
        let text = message(&json!({"alg": name}), &json!({"sub": "alice"}));
        bench.judge_signature("another name, really signed", &text, &key.sign(&text), false);
        bench.judge("another name, not signed", &format!("{text}."), false);
    }
    for odd in [json!(null), json!(256), json!(["ES256"]), json!({"name": "ES256"}), json!(true)] {
        let text = message(&json!({"alg": odd}), &json!({"sub": "alice"}));
        bench.judge_signature("no name at all", &text, &key.sign(&text), false);
    }
    let text = message(&json!({"typ": "JWT"}), &json!({"sub": "alice"}));
    bench.judge_signature("no algorithm", &text, &key.sign(&text), false);
    // The classic: a public key, in each form in which it is published, as a shared secret.
    let jwk = key.jwk();
    let x = data_encoding::BASE64URL_NOPAD.decode(jwk["x"].as_str().unwrap().as_bytes()).unwrap();
    for secret in
        [key.public(), key.public()[1..].to_vec(), x, jwk.to_string().into_bytes(), Vec::new()]
    {
        let text = message(&json!({"alg": "HS256"}), &json!({"sub": "alice"}));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), text.as_bytes());
        bench.judge_signature("the public key as a secret", &text, tag.as_ref(), false);
    }
    let brought = json!({"alg": "ES256", "jwk": other.jwk()});
    let text = message(&brought, &json!({"sub": "alice"}));
    bench.judge_signature("by a key that the token brings", &text, &other.sign(&text), false);
    let text = message(&json!({"alg": "ES256"}), &json!({"sub": "alice"}));
    bench.judge_signature("by another key", &text, &other.sign(&text), false);
    for member in ["crit", "b64"] {
        let value = if member == "crit" { json!(["exp"]) } else { json!(false) };
        let text = message(&json!({"alg": "ES256", member: value}), &json!({"sub": "alice"}));
        bench.judge_signature("what must be understood", &text, &key.sign(&text), false);
    }
    bench.finish(45);
}
