//! A second verifier, made of libraries that the engine does not use: data-encoding for base64url,
//! jiter for JSON, ring for signatures.

use super::keys::{Key, Material};
use data_encoding::BASE64URL_NOPAD;
use jiter::JsonValue;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use std::collections::BTreeSet;

/// Returns whether a token is a compact JWS whose payload the key has signed by its own algorithm.
pub(super) fn accepts(key: &Key, token: &str) -> bool {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { return false };
    let message = format!("{header}.{payload}");
    let (Some(header), Some(_), Some(signature)) =
        (decode(header), decode(payload), decode(signature))
    else {
        return false;
    };
    names(&header, key.algorithm)
        && UnparsedPublicKey::new(algorithm(key), key.public())
            .verify(message.as_bytes(), &signature)
            .is_ok()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

/// Returns whether a JOSE header names this algorithm, and holds no member that must be understood.
fn names(header: &[u8], algorithm: &str) -> bool {
    let Ok(JsonValue::Object(members)) = JsonValue::parse(header, false) else { return false };
    let mut named = members.iter().filter(|(name, _)| name == "alg");
    let only = named.next().is_some_and(
        |(_, value)| matches!(value, JsonValue::Str(text) if text.as_ref() == algorithm),
    );
    only && named.next().is_none()
        && !members.iter().any(|(name, _)| name == "crit" || name == "b64")
}

/// Returns whether a text is JSON (RFC 8259).
pub(super) fn is_json(text: &[u8]) -> bool {
    JsonValue::parse(text, false).is_ok()
}

/// Returns whether a text is JSON in which every object names each member once.
pub(super) fn is_unambiguous_json(text: &[u8]) -> bool {
    JsonValue::parse(text, false).is_ok_and(|value| names_each_member_once(&value))
}

fn names_each_member_once(value: &JsonValue<'_>) -> bool {
    match value {
        JsonValue::Array(items) => items.iter().all(names_each_member_once),
        JsonValue::Object(members) => {
            let names: BTreeSet<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
            names.len() == members.len()
                && members.iter().all(|(_, member)| names_each_member_once(member))
        }
        _ => true,
    }
}

fn algorithm(key: &Key) -> &'static dyn VerificationAlgorithm {
    match (&key.material, key.algorithm) {
        (Material::Rsa(_), "PS256") => &RSA_PSS_2048_8192_SHA256,
        (Material::Rsa(_), _) => &RSA_PKCS1_2048_8192_SHA256,
        (Material::P256(_), _) => &ECDSA_P256_SHA256_FIXED,
        (Material::P384(_), _) => &ECDSA_P384_SHA384_FIXED,
        (Material::Ed25519(_), _) => &ED25519,
    }
}
