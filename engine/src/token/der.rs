//! The little DER (ITU-T X.690) that a host's verifier is handed: public keys, and ECDSA
//! signatures.
//!
//! Written here, since all that a library for ASN.1 brings along would be a twentieth of the
//! module, and since each ES token passes through it. Nothing is read.

use attache_plugin_config::EcCurve;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// `rsaEncryption` (1.2.840.113549.1.1.1) and its parameters, which are NULL.
const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// `id-ecPublicKey` (1.2.840.10045.2.1).
const EC: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// Returns the SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) of an RSA key (RFC 3279 section
/// 2.3.1).
pub(super) fn rsa_key(n: &[u8], e: &[u8]) -> Box<[u8]> {
    let key = element(SEQUENCE, &[&integer(n), &integer(e)]);
    public_key(&element(SEQUENCE, &[RSA]), &key)
}

/// Returns the SubjectPublicKeyInfo of a point (RFC 5480 section 2), which is in the form of SEC 1
/// section 2.3.3.
pub(super) fn ec_key(curve: EcCurve, point: &[u8]) -> Box<[u8]> {
    let curve = element(OBJECT_IDENTIFIER, &[curve.oid()]);
    public_key(&element(SEQUENCE, &[EC, &curve]), point)
}

/// Returns an ECDSA signature (RFC 3279 section 2.2.3) from its JOSE form, two numbers of the same
/// length (RFC 7518 section 3.4).
pub(super) fn ecdsa_signature(jose: &[u8]) -> Vec<u8> {
    let (r, s) = jose.split_at_checked(jose.len() / 2).unwrap_or_default();
    element(SEQUENCE, &[&integer(r), &integer(s)])
}

fn public_key(algorithm: &[u8], key: &[u8]) -> Box<[u8]> {
    // No bit of the last byte is unused.
    element(SEQUENCE, &[algorithm, &element(BIT_STRING, &[&[0], key])]).into()
}

/// Returns a positive integer: no zero in front, but where the first bit would be taken for a sign.
fn integer(big_endian: &[u8]) -> Vec<u8> {
    let start = big_endian.iter().position(|&byte| byte != 0).unwrap_or(big_endian.len());
    let digits = big_endian.get(start..).unwrap_or_default();
    let sign: &[u8] = if digits.first().is_none_or(|first| first & 0x80 != 0) { &[0] } else { &[] };
    element(INTEGER, &[sign, digits])
}

fn element(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let length = contents.iter().map(|part| part.len()).fold(0, usize::saturating_add);
    let mut element = Vec::with_capacity(length.saturating_add(4));
    element.push(tag);
    // No key and no signature is longer than 65,535 bytes.
    match length.to_be_bytes() {
        [.., low] if length < 0x80 => element.push(low),
        [.., low] if length < 0x100 => element.extend([0x81, low]),
        [.., high, low] => element.extend([0x82, high, low]),
    }
    contents.iter().for_each(|part| element.extend_from_slice(part));
    element
}

#[cfg(test)]
mod tests {
    use super::*;
    use p521::pkcs8::EncodePublicKey as _;
    use proptest::prelude::*;
    use rsa::pkcs8::EncodePublicKey as _;
    use rsa::{BigUint, RsaPublicKey};

    #[test]
    fn keys_are_written_as_libraries_write_them() {
        let one = [1; 32];
        let key = p256::ecdsa::SigningKey::from_slice(&one).unwrap();
        let point = key.verifying_key().to_sec1_point(false);
        let expected = p256::PublicKey::from(*key.verifying_key()).to_public_key_der().unwrap();
        assert_eq!(*ec_key(EcCurve::P256, point.as_bytes()), *expected.as_bytes());

        let key = p384::ecdsa::SigningKey::from_slice(&[1; 48]).unwrap();
        let point = key.verifying_key().to_sec1_point(false);
        let expected = p384::PublicKey::from(*key.verifying_key()).to_public_key_der().unwrap();
        assert_eq!(*ec_key(EcCurve::P384, point.as_bytes()), *expected.as_bytes());

        let mut secret = [1; 66];
        secret[0] = 0;
        let key = p521::ecdsa::SigningKey::from_slice(&secret).unwrap();
        let point = key.verifying_key().to_sec1_point(false);
        let expected = p521::PublicKey::from(*key.verifying_key()).to_public_key_der().unwrap();
        assert_eq!(*ec_key(EcCurve::P521, point.as_bytes()), *expected.as_bytes());

        for bytes in [256, 384, 512] {
            // An odd number of that length serves: only its bytes are looked at.
            let n = [&[0xc1][..], &vec![0x5a; bytes - 2], &[0x0d]].concat();
            let key =
                RsaPublicKey::new(BigUint::from_bytes_be(&n), BigUint::from(65_537_u32)).unwrap();
            let expected = key.to_public_key_der().unwrap();
            assert_eq!(*rsa_key(&n, &[1, 0, 1]), *expected.as_bytes(), "{bytes} bytes");
        }
    }

    proptest! {
        #[test]
        fn signatures_are_written_as_a_library_writes_them(
            r in proptest::collection::vec(any::<u8>(), 32),
            s in proptest::collection::vec(any::<u8>(), 32),
            zeros in 0..32_usize,
        ) {
            let mut jose = [r, s].concat();
            jose[..zeros].fill(0);
            if let Ok(signature) = p256::ecdsa::Signature::from_slice(&jose) {
                prop_assert!(ecdsa_signature(&jose) == signature.to_der().as_bytes());
            }
        }

        #[test]
        fn long_signatures_too(bytes in proptest::collection::vec(any::<u8>(), 132)) {
            let mut jose = bytes;
            for half in [0, 66] {
                jose[half] &= 1;
            }
            if let Ok(signature) = p521::ecdsa::Signature::from_slice(&jose) {
                prop_assert!(ecdsa_signature(&jose) == signature.to_der().as_bytes());
            }
        }
    }
}
