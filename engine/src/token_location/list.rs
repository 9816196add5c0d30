//! Headers with several values, in one line or in several (RFC 9110 section 5.3):
//! `Sec-WebSocket-Protocol`, or `Authorization` from a client that tries two schemes.

use super::{ExtractedToken, HeaderPlace, TokenLocations, TokenPlace};
use crate::request::Request;
use crate::{Cause, Detail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::borrow::Cow;

impl TokenLocations {
    /// Returns the token that the lines of a header hold.
    ///
    /// # Errors
    /// [`Detail::HeaderTokensDiffer`] where they hold two. What no place takes is no token and
    /// stays where it is, unless a service could take it for one after all: a JWT, or anything with
    /// the scheme of the one that was found.
    #[inline(never)]
    pub(super) fn find_in_list<'a>(
        &self,
        request: &Request<'a>,
        name: &'a str,
    ) -> Result<Option<ExtractedToken<'a>>, Cause> {
        let differ = || Cause::from(Detail::HeaderTokensDiffer).with_header(name);
        let elements =
            || elements(request, name).map(<[u8]>::trim_ascii).filter(|one| !one.is_empty());
        let first = elements().next();
        let is_alone = elements().all(|element| Some(element) == first);
        let mut taken: Option<(&HeaderPlace, &[u8])> = None;
        let mut others = Vec::new();
        for element in elements() {
            match self.token_in_list(name, element, is_alone) {
                None => others.push(element),
                Some((_, token)) if taken.is_some_and(|(_, other)| other != token) => {
                    return Err(differ());
                }
                Some(found) => taken = taken.or(Some(found)),
            }
        }
        let Some((place, token)) = taken else { return Ok(None) };
        let scheme = place.prefix.trim_ascii_end();
        let has_scheme = |element: &&[u8]| {
            let start = element.get(..scheme.len()).filter(|_| !scheme.is_empty());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        if others.iter().any(|element| has_scheme(element) || holds_jwt(element)) {
            return Err(differ());
        }
        Ok(Some(ExtractedToken {
            token: Cow::Borrowed(token),
            has_rival: false,
            issuers: place.issuers,
            place: if others.is_empty() {
                TokenPlace::Header(name)
            } else {
                TokenPlace::Element(name)
            },
        }))
    }

    /// Returns the token that an element is. A place without a prefix takes everything, so beside
    /// others an element without a dot, as the name of a protocol is, is none there.
    fn token_in_list<'v>(
        &self,
        name: &str,
        element: &'v [u8],
        is_alone: bool,
    ) -> Option<(&HeaderPlace, &'v [u8])> {
        self.token_of(name, element)
            .filter(|(place, token)| is_alone || !place.prefix.is_empty() || token.contains(&b'.'))
    }

    /// Returns what is left of a header without these tokens, byte for byte but for the white space
    /// around it; `None` where nothing is. Several lines become one.
    pub(super) fn without_elements(
        &self,
        request: &Request<'_>,
        name: &str,
        tokens: &[&[u8]],
    ) -> Option<Vec<u8>> {
        let is_token = |element: &[u8]| {
            let taken = self.token_of(name, element.trim_ascii());
            taken.is_some_and(|(_, taken)| tokens.contains(&taken))
        };
        let rest: Vec<&[u8]> =
            elements(request, name).filter(|element| !is_token(element)).collect();
        let rest = rest.join(b",".as_slice());
        let is_empty = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
        (!rest.iter().all(is_empty)).then(|| rest.trim_ascii().to_vec())
    }
}

/// Returns the elements of a header, as they stand.
fn elements<'a>(request: &Request<'a>, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let lines = request.token_headers.iter().filter(move |(other, _)| *other == name);
    lines.flat_map(|(_, value)| value.split(|&byte| byte == b','))
}

/// Returns whether a text has a JWT in it: three parts, joined by dots, of which the first is a
/// JSON object, or has in it how nearly all begin, whatever stands before that.
fn holds_jwt(text: &[u8]) -> bool {
    let is_of_token =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.split(|byte| !is_of_token(byte)).any(|run| {
        let parts: Vec<&[u8]> = run.split(|&byte| byte == b'.').collect();
        parts.windows(3).any(|three| {
            three.first().is_some_and(|first| {
                first.windows(3).any(|start| start == b"eyJ") || is_object(first)
            })
        })
    })
}

fn is_object(part: &[u8]) -> bool {
    let decoded = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    let text = decoded.trim_ascii();
    text.starts_with(b"{") && text.ends_with(b"}")
}
