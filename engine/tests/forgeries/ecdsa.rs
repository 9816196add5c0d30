//! ECDSA and EdDSA signatures with numbers at the edges, too long, too short and in other forms.

use super::keys::{Key, integer, message};
use super::{Bench, der, seeded};
use rsa::BigUint;
use serde_json::json;

const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
const P256_FIELD: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
const P384_ORDER: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";
const P384_FIELD: &str = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff";
/// RFC 8032 section 5.1.
const ED25519_ORDER: &str = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";

fn number(hex: &str) -> BigUint {
    BigUint::parse_bytes(hex.as_bytes(), 16).unwrap()
}

/// Returns a number in so many bytes, the highest first; `None` where it needs more.
fn fixed(number: &BigUint, bytes: usize) -> Option<Vec<u8>> {
    let digits = number.to_bytes_be();
    Some([vec![0; bytes.checked_sub(digits.len())?], digits].concat())
}

fn edges(key: &Key, bytes: usize, order: &BigUint, field: &BigUint) {
    let text = message(&json!({"alg": key.algorithm}), &json!({"sub": "alice"}));
    let mut bench = Bench::new(key);
    let good = key.sign(&text);
    bench.judge_signature("good", &text, &good, true);
    let (r, s) = (BigUint::from_bytes_be(&good[..bytes]), BigUint::from_bytes_be(&good[bytes..]));
    let one = BigUint::from(1_u8);
    let largest = (&one << (8 * bytes)) - &one;
    let edges = [
        BigUint::from(0_u8),
        one.clone(),
        BigUint::from(2_u8),
        order - &one,
        order.clone(),
        order + &one,
        field - &one,
        field.clone(),
        largest,
        r.clone(),
        s.clone(),
        order - &r,
        order - &s,
        order >> 1,
    ];
    for first in &edges {
        for second in &edges {
            // The negated `s` of a good signature is good too, as FIPS 186-5 has it; the cache is
            // keyed by the text.
            let meant = *first == r && (*second == s || *second == order - &s);
            let signature = [fixed(first, bytes).unwrap(), fixed(second, bytes).unwrap()].concat();
            bench.judge_signature("r and s at the edges", &text, &signature, meant);
        }
    }
    for (kind, other) in [
        ("swapped", [&good[bytes..], &good[..bytes]].concat()),
        ("in DER", der::value(0x30, &[integer(&good[..bytes]), integer(&good[bytes..])].concat())),
        ("a zero in front", [&[0], good.as_slice()].concat()),
        ("a zero behind", [good.as_slice(), &[0]].concat()),
        ("zeros in front of both", [&[0], &good[..bytes], &[0], &good[bytes..]].concat()),
        ("cut", good[..2 * bytes - 1].to_vec()),
        ("half", good[..bytes].to_vec()),
        ("twice", [good.as_slice(), &good].concat()),
        ("empty", Vec::new()),
    ] {
        bench.judge_signature(kind, &text, &other, false);
    }
    for bit in 0..16 * bytes {
        let mut flipped = good.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        bench.judge_signature("a bit flipped", &text, &flipped, false);
    }
    for count in 0..50 {
        let text = message(&json!({"alg": key.algorithm}), &json!({"count": count}));
        bench.judge_signature("good", &text, &key.sign(&text), true);
        bench.judge_signature("of another text", &text, &good, false);
    }
    bench.finish(700);
}

#[test]
fn numbers_at_the_edges_of_p256_are_no_signature() {
    edges(&Key::p256(&mut seeded(3)), 32, &number(P256_ORDER), &number(P256_FIELD));
}

#[test]
fn numbers_at_the_edges_of_p384_are_no_signature() {
    edges(&Key::p384(&mut seeded(4)), 48, &number(P384_ORDER), &number(P384_FIELD));
}

#[test]
fn an_ed25519_signature_has_one_form() {
    let key = Key::ed25519(&mut seeded(5));
    let text = message(&json!({"alg": "EdDSA"}), &json!({"sub": "alice"}));
    let mut bench = Bench::new(&key);
    let good = key.sign(&text);
    bench.judge_signature("good", &text, &good, true);
    // RFC 8032 section 5.1.7: `s` is less than the order, so that no signature has a twin.
    let s = BigUint::from_bytes_le(&good[32..]);
    for times in 1_u8..=14 {
        let mut larger = (&s + number(ED25519_ORDER) * times).to_bytes_le();
        larger.resize(32, 0);
        bench.judge_signature("s past the order", &text, &[&good[..32], &larger].concat(), false);
    }
    let mut identity = [0; 32];
    identity[0] = 1;
    for point in [[0; 32], identity, [0xff; 32]] {
        bench.judge_signature(
            "a point of small order",
            &text,
            &[point.as_slice(), &good[32..]].concat(),
            false,
        );
        bench.judge_signature("s of zero", &text, &[point, [0; 32]].concat(), false);
    }
    for bit in 0..512 {
        let mut flipped = good.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        bench.judge_signature("a bit flipped", &text, &flipped, false);
    }
    for other in [&good[..63], &[&good[..], &[0]].concat(), &[]] {
        bench.judge_signature("another length", &text, other, false);
    }
    bench.finish(530);
}
