//! The module that ships, in an interpreter that checks signatures as Envoy does.

use anyhow::Result;
use proxy_wasm_test_host::interpreter::Vm;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use serde_json::Value;

pub(crate) fn fresh() -> Result<Vm> {
    Vm::start(&module()?, verify)
}

/// A VM with a root context that has this configuration.
pub(crate) fn configured(document: &Value) -> Result<Vm> {
    Vm::configured(&module()?, verify, &document.to_string())
}

fn module() -> Result<Vec<u8>> {
    Ok(std::fs::read(attache_e2e::module()?)?)
}

/// Envoy's `verify_signature`, for P-256: four fields of protobuf, all of them bytes.
fn verify(argument: &[u8]) -> bool {
    checked(argument).unwrap_or(false)
}

fn checked(mut argument: &[u8]) -> Option<bool> {
    let mut fields = Vec::new();
    while let Some((_, mut rest)) = argument.split_first() {
        let (mut length, mut shift) = (0_usize, 0);
        loop {
            let (&byte, after) = rest.split_first()?;
            rest = after;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (field, after) = rest.split_at_checked(length)?;
        fields.push(field);
        argument = after;
    }
    let [_, spki, signature, text] = fields.as_slice() else { return None };
    let point = spki.last_chunk::<65>()?;
    Some(UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(text, signature).is_ok())
}
