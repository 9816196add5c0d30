//! The host's cryptography: the foreign function `verify_signature`, done by a library that the filter doesn't use.

use proxy_wasm::types::Status;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey, VerificationAlgorithm,
};

/// How the host answers when it is asked to verify a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crypto {
    /// As Envoy does, but for P-521.
    Real,
    /// As Envoy does about a key or a hash that it can't handle.
    Unable,
    /// It has no such function.
    Missing,
    /// The call fails.
    Failing,
    /// It gives back something that is no result.
    Garbage,
}

impl Crypto {
    /// Takes and gives the protobuf messages of Envoy.
    pub(crate) fn verify_signature(self, argument: &[u8]) -> Result<Vec<u8>, Status> {
        match self {
            Self::Real => Ok(result(verify(argument).ok_or(Status::BadArgument)?)),
            Self::Unable => Ok(result(Err(UNABLE))),
            Self::Missing => Err(Status::NotFound),
            Self::Failing => Err(Status::InternalFailure),
            Self::Garbage => Ok(b"\xff\xff\xff".to_vec()),
        }
    }
}

const UNABLE: &str = "Failed to initialize digest verify.";

/// `Ok` or the text of the error; `None` where the argument is no argument.
fn verify(argument: &[u8]) -> Option<Result<(), &'static str>> {
    let mut fields: [&[u8]; 4] = [b""; 4];
    let mut rest = argument;
    while let Some((&tag, after)) = rest.split_first() {
        let (length, after) = split_varint(after)?;
        let (field, after) = after.split_at_checked(length)?;
        assert_eq!(tag & 7, 2, "all fields are bytes");
        *fields.get_mut(usize::from(tag >> 3).checked_sub(1)?)? = field;
        rest = after;
    }
    let [hash, spki, signature, text] = fields;
    let (algorithm, key) = split_spki(spki)?;
    Some(match library(hash, algorithm) {
        None => Err(UNABLE),
        Some(library) => UnparsedPublicKey::new(library, key)
            .verify(text, signature)
            .map_err(|_| "Failed to verify digest. Error code: 0"),
    })
}

fn library(hash: &[u8], algorithm: &[u8]) -> Option<&'static dyn VerificationAlgorithm> {
    const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
    const P256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
    const P384: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x22";
    let is = |oid: &[u8]| algorithm.windows(oid.len()).any(|window| window == oid);
    match hash {
        b"sha256" if is(RSA) => Some(&RSA_PKCS1_2048_8192_SHA256),
        b"sha384" if is(RSA) => Some(&RSA_PKCS1_2048_8192_SHA384),
        b"sha512" if is(RSA) => Some(&RSA_PKCS1_2048_8192_SHA512),
        b"sha256" if is(P256) => Some(&ECDSA_P256_SHA256_ASN1),
        b"sha384" if is(P384) => Some(&ECDSA_P384_SHA384_ASN1),
        _ => None,
    }
}

/// Algorithm and key of a SubjectPublicKeyInfo (RFC 5280 section 4.1).
fn split_spki(spki: &[u8]) -> Option<(&[u8], &[u8])> {
    let (outer, rest) = split_der(0x30, spki)?;
    let (algorithm, key) = split_der(0x30, outer)?;
    let (bits, end) = split_der(0x03, key)?;
    (rest.is_empty() && end.is_empty()).then_some((algorithm, bits.strip_prefix(b"\0")?))
}

fn split_der(tag: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    match bytes.strip_prefix(&[tag])? {
        [0x81, length, rest @ ..] => rest.split_at_checked(usize::from(*length)),
        [0x82, high, low, rest @ ..] => rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low]))),
        [length @ ..=0x7f, rest @ ..] => rest.split_at_checked(usize::from(*length)),
        _ => None,
    }
}

fn split_varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let end = bytes.iter().position(|byte| byte & 0x80 == 0)?;
    let (number, rest) = bytes.split_at_checked(end + 1)?;
    Some((number.iter().rev().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f)), rest))
}

fn result(verdict: Result<(), &str>) -> Vec<u8> {
    match verdict {
        Ok(()) => b"\x08\x01".to_vec(),
        Err(error) => {
            let length = u8::try_from(error.len()).expect("a short text");
            [&[0x12, length], error.as_bytes()].concat()
        }
    }
}
