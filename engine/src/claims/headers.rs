//! The headers that tell a service who is calling.

use super::{Claims, encode};
use crate::{Cause, Detail};
use attache_plugin_config::{ClaimPath, HeaderName, Issuer, OnUnwritable};

/// The longest value that is written.
const MAX_BYTES: usize = 8 * 1024;

/// A claim that can't stand in its header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} can't be written into header `{header}`", .claim.as_ref().map_or_else(|| "the payload".into(), |claim| format!("claim `{claim}`")))]
pub struct Unwritable {
    /// The header.
    pub header: HeaderName,
    /// The claim; `None` for the payload as a whole.
    pub claim: Option<ClaimPath>,
    /// What is wrong with its value.
    pub detail: Detail,
}

impl From<Unwritable> for Cause {
    fn from(Unwritable { header, claim, detail }: Unwritable) -> Self {
        let cause = Self::from(detail).with_header(header.as_str());
        match claim {
            Some(claim) => cause.with_claim(claim.to_string()),
            None => cause,
        }
    }
}

/// A header and its value, which is visible ASCII and spaces within.
pub type IdentityHeader = (HeaderName, Box<[u8]>);

/// Writes the headers that an issuer's entry asks for, in the entry's order, the payload first.
///
/// A header is left away where its claim is absent or `null`, or where its value would be empty, as
/// of an empty list of roles: an empty header reads as an absent one in some services and as an
/// empty name in others.
///
/// # Errors
/// The first claim that is not to be left away then, whose value is longer than 8 KiB, has a byte
/// outside visible ASCII (spaces within are fine, but not at an end, where proxies trim them), or
/// does not fit the format: CSV of an object, say.
#[inline(never)]
pub fn identity_headers(
    issuer: &Issuer,
    claims: &Claims,
    payload_base64: &str,
) -> Result<Box<[IdentityHeader]>, Unwritable> {
    let mut headers = Vec::with_capacity(issuer.identity_headers().count());
    if let Some(header) = &issuer.output_payload_to_header {
        let unwritable = |detail| Unwritable { header: header.clone(), claim: None, detail };
        let value = writable(payload_base64.to_owned()).map_err(unwritable)?;
        headers.push((header.clone(), value));
    }
    for to in &issuer.output_claim_to_headers {
        let Some(claim) = claims.get(&to.claim) else { continue };
        let text = match &to.contains {
            None => encode::encode(claim, to.format),
            // Empty, and so left away, where it has no such element.
            Some(element) => encode::contains(claim, element)
                .map(|found| if found { "true" } else { "" }.to_owned()),
        };
        match text.ok_or(Detail::ValueUnfitForFormat).and_then(writable) {
            Ok(value) if value.is_empty() => {}
            Ok(value) => headers.push((to.header.clone(), value)),
            Err(_) if to.on_unwritable == OnUnwritable::Omit => {}
            Err(detail) => {
                return Err(Unwritable {
                    header: to.header.clone(),
                    claim: Some(to.claim.clone()),
                    detail,
                });
            }
        }
    }
    Ok(headers.into())
}

/// Takes a value that arrives as it was sent (RFC 9110 section 5.5).
fn writable(value: String) -> Result<Box<[u8]>, Detail> {
    let value = value.into_bytes();
    let edges = value.first() != Some(&b' ') && value.last() != Some(&b' ');
    if value.len() > MAX_BYTES {
        Err(Detail::ValueTooLong)
    } else if edges && value.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        Ok(value.into())
    } else {
        Err(Detail::ValueNotAscii)
    }
}

#[cfg(test)]
mod tests;
