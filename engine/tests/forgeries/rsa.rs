//! Messages that an RSA key has really raised to its private exponent, but whose encoding is not
//! what RFC 8017 section 9 makes of the text.

use super::der::Node;
use super::keys::{Key, message};
use super::{Bench, seeded};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::RngCore as _;
use ring::digest::{SHA256, SHA384, digest};
use serde_json::json;

const BYTES: usize = 256;
const SHA256_OID: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const SHA384_OID: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

fn info(oid: &[u8], hash: Vec<u8>) -> Node {
    let algorithm =
        Node::Sequence(vec![Node::Leaf(0x06, oid.to_vec()), Node::Leaf(0x05, Vec::new())]);
    Node::Sequence(vec![algorithm, Node::Leaf(0x04, hash)])
}

/// Returns the DigestInfo of a text for RS256.
pub(super) fn digest_info(message: &str) -> Vec<u8> {
    info(&SHA256_OID, sha256(message.as_bytes())).write()
}

/// Returns EMSA-PKCS1-v1_5 of a DigestInfo, good or bad, padded to the key's length.
pub(super) fn pkcs1(info: &[u8]) -> Vec<u8> {
    let padding = vec![0xff; BYTES - 3 - info.len()];
    [&[0, 1], padding.as_slice(), &[0], info].concat()
}

#[test]
fn no_padding_but_the_one_of_pkcs1_is_a_signature() {
    let key = Key::rsa("RS256", &mut seeded(1));
    let text = message(&json!({"alg": "RS256"}), &json!({"sub": "alice"}));
    let mut bench = Bench::new(&key);
    let good = digest_info(&text);
    bench.judge_signature("good", &text, &key.raise(&pkcs1(&good)), true);
    for (kind, spoiled) in info(&SHA256_OID, sha256(text.as_bytes())).spoiled() {
        // What is spoiled twice over can come out right; that is a good signature then.
        bench.judge_signature(&kind, &text, &key.raise(&pkcs1(&spoiled)), spoiled == good);
    }
    let without_null = Node::Sequence(vec![
        Node::Sequence(vec![Node::Leaf(0x06, SHA256_OID.to_vec())]),
        Node::Leaf(0x04, sha256(text.as_bytes())),
    ]);
    bench.judge_signature("no NULL", &text, &key.raise(&pkcs1(&without_null.write())), false);
    let of_another = info(&SHA384_OID, digest(&SHA384, text.as_bytes()).as_ref().to_vec()).write();
    bench.judge_signature("another hash", &text, &key.raise(&pkcs1(&of_another)), false);
    let misnamed = info(&SHA384_OID, sha256(text.as_bytes())).write();
    bench.judge_signature("another hash's name", &text, &key.raise(&pkcs1(&misnamed)), false);
    bench.judge_signature(
        "a bare hash",
        &text,
        &key.raise(&pkcs1(&sha256(text.as_bytes()))),
        false,
    );
    for (kind, encoded) in spoiled_blocks(&good) {
        bench.judge_signature(kind, &text, &key.raise(&encoded), false);
    }
    let signature = key.raise(&pkcs1(&good));
    for (kind, other) in [
        ("a zero in front", [&[0], signature.as_slice()].concat()),
        ("a zero behind", [signature.as_slice(), &[0]].concat()),
        ("cut", signature[..BYTES - 1].to_vec()),
        ("empty", Vec::new()),
        ("zero", vec![0; BYTES]),
        ("one", [vec![0; BYTES - 1], vec![1]].concat()),
        ("as large as can be", vec![0xff; BYTES]),
    ] {
        bench.judge_signature(kind, &text, &other, false);
    }
    bench.finish(250);
}

/// Returns blocks whose padding is not that of RFC 8017 section 9.2, the room for garbage that let
/// signatures be forged among them.
fn spoiled_blocks(info: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let good = pkcs1(info);
    let changed = |at: usize, byte: u8| {
        let mut block = good.clone();
        block[at] = byte;
        block
    };
    let garbage_behind =
        [&[0, 1], [0xff; 8].as_slice(), &[0], info, &vec![0x5a; BYTES - 11 - info.len()]].concat();
    let garbage_between =
        [&[0, 1], [0xff; 8].as_slice(), &[0], &vec![0x5a; BYTES - 11 - info.len()], info].concat();
    let long = BYTES - 4 - info.len();
    vec![
        ("block type 0", changed(1, 0)),
        ("block type 2", changed(1, 2)),
        ("block type 255", changed(1, 0xff)),
        ("padding broken at its start", changed(2, 0xfe)),
        ("padding broken in the middle", changed(100, 0)),
        ("padding broken at its end", changed(BYTES - 2 - info.len(), 0xef)),
        ("padding not ended", changed(BYTES - 1 - info.len(), 1)),
        ("short padding, garbage behind", garbage_behind),
        ("short padding, garbage between", garbage_between),
        ("zero in the padding", [&[0, 1], vec![0xff; long].as_slice(), &[0, 0], info].concat()),
        ("no padding", [vec![0; BYTES - info.len()], info.to_vec()].concat()),
    ]
}

/// What an encoding by EMSA-PSS (RFC 8017 section 9.1) is made of; all of it may be wrong.
struct Pss {
    salt: Vec<u8>,
    /// Instead of the hash of the message and the salt.
    hash: Option<Vec<u8>>,
    separator: u8,
    trailer: u8,
    /// What the first byte of the masked block is changed by, in the end.
    first: u8,
}

impl Pss {
    fn encode(&self, message: &str) -> Vec<u8> {
        let block = [vec![0; 8], sha256(message.as_bytes()), self.salt.clone()].concat();
        let hash = self.hash.clone().unwrap_or_else(|| sha256(&block));
        let zeros = vec![0; BYTES - self.salt.len() - hash.len() - 2];
        let data = [zeros, vec![self.separator], self.salt.clone()].concat();
        let mask = mgf1(&hash, data.len());
        let mut masked: Vec<u8> = data.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
        masked[0] &= 0x7f;
        masked[0] ^= self.first;
        [masked, hash, vec![self.trailer]].concat()
    }
}

fn mgf1(seed: &[u8], length: usize) -> Vec<u8> {
    let blocks = (0_u32..).flat_map(|count| sha256(&[seed, &count.to_be_bytes()].concat()));
    blocks.take(length).collect()
}

fn random(bytes: usize, source: &mut ChaCha20Rng) -> Vec<u8> {
    let mut random = vec![0; bytes];
    source.fill_bytes(&mut random);
    random
}

#[test]
fn no_padding_but_the_one_of_pss_is_a_signature() {
    let mut source = seeded(2);
    let key = Key::rsa("PS256", &mut source);
    let text = message(&json!({"alg": "PS256"}), &json!({"sub": "alice"}));
    let mut bench = Bench::new(&key);
    let mut judge = |kind: &str, pss: Pss, meant: bool| {
        let mut encoded = pss.encode(&text);
        // A block that is no smaller than the modulus can't be raised and come back.
        encoded[0] &= 0x7f | pss.first;
        bench.judge_signature(kind, &text, &key.raise(&encoded), meant);
    };
    let plain = |salt: Vec<u8>| Pss { salt, hash: None, separator: 1, trailer: 0xbc, first: 0 };
    for _ in 0..10 {
        judge("good", plain(random(32, &mut source)), true);
    }
    judge("salt of zeros", plain(vec![0; 32]), true);
    judge("salt of ones", plain(vec![0xff; 32]), true);
    // RFC 7518 section 3.5: the salt is as long as the hash.
    for bytes in [0, 1, 20, 31, 33, 48, 64, 222] {
        judge("salt of another length", plain(random(bytes, &mut source)), false);
    }
    for separator in [0, 2, 0x80, 0xff] {
        judge("separator", Pss { separator, ..plain(vec![7; 32]) }, false);
    }
    for trailer in [0, 0xbb, 0xbd, 0xcc] {
        judge("trailer", Pss { trailer, ..plain(vec![7; 32]) }, false);
    }
    for bit in (0..256).step_by(8) {
        let block = [vec![0; 8], sha256(text.as_bytes()), vec![7; 32]].concat();
        let mut hash = sha256(&block);
        hash[bit / 8] ^= 1 << (bit % 8);
        judge("hash", Pss { hash: Some(hash), ..plain(vec![7; 32]) }, false);
    }
    judge("hash of zeros", Pss { hash: Some(vec![0; 32]), ..plain(vec![7; 32]) }, false);
    judge("mask", Pss { first: 0x01, ..plain(vec![7; 32]) }, false);
    let by_pkcs1 = key.raise(&pkcs1(&digest_info(&text)));
    bench.judge_signature("by PKCS #1 v1.5", &text, &by_pkcs1, false);
    bench.finish(60);
}
