//! Envoy's foreign function `verify_signature`, done by a library of its own: messages by `prost`,
//! keys by `spki`, cryptography by `ring`, and by `p521` what that lacks.

use crate::abi::Status;
use p521::ecdsa::signature::Verifier as _;
use prost::Message;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
    VerificationAlgorithm,
};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

/// The name of the function.
pub const NAME: &str = "verify_signature";

/// The argument: `VerifySignatureArguments` of Envoy's `verify_signature.proto`.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Arguments {
    /// The hash, such as `sha256`.
    #[prost(string, tag = "1")]
    pub hash_function: String,
    /// The SubjectPublicKeyInfo (RFC 5280 section 4.1), in DER.
    #[prost(bytes = "vec", tag = "2")]
    pub public_key: Vec<u8>,
    /// The signature; one of ECDSA in DER.
    #[prost(bytes = "vec", tag = "3")]
    pub signature: Vec<u8>,
    /// What was signed.
    #[prost(bytes = "vec", tag = "4")]
    pub clear_text: Vec<u8>,
}

/// The result: `VerifySignatureResult` of Envoy's `verify_signature.proto`.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Verdict {
    /// Whether the signature is good.
    #[prost(bool, tag = "1")]
    pub result: bool,
    /// Why it is not.
    #[prost(string, tag = "2")]
    pub error: String,
}

impl Verdict {
    /// Returns what Envoy says of a key or a hash that it can't handle.
    pub fn unable() -> Self {
        Self { result: false, error: "Failed to initialize digest verify.".to_owned() }
    }

    /// Returns what Envoy says of a signature that is not good.
    pub fn bad() -> Self {
        Self { result: false, error: "Failed to verify digest. Error code: 0".to_owned() }
    }
}

/// Says of every signature what Envoy says where it can't handle a key or a hash: a
/// [`ForeignFunction`](crate::ForeignFunction).
///
/// # Errors
/// None: it is an answer.
pub fn unable(_argument: &[u8]) -> Result<Vec<u8>, Status> {
    Ok(Verdict::unable().encode_to_vec())
}

/// Verifies a signature as Envoy does: RSASSA-PKCS1-v1_5 with SHA-2, ECDSA on P-256, P-384 and
/// P-521.
///
/// # Errors
/// [`Status::BadArgument`] where the bytes are no [`Arguments`], or the key is none.
pub fn verify(argument: &[u8]) -> Result<Vec<u8>, Status> {
    let arguments = Arguments::decode(argument).map_err(|_| Status::BadArgument)?;
    let key = SubjectPublicKeyInfoRef::try_from(arguments.public_key.as_slice())
        .map_err(|_| Status::BadArgument)?;
    let point = key.subject_public_key.raw_bytes();
    let Some(is_good) = is_good(&key, point, &arguments) else {
        return Ok(Verdict::unable().encode_to_vec());
    };
    let verdict =
        if is_good { Verdict { result: true, error: String::new() } } else { Verdict::bad() };
    Ok(verdict.encode_to_vec())
}

/// Returns whether the signature is good; `None` for a key or a hash that is not known.
fn is_good(key: &SubjectPublicKeyInfoRef<'_>, point: &[u8], arguments: &Arguments) -> Option<bool> {
    if key.algorithm.oid == EC && key.algorithm.parameters_oid() == Ok(P521) {
        return (arguments.hash_function == "sha512").then(|| is_good_p521(point, arguments));
    }
    let algorithm = algorithm(&arguments.hash_function, key)?;
    let key = UnparsedPublicKey::new(algorithm, point);
    Some(key.verify(&arguments.clear_text, &arguments.signature).is_ok())
}

fn is_good_p521(point: &[u8], arguments: &Arguments) -> bool {
    let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point);
    let signature = p521::ecdsa::Signature::from_der(&arguments.signature);
    match (key, signature) {
        (Ok(key), Ok(signature)) => key.verify(&arguments.clear_text, &signature).is_ok(),
        _ => false,
    }
}

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

fn algorithm(
    hash: &str,
    key: &SubjectPublicKeyInfoRef<'_>,
) -> Option<&'static dyn VerificationAlgorithm> {
    let curve =
        if key.algorithm.oid == EC { Some(key.algorithm.parameters_oid().ok()?) } else { None };
    match (hash, curve) {
        ("sha256", None) if key.algorithm.oid == RSA => Some(&RSA_PKCS1_2048_8192_SHA256),
        ("sha384", None) if key.algorithm.oid == RSA => Some(&RSA_PKCS1_2048_8192_SHA384),
        ("sha512", None) if key.algorithm.oid == RSA => Some(&RSA_PKCS1_2048_8192_SHA512),
        ("sha256", Some(P256)) => Some(&ECDSA_P256_SHA256_ASN1),
        ("sha384", Some(P384)) => Some(&ECDSA_P384_SHA384_ASN1),
        _ => None,
    }
}
