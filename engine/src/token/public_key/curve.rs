//! The numbers of the curves that ECDSA uses here (SP 800-186 section 3.2.1), and what is asked of
//! a key and of a signature before a host verifies with them.
//!
//! That a point is on its curve takes a line of arithmetic that is no secret's, with the big
//! integers that RSA needs anyway. The arithmetic of a library would be a tenth of the module, most
//! of it for what the host does.

use attache_plugin_config::EcCurve;
use rsa::BigUint;

/// A curve y² = x³ − 3x + b over the numbers below p, with a group of order n; each number in
/// big-endian bytes, as long as a coordinate.
struct Numbers {
    p: &'static [u8],
    b: &'static [u8],
    n: &'static [u8],
}

const P256: Numbers = Numbers {
    p: &[
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff,
    ],
    b: &[
        0x5a, 0xc6, 0x35, 0xd8, 0xaa, 0x3a, 0x93, 0xe7, 0xb3, 0xeb, 0xbd, 0x55, 0x76, 0x98, 0x86,
        0xbc, 0x65, 0x1d, 0x06, 0xb0, 0xcc, 0x53, 0xb0, 0xf6, 0x3b, 0xce, 0x3c, 0x3e, 0x27, 0xd2,
        0x60, 0x4b,
    ],
    n: &[
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63,
        0x25, 0x51,
    ],
};

const P384: Numbers = Numbers {
    p: &[
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff,
        0xff, 0xff, 0xff,
    ],
    b: &[
        0xb3, 0x31, 0x2f, 0xa7, 0xe2, 0x3e, 0xe7, 0xe4, 0x98, 0x8e, 0x05, 0x6b, 0xe3, 0xf8, 0x2d,
        0x19, 0x18, 0x1d, 0x9c, 0x6e, 0xfe, 0x81, 0x41, 0x12, 0x03, 0x14, 0x08, 0x8f, 0x50, 0x13,
        0x87, 0x5a, 0xc6, 0x56, 0x39, 0x8d, 0x8a, 0x2e, 0xd1, 0x9d, 0x2a, 0x85, 0xc8, 0xed, 0xd3,
        0xec, 0x2a, 0xef,
    ],
    n: &[
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37,
        0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc,
        0xc5, 0x29, 0x73,
    ],
};

const P521: Numbers = Numbers {
    p: &[
        0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    ],
    b: &[
        0x00, 0x51, 0x95, 0x3e, 0xb9, 0x61, 0x8e, 0x1c, 0x9a, 0x1f, 0x92, 0x9a, 0x21, 0xa0, 0xb6,
        0x85, 0x40, 0xee, 0xa2, 0xda, 0x72, 0x5b, 0x99, 0xb3, 0x15, 0xf3, 0xb8, 0xb4, 0x89, 0x91,
        0x8e, 0xf1, 0x09, 0xe1, 0x56, 0x19, 0x39, 0x51, 0xec, 0x7e, 0x93, 0x7b, 0x16, 0x52, 0xc0,
        0xbd, 0x3b, 0xb1, 0xbf, 0x07, 0x35, 0x73, 0xdf, 0x88, 0x3d, 0x2c, 0x34, 0xf1, 0xef, 0x45,
        0x1f, 0xd4, 0x6b, 0x50, 0x3f, 0x00,
    ],
    n: &[
        0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xfa, 0x51, 0x86, 0x87, 0x83, 0xbf, 0x2f, 0x96, 0x6b, 0x7f, 0xcc, 0x01,
        0x48, 0xf7, 0x09, 0xa5, 0xd0, 0x3b, 0xb5, 0xc9, 0xb8, 0x89, 0x9c, 0x47, 0xae, 0xbb, 0x6f,
        0xb7, 0x1e, 0x91, 0x38, 0x64, 0x09,
    ],
};

const fn numbers(curve: EcCurve) -> &'static Numbers {
    match curve {
        EcCurve::P256 => &P256,
        EcCurve::P384 => &P384,
        EcCurve::P521 => &P521,
    }
}

/// Returns whether these coordinates, each as long as the curve has them, are those of a point on
/// it (SP 800-56A section 5.6.2.3.3). No curve here has a cofactor, so such a point is a public
/// key.
#[expect(clippy::arithmetic_side_effects, reason = "big integers grow, and p is greater than 3")]
pub(super) fn holds(curve: EcCurve, x: &[u8], y: &[u8]) -> bool {
    let Numbers { p, b, .. } = numbers(curve);
    if !is_below(x, p) || !is_below(y, p) {
        return false;
    }
    let [p, b, x, y] = [p, b, x, y].map(BigUint::from_bytes_be);
    // x³ + (p − 3)x + b, so that nothing is below zero.
    let right = (&x * &x + &p - 3_u32) * &x + b;
    (&y * &y) % &p == right % &p
}

/// Returns whether a signature in JOSE form (RFC 7518 section 3.4) has two numbers from 1 to n − 1,
/// each as long as a coordinate: a verifier's first step (FIPS 186-5 section 6.4.2).
pub(super) fn could_have_signed(curve: EcCurve, signature: &[u8]) -> bool {
    let n = numbers(curve).n;
    let Some((r, s)) = signature.split_at_checked(n.len()) else { return false };
    [r, s].into_iter().all(|number| is_below(number, n) && number.iter().any(|&byte| byte != 0))
}

/// Returns whether a number has as many bytes as another, and is less.
fn is_below(number: &[u8], limit: &[u8]) -> bool {
    // Of numbers of one length the greater one comes later in the order of their bytes.
    number.len() == limit.len() && number < limit
}

#[cfg(test)]
mod tests {
    use super::*;
    use attache_test_fixtures::keys::SigningKey;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    const CURVES: [(EcCurve, &str); 3] =
        [(EcCurve::P256, "p256"), (EcCurve::P384, "p384"), (EcCurve::P521, "p521")];

    fn point(name: &str) -> (Vec<u8>, Vec<u8>) {
        let jwk = SigningKey::fixed(name).unwrap().jwk().unwrap();
        let number = |part: &str| URL_SAFE_NO_PAD.decode(jwk[part].as_str().unwrap()).unwrap();
        (number("x"), number("y"))
    }

    /// What libraries of the curves say of a point.
    fn library_holds(curve: EcCurve, x: &[u8], y: &[u8]) -> bool {
        let point = [&[4], x, y].concat();
        match curve {
            EcCurve::P256 => p256::PublicKey::from_sec1_bytes(&point).is_ok(),
            EcCurve::P384 => p384::PublicKey::from_sec1_bytes(&point).is_ok(),
            EcCurve::P521 => p521::PublicKey::from_sec1_bytes(&point).is_ok(),
        }
    }

    /// What they say of two numbers as a signature.
    fn library_reads(curve: EcCurve, signature: &[u8]) -> bool {
        match curve {
            EcCurve::P256 => p256::ecdsa::Signature::from_slice(signature).is_ok(),
            EcCurve::P384 => p384::ecdsa::Signature::from_slice(signature).is_ok(),
            EcCurve::P521 => p521::ecdsa::Signature::from_slice(signature).is_ok(),
        }
    }

    #[test]
    fn a_point_with_any_bit_flipped_is_on_no_curve() {
        for (curve, name) in CURVES {
            let (x, y) = point(name);
            assert!(holds(curve, &x, &y), "{name}");
            for bit in 0..x.len() * 8 {
                let mut other = x.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(
                    holds(curve, &other, &y),
                    library_holds(curve, &other, &y),
                    "{name}: x, bit {bit}"
                );
                let mut other = y.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                assert!(!holds(curve, &x, &other), "{name}: y, bit {bit}");
            }
        }
    }

    #[test]
    fn a_point_has_one_spelling_and_a_mirror_image() {
        for (curve, name) in CURVES {
            let (x, y) = point(name);
            let p = BigUint::from_bytes_be(numbers(curve).p);
            let padded = |number: BigUint| {
                let bytes = number.to_bytes_be();
                [vec![0; x.len().saturating_sub(bytes.len())], bytes].concat()
            };
            let mirrored = padded(&p - BigUint::from_bytes_be(&y));
            assert!(holds(curve, &x, &mirrored) && library_holds(curve, &x, &mirrored), "{name}");
            let larger = padded(&p + BigUint::from_bytes_be(&y));
            assert!(!holds(curve, &x, &larger), "{name}: y + p");
            let zeros = vec![0; x.len()];
            assert!(!holds(curve, &zeros, &zeros), "{name}: zeros");
            assert!(
                !holds(curve, &x[1..], &y) && !holds(curve, &x, &[&[0], y.as_slice()].concat()),
                "{name}"
            );
            assert!(!holds(curve, &[], &[]), "{name}: nothing");
        }
        let ((x, y), (other, _)) = (point("p256"), point("p384"));
        assert!(!holds(EcCurve::P384, &x, &y) && !holds(EcCurve::P256, &other, &y));
    }

    #[test]
    fn a_signature_has_two_numbers_from_one_to_below_the_order() {
        for (curve, name) in CURVES {
            let n = numbers(curve).n;
            let one = [vec![0; n.len() - 1], vec![1]].concat();
            let mut least = n.to_vec();
            *least.last_mut().unwrap() -= 1;
            let mut most = n.to_vec();
            *most.last_mut().unwrap() += 1;
            let (zero, ones) = (vec![0; n.len()], vec![0xff; n.len()]);
            let numbers = [one, least, n.to_vec(), most, zero, ones, n[1..].to_vec(), Vec::new()];
            for (r, s) in numbers.iter().flat_map(|r| numbers.iter().map(move |s| (r, s))) {
                let signature = [r.as_slice(), s].concat();
                let expected = library_reads(curve, &signature);
                assert_eq!(
                    could_have_signed(curve, &signature),
                    expected,
                    "{name}: {signature:02x?}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn any_numbers_are_read_as_libraries_read_them(bytes in proptest::collection::vec(any::<u8>(), 132)) {
            for (curve, _) in CURVES {
                let length = curve.field_bytes();
                let mut numbers = bytes[..length.saturating_mul(2)].to_vec();
                let (x, y) = numbers.split_at(length);
                prop_assert_eq!(holds(curve, x, y), library_holds(curve, x, y));
                if curve == EcCurve::P521 {
                    numbers[0] &= 1;
                    numbers[66] &= 1;
                }
                prop_assert_eq!(could_have_signed(curve, &numbers), library_reads(curve, &numbers));
            }
        }

        #[test]
        fn keys_that_libraries_make_are_on_their_curves(secret in proptest::collection::vec(any::<u8>(), 32)) {
            if let Ok(key) = p256::ecdsa::SigningKey::from_slice(&secret) {
                let point = key.verifying_key().to_sec1_point(false);
                let (x, y) = point.as_bytes()[1..].split_at(32);
                prop_assert!(holds(EcCurve::P256, x, y));
            }
            let long = [secret.as_slice(), &secret[..16]].concat();
            if let Ok(key) = p384::ecdsa::SigningKey::from_slice(&long) {
                let point = key.verifying_key().to_sec1_point(false);
                let (x, y) = point.as_bytes()[1..].split_at(48);
                prop_assert!(holds(EcCurve::P384, x, y));
            }
            let longer = [&[0, 1], secret.as_slice(), &secret].concat();
            if let Ok(key) = p521::ecdsa::SigningKey::from_slice(&longer) {
                let point = key.verifying_key().to_sec1_point(false);
                let (x, y) = point.as_bytes()[1..].split_at(66);
                prop_assert!(holds(EcCurve::P521, x, y));
            }
        }
    }
}
