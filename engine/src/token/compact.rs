//! The compact serialization of a JWS (RFC 7515 section 7.1), and a JWT in it.

use super::json::Flaw;
use super::{base64url, json};
use crate::claims::Claims;
use crate::{Cause, Detail, Reason};
use attache_plugin_config::{Algorithm, Padding};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::rc::Rc;

/// A JWS in compact form, whatever its payload. Nothing is verified.
#[derive(Debug)]
pub struct Compact<'t> {
    header: Rc<Header>,
    signing_input: &'t str,
    payload: &'t str,
    padding: Padding,
    signature: Vec<u8>,
}

impl<'t> Compact<'t> {
    /// Reads header and signature.
    ///
    /// # Errors
    /// [`Reason::TokenOpaque`] for text without a dot. [`Reason::TokenMalformed`] for anything else
    /// that is not three parts of canonical base64url with an acceptable [`Header`] in the first,
    /// each with its [`Detail`].
    pub fn parse(token: &'t [u8]) -> Result<Self, Cause> {
        Self::parse_with(token, &LastHeader::default(), Padding::Refused)
    }

    /// Returns the same, sparing the header where it is the one that was read last. Header and
    /// payload may have padding where that is allowed; that of the signature is for
    /// [`without_padding`] to take off.
    ///
    /// # Errors
    /// Those of [`Compact::parse`].
    #[inline(never)]
    pub fn parse_with(token: &'t [u8], last: &LastHeader, padding: Padding) -> Result<Self, Cause> {
        let token = str::from_utf8(token).map_err(|_| Detail::TokenNotText)?;
        let Some((signing_input, signature)) = token.rsplit_once('.') else {
            return Err(if token.is_empty() {
                Detail::TokenEmpty.into()
            } else {
                Reason::TokenOpaque.into()
            });
        };
        let (header, payload) = signing_input.split_once('.').ok_or(Detail::PartsNotThree)?;
        // Further dots end up in `payload`.
        if payload.contains('.') {
            return Err(too_many_parts(payload).into());
        }
        Ok(Self {
            header: last.read(header, padding)?,
            signing_input,
            payload,
            padding,
            signature: base64url::decode(signature).ok_or(Detail::SignatureNotBase64Url)?,
        })
    }

    /// Returns the header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns what the signature is made over: the first two parts with the dot between them.
    pub fn signing_input(&self) -> &'t [u8] {
        self.signing_input.as_bytes()
    }

    /// Returns the signature, of any length.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Returns the payload as it stands in the token, but for padding.
    pub fn payload_base64(&self) -> &'t str {
        base64url::without_padding(self.payload)
    }

    /// Returns whether header or payload has padding.
    pub fn is_padded(&self) -> bool {
        self.signing_input.contains('=')
    }

    /// Returns the bytes of the payload.
    ///
    /// # Errors
    /// [`Detail::PayloadNotBase64Url`] where it is not canonical.
    pub fn payload(&self) -> Result<Vec<u8>, Detail> {
        base64url::decode_signed(self.payload, self.padding).ok_or(Detail::PayloadNotBase64Url)
    }
}

/// Returns a token without the padding of its signature, which nobody signs: with it and without,
/// it is one token, and has one text. As it is where it has none, or not what base64 gives it.
#[inline(never)]
pub fn without_padding(token: &[u8]) -> &[u8] {
    let signature = token
        .iter()
        .rposition(|&byte| byte == b'.')
        .and_then(|dot| token.get(dot.saturating_add(1)..));
    let Some(signature) = signature.and_then(|signature| str::from_utf8(signature).ok()) else {
        return token;
    };
    let padding = signature.len().saturating_sub(base64url::without_padding(signature).len());
    token.get(..token.len().saturating_sub(padding)).unwrap_or(token)
}

/// Tells a JWE (RFC 7516 section 7.1) from what has dots for no reason, given all but the first and
/// the last part.
#[inline(never)]
fn too_many_parts(rest: &str) -> Detail {
    match rest.bytes().filter(|&byte| byte == b'.').count() {
        2 => Detail::TokenEncrypted,
        _ => Detail::PartsNotThree,
    }
}

/// What the engine reads of a JOSE header (RFC 7515 section 4). Members it does not know are
/// ignored, as the RFC demands, and with them all that embed a key or point to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    algorithm: Option<Algorithm>,
    key_id: Option<String>,
    token_type: Option<String>,
}

impl Header {
    /// Returns `alg`, unless it names none that the engine knows, as `none` does.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// Returns `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Returns `typ`.
    pub fn token_type(&self) -> Option<&str> {
        self.token_type.as_deref()
    }

    /// Refuses `crit`, which demands an extension, of which the engine has none: it is refused
    /// whatever it lists, even nothing. `b64` (RFC 7797) changes what is signed and is refused with
    /// or without it.
    fn from_json(mut members: Map<String, Value>) -> Result<Self, Cause> {
        if members.contains_key("crit") {
            return Err(Detail::HeaderCritical.into());
        }
        if members.contains_key("b64") {
            return Err(Detail::HeaderUnencodedPayload.into());
        }
        let mut optional = |name: &str| match members.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Cause::from(Detail::HeaderMemberNotText).with_header(name)),
        };
        let algorithm = optional("alg")?.ok_or(Detail::HeaderWithoutAlgorithm)?;
        Ok(Self {
            algorithm: Algorithm::from_name(&algorithm),
            // An empty name names no key, as in a key set.
            key_id: optional("kid")?.filter(|key_id| !key_id.is_empty()),
            token_type: optional("typ")?,
        })
    }
}

/// The header that was read last. All tokens of an issuer and a key have the same, letter for
/// letter, so that next to none is read twice. Every worker has its own.
#[derive(Debug, Default)]
pub struct LastHeader(RefCell<Option<(Box<str>, Rc<Header>)>>);

impl LastHeader {
    /// Reads a header in base64url.
    fn read(&self, text: &str, padding: Padding) -> Result<Rc<Header>, Cause> {
        if let Ok(last) = self.0.try_borrow()
            && let Some((_, header)) = last.as_ref().filter(|(known, _)| **known == *text)
        {
            return Ok(Rc::clone(header));
        }
        let bytes = base64url::decode_signed(text, padding).ok_or(Detail::HeaderNotBase64Url)?;
        let header = Rc::new(Header::from_json(json::object(&bytes).map_err(header_detail)?)?);
        if let Ok(mut last) = self.0.try_borrow_mut() {
            *last = Some((text.into(), Rc::clone(&header)));
        }
        Ok(header)
    }
}

const fn header_detail(flaw: Flaw) -> Detail {
    match flaw {
        Flaw::NotAnObject => Detail::HeaderNotJson,
        Flaw::DuplicateMember => Detail::HeaderDuplicateMember,
        Flaw::TooDeep => Detail::HeaderTooDeep,
    }
}

const fn payload_detail(flaw: Flaw) -> Detail {
    match flaw {
        Flaw::NotAnObject => Detail::PayloadNotJson,
        Flaw::DuplicateMember => Detail::PayloadDuplicateMember,
        Flaw::TooDeep => Detail::PayloadTooDeep,
    }
}

/// A JWT in a compact JWS: parsed, nothing verified.
#[derive(Debug)]
pub struct Jws<'t> {
    compact: Compact<'t>,
    claims: Claims,
}

impl<'t> Jws<'t> {
    /// Reads all three parts.
    ///
    /// # Errors
    /// Those of [`Compact::parse`], and [`Reason::TokenMalformed`] for a payload that is no claims
    /// set (see [`Claims::from_json`]).
    pub fn parse(token: &'t [u8]) -> Result<Self, Cause> {
        Self::parse_with(token, &LastHeader::default(), Padding::Refused)
    }

    /// Returns the same, as [`Compact::parse_with`] does it.
    ///
    /// # Errors
    /// Those of [`Jws::parse`].
    #[inline(never)]
    pub fn parse_with(token: &'t [u8], last: &LastHeader, padding: Padding) -> Result<Self, Cause> {
        let compact = Compact::parse_with(token, last, padding)?;
        let members = json::object(&compact.payload()?).map_err(payload_detail)?;
        Ok(Self { compact, claims: Claims::from_json(members)? })
    }

    /// Returns the JWS around the claims.
    pub fn compact(&self) -> &Compact<'t> {
        &self.compact
    }

    /// Returns `alg`, unless it names none that the engine knows.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.compact.header.algorithm()
    }

    /// Returns `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.compact.header.key_id()
    }

    /// Returns `typ`.
    pub fn token_type(&self) -> Option<&str> {
        self.compact.header.token_type()
    }

    /// Returns `iss`: whose keys the token claims to be signed with.
    pub fn issuer(&self) -> Option<&str> {
        self.claims.issuer()
    }

    /// Returns the payload as it stands in the token, but for padding.
    pub fn payload_base64(&self) -> &'t str {
        self.compact.payload_base64()
    }

    /// Returns the claims, to be believed by nobody yet.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Parts with the claims.
    pub(super) fn into_claims(self) -> Claims {
        self.claims
    }
}

#[cfg(test)]
mod tests;
