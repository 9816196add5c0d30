//! Tokens in cookies (RFC 6265), whole or cut into several.

use super::{ExtractedToken, ExtractedTokens, IssuerMask, TokenLocations, TokenPlace};
use crate::request::Request;
use crate::{Cause, Detail, Reason};
use attache_plugin_config::CookieLocation;
use std::borrow::Cow;

/// The most different tokens in cookies of one name: each costs a verification.
const MAX_RIVALS: usize = 4;
/// The most parts of a token: 4 kB each, as browsers take them, are more than `cache.maxTokenBytes`
/// can be.
const MAX_PARTS: usize = 32;

/// A cookie that may carry a token.
#[derive(Debug)]
pub(super) struct CookiePlace {
    name: Vec<u8>,
    issuers: IssuerMask,
    /// Those that take it cut into parts, too.
    chunked: IssuerMask,
}

/// Adds an issuer's cookie.
pub(super) fn add_place(places: &mut Vec<CookiePlace>, from: &CookieLocation, issuers: IssuerMask) {
    let chunked = if from.chunked { issuers } else { 0 };
    match places.iter_mut().find(|place| place.name == from.name.as_bytes()) {
        Some(place) => {
            place.issuers |= issuers;
            place.chunked |= chunked;
        }
        None => places.push(CookiePlace { name: from.name.clone().into_bytes(), issuers, chunked }),
    }
}

impl CookiePlace {
    /// Returns what stands behind the name and `_`, in the name of a part.
    fn part<'n>(&self, name: &'n [u8]) -> Option<&'n [u8]> {
        let number = name.strip_prefix(self.name.as_slice())?.strip_prefix(b"_")?;
        let is_number = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
        (self.chunked != 0 && is_number).then_some(number)
    }

    /// Returns whether a cookie of this name holds a token, or a part of one.
    fn holds(&self, name: &[u8]) -> bool {
        self.name == name || self.part(name).is_some()
    }
}

impl TokenLocations {
    #[inline(never)]
    pub(super) fn find_in_cookies<'a>(
        &self,
        request: &Request<'a>,
        found: &mut ExtractedTokens<'a>,
    ) -> Result<(), Cause> {
        for (name, value) in request.cookies.iter().flat_map(|header| pairs(header)) {
            let Some(index) = self.cookies.iter().position(|place| place.name == name) else {
                continue;
            };
            let Some(place) = self.cookies.get(index) else { continue };
            add(found, Cow::Borrowed(unquoted(value)), place.issuers, TokenPlace::Cookie(index))?;
        }
        for (index, place) in
            self.cookies.iter().enumerate().filter(|(_, place)| place.chunked != 0)
        {
            if let Some(token) = joined(place, &request.cookies)? {
                add(found, Cow::Owned(token), place.chunked, TokenPlace::CookieParts(index))?;
            }
        }
        Ok(())
    }

    /// Returns the places of cookies, for one of these issuers, that the request fills.
    pub(super) fn cookies_held(&self, request: &Request<'_>, issuers: IssuerMask) -> Vec<usize> {
        let names =
            || request.cookies.iter().flat_map(|header| pairs(header)).map(|(name, _)| name);
        let places = self.cookies.iter().enumerate();
        let held = places
            .filter(|(_, at)| at.issuers & issuers != 0 && names().any(|name| at.holds(name)));
        held.map(|(index, _)| index).collect()
    }

    /// Returns all cookies but those of these places, and but those that hold one of the stale
    /// tokens, in one header, as RFC 9113 section 8.2.3 joins them; `None` where none is left.
    pub(super) fn without_cookies(
        &self,
        headers: &[&[u8]],
        places: &[usize],
        stale: &[ExtractedToken<'_>],
    ) -> Option<Vec<u8>> {
        let place = |index: usize| self.cookies.get(index);
        let is_stale = |name: &[u8], value: &[u8]| {
            stale.iter().any(|stale| {
                let Some(place) = stale.cookie().and_then(place) else { return false };
                if stale.is_in_parts() {
                    place.part(name).is_some()
                } else {
                    place.name == name && *stale.token == *unquoted(value)
                }
            })
        };
        let goes = |pair: &[u8]| {
            pairs(pair).any(|(name, value)| {
                places.iter().filter_map(|&index| place(index)).any(|place| place.holds(name))
                    || is_stale(name, value)
            })
        };
        let all = headers
            .iter()
            .flat_map(|header| header.split(|&byte| byte == b';'))
            .map(<[u8]>::trim_ascii);
        let rest: Vec<&[u8]> = all.filter(|pair| !pair.is_empty() && !goes(pair)).collect();
        (!rest.is_empty()).then(|| rest.join(b"; ".as_slice()))
    }
}

/// Adds a token unless its place has it already; an empty one is no token, as a cookie that was
/// cleared.
///
/// # Errors
/// [`Detail::CookieTokensDiffer`] where there are more than [`MAX_RIVALS`].
fn add<'a>(
    found: &mut ExtractedTokens<'a>,
    token: Cow<'a, [u8]>,
    issuers: IssuerMask,
    place: TokenPlace<'a>,
) -> Result<(), Cause> {
    let mut one = ExtractedToken { token, has_rival: false, issuers, place };
    if one.token.is_empty()
        || found.iter().any(|other| other.is_rival_of(&one) && other.token == one.token)
    {
        return Ok(());
    }
    let mut rivals = 0_usize;
    for other in found.iter_mut().filter(|other| other.is_rival_of(&one)) {
        other.has_rival = true;
        rivals = rivals.saturating_add(1);
    }
    if rivals >= MAX_RIVALS {
        return Err(differ());
    }
    one.has_rival = rivals > 0;
    found.push(one);
    Ok(())
}

/// Returns the token whose parts are cookies `name_0`, `name_1` and so on, in whatever order they
/// come.
///
/// # Errors
/// [`Detail::CookiePartMissing`] where a number is left out, [`Detail::CookieTokensDiffer`] where
/// one has two values, [`Reason::TokenTooLarge`] for more than [`MAX_PARTS`].
fn joined(place: &CookiePlace, headers: &[&[u8]]) -> Result<Option<Vec<u8>>, Cause> {
    let mut parts: Vec<Option<&[u8]>> = Vec::new();
    for (name, value) in headers.iter().flat_map(|header| pairs(header)) {
        let (Some(number), value) = (place.part(name), unquoted(value)) else { continue };
        // A cleared part is none, and `_01` is none that anybody writes.
        if value.is_empty() || (number.starts_with(b"0") && number != b"0") {
            continue;
        }
        let number =
            str::from_utf8(number).ok().and_then(|number| number.parse().ok()).unwrap_or(MAX_PARTS);
        if number >= MAX_PARTS {
            return Err(Reason::TokenTooLarge.into());
        }
        parts.resize(parts.len().max(number.saturating_add(1)), None);
        match parts.get_mut(number) {
            Some(Some(other)) if *other != value => return Err(differ()),
            Some(part) => *part = Some(value),
            None => {}
        }
    }
    let parts: Option<Vec<&[u8]>> = parts.into_iter().collect();
    let token =
        parts.ok_or_else(|| Cause::from(Detail::CookiePartMissing).with_header("cookie"))?.concat();
    Ok(Some(token).filter(|token| !token.is_empty()))
}

/// Returns the conflict of two tokens in cookies of one name.
pub(crate) fn differ() -> Cause {
    Cause::from(Detail::CookieTokensDiffer).with_header("cookie")
}

/// Returns the pairs of a cookie header (RFC 6265 section 4.2.1).
fn pairs(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    header.split(|&byte| byte == b';').filter_map(|pair| {
        let at = pair.iter().position(|&byte| byte == b'=')?;
        let (name, value) = pair.split_at_checked(at)?;
        Some((name.trim_ascii(), value.get(1..)?.trim_ascii()))
    })
}

fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}
