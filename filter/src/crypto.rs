//! Signatures checked by Envoy: BoringSSL is some forty times as fast as the same arithmetic inside
//! the VM.
//!
//! The foreign function `verify_signature` takes and gives protobuf messages (Envoy's
//! `VerifySignatureArguments` and `VerifySignatureResult`), written and read here by hand: four
//! fields, and two.

use crate::host::{self, ForeignError};
use attache_engine::host::HostCrypto;
use attache_plugin_config::{
    Algorithm, Config, Diagnostic, Diagnostics, Hash, Issuer, Path, Scheme,
};
use log::warn;
use std::cell::Cell;

const FUNCTION: &str = "verify_signature";

/// Whether the module itself verifies what the host can't.
const HAS_SOFTWARE: bool = cfg!(feature = "software-signatures");

/// Refuses a configuration with an algorithm that nothing here verifies: the host has no such
/// function, and this build leaves it to the host.
///
/// # Errors
/// The first issuer that takes tokens by such an algorithm.
pub(crate) fn refuse_where_unable(config: &Config) -> Result<(), Diagnostics> {
    if HAS_SOFTWARE {
        return Ok(());
    }
    let of_hosts =
        |issuer: &Issuer| issuer.algorithms.iter().find(|algorithm| algorithm.is_of_hosts());
    let mut found = config.issuers.iter().map(of_hosts).enumerate();
    let Some((index, algorithm)) = found.find_map(|(index, found)| Some((index, found?))) else {
        return Ok(());
    };
    // An empty message asks for nothing, and a host that has the function says that it can't do
    // that.
    match host::call_foreign_function(FUNCTION, &[]) {
        Err(ForeignError::Missing) => Err(Diagnostic::error(
            Path::default().key("issuers").index(index).key("algorithms"),
            format!(
                "`{algorithm}` is verified by the host's function `{FUNCTION}`, which this host lacks: run the module in an Envoy \
                 that has it, as those with V8 do, or build it with `scripts/build --other-hosts`"
            ),
        )
        .into()),
        Ok(_) | Err(ForeignError::Failed) => Ok(()),
    }
}

/// Envoy's cryptography.
#[derive(Default)]
pub(crate) struct EnvoyCrypto {
    /// This host has no such function; it isn't asked again.
    missing: Cell<bool>,
    /// The log says that the host could not tell.
    warned: Cell<bool>,
}

impl EnvoyCrypto {
    /// Says, once, what becomes of signatures that the host can't tell about.
    #[inline(never)]
    fn warn(&self, algorithm: Algorithm) {
        if self.warned.replace(true) {
            return;
        }
        if HAS_SOFTWARE {
            warn!(
                "attache: this host lacks `{FUNCTION}`, or it failed: signatures are verified inside the VM, which is slower"
            );
        } else {
            warn!(
                "attache: this host's `{FUNCTION}` could not tell about a signature by {algorithm}: the token was refused"
            );
        }
    }
}

impl HostCrypto for EnvoyCrypto {
    fn verify(
        &self,
        key: &[u8],
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Option<bool> {
        if self.missing.get() {
            return None;
        }
        let hash = hash_name(algorithm)?;
        let argument = argument(hash, key, signature, message)?;
        let verdict = match host::call_foreign_function(FUNCTION, &argument) {
            Ok(result) => verdict(&result),
            Err(ForeignError::Missing) => {
                self.missing.set(true);
                None
            }
            Err(ForeignError::Failed) => None,
        };
        if verdict.is_none() {
            self.warn(algorithm);
        }
        verdict
    }
}

/// Returns the hash of an algorithm that the host knows: RSASSA-PKCS1-v1_5 and ECDSA.
const fn hash_name(algorithm: Algorithm) -> Option<&'static str> {
    let hash = match algorithm.scheme() {
        Scheme::RsaPkcs1(hash) => hash,
        Scheme::Ecdsa(curve) => curve.hash(),
        Scheme::RsaPss(_) | Scheme::Ed25519 | Scheme::Hmac(_) => return None,
    };
    Some(match hash {
        Hash::Sha256 => "sha256",
        Hash::Sha384 => "sha384",
        Hash::Sha512 => "sha512",
    })
}

/// Encodes `VerifySignatureArguments`: fields 1 to 4, all of them bytes.
fn argument(hash: &str, key: &[u8], signature: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let fields = [hash.as_bytes(), key, signature, message];
    // A field's tag is one byte and its length a varint of five at most.
    let capacity = fields.iter().map(|field| field.len().saturating_add(6)).sum();
    let mut buffer = Vec::with_capacity(capacity);
    for (number, field) in (1_u8..).zip(fields) {
        buffer.push(number << 3 | LENGTH_DELIMITED);
        push_varint(&mut buffer, u32::try_from(field.len()).ok()?);
        buffer.extend_from_slice(field);
    }
    Some(buffer)
}

/// Protobuf's wire types that occur here.
const VARINT: u8 = 0;
const LENGTH_DELIMITED: u8 = 2;

fn push_varint(buffer: &mut Vec<u8>, mut value: u32) {
    loop {
        let [low, ..] = value.to_le_bytes();
        if value <= 0x7f {
            return buffer.push(low);
        }
        buffer.push(low | 0x80);
        value >>= 7;
    }
}

/// Returns what a `VerifySignatureResult` says; `None` where the host could not tell.
fn verdict(mut result: &[u8]) -> Option<bool> {
    let (mut good, mut error) = (false, &[][..]);
    while let Some((&tag, rest)) = result.split_first() {
        let (value, rest) = split_varint(rest)?;
        result = rest;
        match (tag >> 3, tag & 7) {
            (1, VARINT) => good = value != 0,
            (2, LENGTH_DELIMITED) => {
                (error, result) = rest.split_at_checked(usize::try_from(value).ok()?)?
            }
            _ => return None,
        }
    }
    // The host says "no" for a bad signature and for a key or hash that it can't handle; only the
    // text tells them apart.
    let could_not_begin =
        error.windows(10).any(|window| window.eq_ignore_ascii_case(b"initialize"));
    (good || !could_not_begin).then_some(good)
}

fn split_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let end = bytes.iter().position(|byte| byte & 0x80 == 0)?;
    let (number, rest) = bytes.split_at_checked(end.checked_add(1)?)?;
    let number = number.iter().rev().try_fold(0_u64, |value, byte| {
        value.checked_mul(0x80).map(|value| value | u64::from(byte & 0x7f))
    })?;
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;
    use proxy_wasm_test_host::verify_signature::{Arguments, Verdict};

    #[test]
    fn an_argument_is_the_message_that_envoy_reads() {
        let message = [b'm'; 300];
        let buffer = argument("sha256", b"key", b"sig", &message).unwrap();
        let mut expected = b"\x0a\x06sha256\x12\x03key\x1a\x03sig\x22\xac\x02".to_vec();
        expected.extend_from_slice(&message);
        assert_eq!(buffer, expected);
    }

    #[test]
    fn a_protobuf_library_reads_what_is_written_and_writes_what_is_read() {
        for length in [0, 1, 127, 128, 300, 20_000] {
            let bytes = vec![0xab; length];
            let buffer = argument("sha512", &bytes, b"signature", &bytes).unwrap();
            let expected = Arguments {
                hash_function: "sha512".to_owned(),
                public_key: bytes.clone(),
                signature: b"signature".to_vec(),
                clear_text: bytes,
            };
            assert_eq!(Arguments::decode(buffer.as_slice()), Ok(expected), "{length} bytes");
        }
        let said =
            |result, error: &str| Verdict { result, error: error.to_owned() }.encode_to_vec();
        assert_eq!(verdict(&said(true, "")), Some(true));
        assert_eq!(verdict(&said(true, &"long ".repeat(100))), Some(true));
        assert_eq!(verdict(&said(false, &"long ".repeat(100))), Some(false));
        assert_eq!(verdict(&Verdict::bad().encode_to_vec()), Some(false));
        assert_eq!(verdict(&Verdict::unable().encode_to_vec()), None);
    }

    #[test]
    fn varints_are_read_as_they_are_written() {
        for value in [0, 1, 0x7f, 0x80, 300, 16_383, 16_384, u32::MAX] {
            let mut buffer = Vec::new();
            push_varint(&mut buffer, value);
            assert_eq!(split_varint(&buffer), Some((u64::from(value), &[][..])));
        }
        assert_eq!(split_varint(b"\x80"), None);
        assert_eq!(split_varint(&[0xff; 11]), None);
    }

    #[test]
    fn a_result_is_a_verdict() {
        assert_eq!(verdict(b"\x08\x01"), Some(true));
        assert_eq!(verdict(b"\x08\x00"), Some(false));
        assert_eq!(verdict(b""), Some(false), "false is left away in proto3");
        assert_eq!(verdict(b"\x12\x03bad"), Some(false));
        assert_eq!(verdict(b"\x12\x10Failed to verify"), Some(false));
        assert_eq!(verdict(b"\x12\x14Failed to initialize"), None);
        assert_eq!(verdict(b"\x12\x14cut"), None);
        assert_eq!(verdict(b"\x08"), None);
        assert_eq!(verdict(b"\x1a\x00"), None);
    }
}
