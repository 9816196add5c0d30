//! The compact serialization of a JWS (RFC 7515 section 7.1), and a JWT in it.

use super::{base64url, json};
use crate::Reason;
use crate::claims::Claims;
use attache_plugin_config::Algorithm;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::rc::Rc;

/// A JWS in compact form, whatever its payload. Nothing is verified.
#[derive(Debug)]
pub struct Compact<'t> {
    header: Rc<Header>,
    signing_input: &'t str,
    payload: &'t str,
    signature: Vec<u8>,
}

impl<'t> Compact<'t> {
    /// Reads header and signature.
    ///
    /// # Errors
    /// [`Reason::TokenOpaque`] for text without a dot. [`Reason::TokenMalformed`] for anything else that is not three
    /// parts of canonical base64url with an acceptable [`Header`] in the first.
    pub fn parse(token: &'t [u8]) -> Result<Self, Reason> {
        Self::parse_with(token, &LastHeader::default())
    }

    /// The same, sparing the header where it is the one that was read last.
    ///
    /// # Errors
    /// Those of [`Compact::parse`].
    pub fn parse_with(token: &'t [u8], last: &LastHeader) -> Result<Self, Reason> {
        let token = str::from_utf8(token).map_err(|_| Reason::TokenMalformed)?;
        let Some((signing_input, signature)) = token.rsplit_once('.') else {
            return Err(if token.is_empty() { Reason::TokenMalformed } else { Reason::TokenOpaque });
        };
        let (header, payload) = signing_input.split_once('.').ok_or(Reason::TokenMalformed)?;
        Ok(Self {
            // A further dot, as in the five parts of a JWE, is not base64url: it ends up in `payload`.
            header: last.read(header).filter(|_| !payload.contains('.')).ok_or(Reason::TokenMalformed)?,
            signing_input,
            payload,
            signature: base64url::decode(signature).ok_or(Reason::TokenMalformed)?,
        })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What the signature is made over: the first two parts with the dot between them.
    pub fn signing_input(&self) -> &'t [u8] {
        self.signing_input.as_bytes()
    }

    /// The signature, of any length.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The payload as it stands in the token.
    pub fn payload_base64(&self) -> &'t str {
        self.payload
    }

    /// The bytes of the payload.
    ///
    /// # Errors
    /// [`Reason::TokenMalformed`] where it is not canonical base64url.
    pub fn payload(&self) -> Result<Vec<u8>, Reason> {
        base64url::decode(self.payload).ok_or(Reason::TokenMalformed)
    }
}

/// What the engine reads of a JOSE header (RFC 7515 section 4). Members it does not know are ignored, as the RFC
/// demands, and with them all that embed a key or point to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    algorithm: Option<Algorithm>,
    key_id: Option<String>,
    token_type: Option<String>,
}

impl Header {
    /// `alg`, unless it names none that the engine knows, as `none` does.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// `typ`.
    pub fn token_type(&self) -> Option<&str> {
        self.token_type.as_deref()
    }

    /// `crit` demands an extension, and the engine has none: it is refused whatever it lists, even nothing. `b64`
    /// (RFC 7797) changes what is signed and is refused with or without it.
    fn from_json(mut members: Map<String, Value>) -> Option<Self> {
        if members.contains_key("crit") || members.contains_key("b64") {
            return None;
        }
        let mut optional = |name| match members.remove(name) {
            None => Some(None),
            Some(Value::String(text)) => Some(Some(text)),
            Some(_) => None,
        };
        Some(Self {
            algorithm: Algorithm::from_name(&optional("alg")??),
            key_id: optional("kid")?,
            token_type: optional("typ")?,
        })
    }
}

/// The header that was read last. All tokens of an issuer and a key have the same, letter for letter, so that next to
/// none is read twice. Every worker has its own.
#[derive(Debug, Default)]
pub struct LastHeader(RefCell<Option<(Box<str>, Rc<Header>)>>);

impl LastHeader {
    /// Reads a header in base64url, or tells that it is none.
    fn read(&self, text: &str) -> Option<Rc<Header>> {
        if let Ok(last) = self.0.try_borrow()
            && let Some((_, header)) = last.as_ref().filter(|(known, _)| **known == *text)
        {
            return Some(Rc::clone(header));
        }
        let header = Rc::new(Header::from_json(json::object(&base64url::decode(text)?)?)?);
        if let Ok(mut last) = self.0.try_borrow_mut() {
            *last = Some((text.into(), Rc::clone(&header)));
        }
        Some(header)
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
    /// Those of [`Compact::parse`], and [`Reason::TokenMalformed`] for a payload that is no claims set
    /// (see [`Claims::from_json`]).
    pub fn parse(token: &'t [u8]) -> Result<Self, Reason> {
        Self::parse_with(token, &LastHeader::default())
    }

    /// The same, sparing the header where it is the one that was read last.
    ///
    /// # Errors
    /// Those of [`Jws::parse`].
    pub fn parse_with(token: &'t [u8], last: &LastHeader) -> Result<Self, Reason> {
        let compact = Compact::parse_with(token, last)?;
        let claims = json::object(&compact.payload()?).and_then(Claims::from_json);
        Ok(Self { compact, claims: claims.ok_or(Reason::TokenMalformed)? })
    }

    /// The JWS around the claims.
    pub fn compact(&self) -> &Compact<'t> {
        &self.compact
    }

    /// `alg`, unless it names none that the engine knows.
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.compact.header.algorithm()
    }

    /// `kid`.
    pub fn key_id(&self) -> Option<&str> {
        self.compact.header.key_id()
    }

    /// `typ`.
    pub fn token_type(&self) -> Option<&str> {
        self.compact.header.token_type()
    }

    /// `iss`: whose keys the token claims to be signed with.
    pub fn issuer(&self) -> Option<&str> {
        self.claims.issuer()
    }

    /// The payload as it stands in the token.
    pub fn payload_base64(&self) -> &'t str {
        self.compact.payload_base64()
    }

    /// The claims, to be believed by nobody yet.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Parts with the claims.
    pub(super) fn into_claims(self) -> Claims {
        self.claims
    }
}

#[cfg(test)]
#[path = "compact_tests.rs"]
mod tests;
