//! Public keys in DER (ITU-T X.690): as PEM and certificates carry them.

use super::algorithm::curves;
use super::numbers::{self, Numbers};
use super::scheme::CURVES;
use spki::SubjectPublicKeyInfoRef;
use spki::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use spki::der::{self, Decode as _, Reader, SliceReader, Tag, Tagged as _};

/// `rsaEncryption`, `id-ecPublicKey` and `id-Ed25519` (RFC 3279 section 2.3.1, RFC 5480 section
/// 2.1.1, RFC 8410).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// `id-ce-keyUsage` (RFC 5280 section 4.2.1.3).
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
/// `digitalSignature` and `nonRepudiation`: the usages that allow a key to verify what is no
/// certificate.
const VERIFIES: u8 = 0b1100_0000;

/// Reads the key of an X.509 certificate (RFC 5280). Who signed the certificate, whose it is and
/// how long it is good does not count: like a key of a set, it is good because it is there.
pub(super) fn certificate(der: &[u8]) -> Result<Numbers, String> {
    let (key, may_verify) = read_certificate(der).map_err(|_| broken("X.509 certificate"))?;
    if !may_verify {
        return Err(
            "a certificate whose key usage lacks `digitalSignature` cannot verify signatures"
                .to_owned(),
        );
    }
    numbers_of(&key)
}

/// Reads the key of a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
pub(super) fn public_key(der: &[u8]) -> Result<Numbers, String> {
    let key = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| broken("public key"))?;
    numbers_of(&key)
}

/// Reads the key of an RSAPublicKey (RFC 8017 appendix A.1.1).
pub(super) fn rsa_public_key(der: &[u8]) -> Result<Numbers, String> {
    let read = |reader: &mut SliceReader<'_>| -> der::Result<(Vec<u8>, Vec<u8>)> {
        let [n, e] = [UintRef::decode(reader)?, UintRef::decode(reader)?];
        Ok((n.as_bytes().to_vec(), e.as_bytes().to_vec()))
    };
    let (n, e) = AnyRef::from_der(der)
        .and_then(|key| key.sequence(read))
        .map_err(|_| broken("RSA public key"))?;
    numbers::rsa_key(&n, &e).map_err(|unfit| unfit.message)
}

fn broken(what: &str) -> String {
    format!("is no {what} in DER; copy it anew")
}

fn numbers_of(key: &SubjectPublicKeyInfoRef<'_>) -> Result<Numbers, String> {
    let content = key.subject_public_key.as_bytes().ok_or_else(|| broken("public key"))?;
    match key.algorithm.oid {
        RSA => rsa_public_key(content),
        EC => ec_key(key.algorithm.parameters, content),
        ED25519 => numbers::ed25519_key(content).map_err(|unfit| unfit.message),
        other => Err(format!(
            "keys of the algorithm `{other}` are not supported; use RSA, EC or Ed25519"
        )),
    }
}

/// Reads a point on a named curve, uncompressed (SEC 1 section 2.3.3).
fn ec_key(curve: Option<AnyRef<'_>>, point: &[u8]) -> Result<Numbers, String> {
    let oid: Option<ObjectIdentifier> = curve.and_then(|curve| curve.decode_as().ok());
    let named = oid.and_then(|oid| curves().find(|curve| curve.oid() == oid.as_bytes()));
    let curve = named.ok_or_else(|| format!("this curve is not supported; use {CURVES}"))?;
    let length = curve.field_bytes();
    match point.split_first() {
        Some((4, rest)) if rest.len() == length.saturating_mul(2) => {
            let (x, y) = rest.split_at_checked(length).unwrap_or_default();
            numbers::ec_key(curve, x, y).map_err(|unfit| unfit.message)
        }
        _ => Err("its point is not in the uncompressed form; write the key anew".to_owned()),
    }
}

/// Reads the key of a certificate, and whether its usage lets it verify. Of what stands between and
/// behind only the form is looked at.
fn read_certificate(der: &[u8]) -> der::Result<(SubjectPublicKeyInfoRef<'_>, bool)> {
    AnyRef::from_der(der)?.sequence(|reader| {
        let content = AnyRef::decode(reader)?;
        // The signature and its algorithm.
        let (_, _) = (AnyRef::decode(reader)?, BitStringRef::decode(reader)?);
        content.sequence(|reader| {
            // The version, which may be absent, and the serial number.
            if AnyRef::decode(reader)?.tag() != Tag::Integer {
                AnyRef::decode(reader)?;
            }
            // The signature's algorithm, the issuer, the validity and the subject.
            for _ in 0..4 {
                AnyRef::decode(reader)?;
            }
            let key = SubjectPublicKeyInfoRef::decode(reader)?;
            let mut may_verify = true;
            // Unique identifiers and extensions.
            while !reader.is_finished() {
                let field = AnyRef::decode(reader)?;
                if field.tag().number().value() == EXTENSIONS {
                    may_verify = AnyRef::from_der(field.value())?.sequence(allow_verification)?;
                }
            }
            Ok((key, may_verify))
        })
    })
}

/// The number of the tag of a certificate's extensions.
const EXTENSIONS: u32 = 3;

fn allow_verification(extensions: &mut SliceReader<'_>) -> der::Result<bool> {
    let mut may_verify = true;
    while !extensions.is_finished() {
        AnyRef::decode(extensions)?.sequence(|extension| {
            let name = ObjectIdentifier::decode(extension)?;
            let _is_critical = Option::<bool>::decode(extension)?;
            let value = <&OctetStringRef>::decode(extension)?;
            if name == KEY_USAGE {
                let usage = BitStringRef::from_der(value.as_bytes())?;
                may_verify &= usage.raw_bytes().first().is_some_and(|bits| bits & VERIFIES != 0);
            }
            Ok::<(), der::Error>(())
        })?;
    }
    Ok(may_verify)
}
