use super::PublicKey;
use crate::token::Backend;
use crate::token::testing::{DerHost, NoHost, jwk, sign};
use attache_plugin_config::{Algorithm, EcCurve, Jwk, JwkMaterial};

const MESSAGE: &[u8] = b"header.payload";

fn asymmetric() -> impl Iterator<Item = Algorithm> {
    Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_hmac())
}

#[test]
fn every_algorithm_verifies_in_software_and_on_the_host() {
    for algorithm in asymmetric() {
        let key = PublicKey::new(&jwk(algorithm, None)).unwrap();
        let signature = sign(algorithm, MESSAGE);
        assert_eq!(
            key.verify(algorithm, MESSAGE, &signature, &NoHost),
            Ok(Backend::Software),
            "{algorithm}"
        );
        let host = DerHost::default();
        let asked =
            matches!(algorithm.name(), "RS256" | "RS384" | "RS512" | "ES256" | "ES384" | "ES512");
        let backend = if asked { Backend::Host } else { Backend::Software };
        assert_eq!(key.verify(algorithm, MESSAGE, &signature, &host), Ok(backend), "{algorithm}");
        assert_eq!(
            key.verify(algorithm, b"other", &signature, &host),
            Err(Some(backend)),
            "{algorithm}"
        );
        assert_eq!(host.calls.get(), if asked { 2 } else { 0 }, "{algorithm}");
    }
}

#[test]
fn every_flipped_bit_of_a_signature_is_seen() {
    for algorithm in asymmetric().filter(|algorithm| !algorithm.name().starts_with(['R', 'P'])) {
        let key = PublicKey::new(&jwk(algorithm, None)).unwrap();
        let good = sign(algorithm, MESSAGE);
        for byte in 0..good.len() {
            let mut bad = good.clone();
            bad[byte] ^= 1 << (byte % 8);
            assert!(
                key.verify(algorithm, MESSAGE, &bad, &NoHost).is_err(),
                "{algorithm}, byte {byte}"
            );
        }
    }
}

#[test]
fn signatures_of_another_shape_reach_no_verifier() {
    for algorithm in asymmetric() {
        let key = PublicKey::new(&jwk(algorithm, None)).unwrap();
        let good = sign(algorithm, MESSAGE);
        let der = match algorithm {
            Algorithm::ES256 => {
                p256::ecdsa::Signature::from_slice(&good).unwrap().to_der().as_bytes().to_vec()
            }
            Algorithm::ES384 => {
                p384::ecdsa::Signature::from_slice(&good).unwrap().to_der().as_bytes().to_vec()
            }
            Algorithm::ES512 => {
                p521::ecdsa::Signature::from_slice(&good).unwrap().to_der().as_bytes().to_vec()
            }
            _ => vec![0x30],
        };
        let zeros = vec![0; good.len()];
        let cut = good.split_last().unwrap().1.to_vec();
        let padded = [&[0], good.as_slice()].concat();
        for (bad, why) in [
            (vec![], "empty"),
            (cut, "a byte short"),
            (padded, "a leading zero"),
            ([good.as_slice(), &[0]].concat(), "a trailing zero"),
            (der, "DER"),
        ] {
            let host = DerHost::default();
            assert_eq!(
                key.verify(algorithm, MESSAGE, &bad, &host),
                Err(None),
                "{algorithm}: {why}"
            );
            assert_eq!(host.calls.get(), 0);
        }
        assert!(key.verify(algorithm, MESSAGE, &zeros, &NoHost).is_err(), "{algorithm}: all zero");
    }
}

#[test]
fn a_key_serves_no_algorithm_of_another_type() {
    for algorithm in asymmetric() {
        let key = PublicKey::new(&jwk(algorithm, None)).unwrap();
        for other in Algorithm::ALL.into_iter().filter(|&other| other != algorithm) {
            let signature = sign(other, MESSAGE);
            let family = |algorithm: Algorithm| match algorithm.name().split_at(2) {
                ("RS" | "PS", _) => "RSA",
                _ => algorithm.name(),
            };
            if family(other) != family(algorithm) {
                assert!(
                    key.verify(other, MESSAGE, &signature, &NoHost).is_err(),
                    "{other} with {algorithm}'s key"
                );
            }
        }
    }
}

#[test]
fn der_of_p521_has_long_lengths_and_minimal_integers() {
    let mut raw = [0_u8; 132];
    raw[..66].copy_from_slice(&[[0x01].as_slice(), &[0xAB; 65]].concat());
    raw[131] = 0x80;
    let der = p521::ecdsa::Signature::from_slice(&raw).unwrap().to_der();
    let small = [0x02, 0x02, 0x00, 0x80];
    let large = [[0x02, 66, 0x01].as_slice(), &[0xAB; 65]].concat();
    assert_eq!(der.as_bytes(), [[0x30, 72].as_slice(), &large, &small].concat());

    raw[66..].copy_from_slice(&[[0x01].as_slice(), &[0xAB; 65]].concat());
    let der = p521::ecdsa::Signature::from_slice(&raw).unwrap().to_der();
    assert_eq!(der.as_bytes(), [[0x30, 0x81, 136].as_slice(), &large, &large].concat());
}

#[test]
fn a_host_that_knows_better_is_believed() {
    struct Contrary;
    impl crate::host::HostCrypto for Contrary {
        fn verify(&self, _: &[u8], _: Algorithm, _: &[u8], _: &[u8]) -> Option<bool> {
            Some(false)
        }
    }
    let key = PublicKey::new(&jwk(Algorithm::ES256, None)).unwrap();
    let signature = sign(Algorithm::ES256, MESSAGE);
    assert_eq!(
        key.verify(Algorithm::ES256, MESSAGE, &signature, &Contrary),
        Err(Some(Backend::Host))
    );
}

#[test]
fn numbers_that_are_no_key_are_refused() {
    let with = |material| Jwk { material, ..jwk(Algorithm::ES256, None) };
    for (curve, length) in [(EcCurve::P256, 32), (EcCurve::P384, 48), (EcCurve::P521, 66)] {
        let off = JwkMaterial::Ec { curve, x: vec![1; length], y: vec![1; length] };
        assert!(PublicKey::new(&with(off)).unwrap_err().contains("no point on this curve"));
        let origin = JwkMaterial::Ec { curve, x: vec![0; length], y: vec![0; length] };
        assert!(PublicKey::new(&with(origin)).is_err());
    }
    let mut identity = [0; 32];
    identity[0] = 1;
    assert!(
        PublicKey::new(&with(JwkMaterial::Ed25519 { x: identity })).is_err(),
        "a point of small order"
    );
    let short = JwkMaterial::Rsa { n: vec![0xff; 128], e: vec![1, 0, 1] };
    assert!(PublicKey::new(&with(short)).unwrap_err().contains("2048"));
}

#[test]
fn a_fingerprint_tells_keys_apart_and_nothing_else() {
    let print = |jwk: &Jwk| PublicKey::new(jwk).unwrap().fingerprint();
    let one = jwk(Algorithm::ES256, Some("a"));
    assert_eq!(print(&one), print(&one.clone()));
    assert_eq!(print(&one), 0x3a40_1045_750a_368b, "the same in every VM and every version");
    assert_ne!(print(&one), print(&jwk(Algorithm::ES256, Some("b"))), "another kid");
    assert_ne!(print(&one), print(&jwk(Algorithm::ES256, None)), "no kid");
    assert_ne!(print(&one), print(&jwk(Algorithm::ES384, Some("a"))), "another key");
    let rsa = jwk(Algorithm::RS256, None);
    assert_ne!(print(&rsa), print(&jwk(Algorithm::PS256, None)), "another algorithm");
}

#[test]
fn a_key_shows_no_numbers() {
    let shown = format!("{:?}", PublicKey::new(&jwk(Algorithm::ES256, Some("a"))).unwrap());
    assert!(shown.starts_with("PublicKey { key_id: Some(\"a\"), fingerprint: "), "{shown}");
}
