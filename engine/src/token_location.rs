//! Where a request may carry a token: finding it, and taking it out before the request goes on.

mod cookies;
mod list;
mod strip;

use crate::method;
use crate::request::Request;
use crate::{Cause, Detail};
use attache_plugin_config::{Config, IssuerLocations};
use cookies::CookiePlace;
pub(crate) use cookies::differ as cookies_differ;
use std::borrow::Cow;

/// A set of issuers; a configuration has 64 at most.
type IssuerMask = u64;

/// Every place that any issuer takes tokens in.
#[derive(Debug, Default)]
pub(crate) struct TokenLocations {
    /// Longest prefix first, so that an empty one takes only what no other does.
    headers: Vec<HeaderPlace>,
    cookies: Vec<CookiePlace>,
    params: Vec<(String, IssuerMask)>,
    /// The issuers whose tokens the service must not see.
    hidden: IssuerMask,
}

#[derive(Debug)]
struct HeaderPlace {
    name: String,
    prefix: Vec<u8>,
    issuers: IssuerMask,
}

impl HeaderPlace {
    /// Returns what stands behind the prefix.
    fn behind_prefix<'v>(&self, value: &'v [u8]) -> Option<&'v [u8]> {
        let (prefix, token) = value.split_at_checked(self.prefix.len())?;
        prefix.eq_ignore_ascii_case(&self.prefix).then_some(token)
    }

    /// Returns what stands behind the scheme of a prefix such as `Bearer `, where other bytes than
    /// its space part the two, or stand before: services that split at any white space, as Python
    /// does at a no-break space, read a token there. It must not go on unseen where a request may
    /// come without one.
    #[inline(never)]
    fn behind_scheme<'v>(&self, value: &'v [u8]) -> Option<&'v [u8]> {
        let scheme = self.prefix.strip_suffix(b" ").filter(|scheme| !scheme.is_empty())?;
        let start = value.iter().position(|&byte| method::is_token(byte))?;
        let (before, rest) = value.get(start..)?.split_at_checked(scheme.len())?;
        let is_parted = rest.first().is_some_and(|&byte| !method::is_token(byte));
        (before.eq_ignore_ascii_case(scheme) && is_parted).then_some(rest)
    }
}

/// A token that a request carries.
#[derive(Debug)]
pub(crate) struct ExtractedToken<'a> {
    /// Its text, as the client sent it.
    pub token: Cow<'a, [u8]>,
    /// Whether other cookies of its name hold other tokens.
    pub has_rival: bool,
    /// The issuers that take tokens in this place.
    issuers: IssuerMask,
    place: TokenPlace<'a>,
}

/// The tokens that a request carries: nearly always one.
pub(crate) type ExtractedTokens<'a> = Vec<ExtractedToken<'a>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenPlace<'a> {
    /// All that a header holds.
    Header(&'a str),
    /// One of the elements of a header.
    Element(&'a str),
    /// The place among the configured cookies, the token in one cookie.
    Cookie(usize),
    /// The same, the token cut into several.
    CookieParts(usize),
    /// The place among the configured parameters.
    Param(usize),
}

impl ExtractedToken<'_> {
    /// Returns whether the issuer in this place of the configuration takes tokens here.
    pub(crate) fn is_for(&self, issuer: u16) -> bool {
        self.issuers & mask(usize::from(issuer)) != 0
    }

    /// Returns whether both stand in cookies of one name.
    pub(crate) fn is_rival_of(&self, other: &ExtractedToken<'_>) -> bool {
        self.cookie().is_some_and(|cookie| other.cookie() == Some(cookie))
    }

    /// Returns whether it is cut into several cookies.
    const fn is_in_parts(&self) -> bool {
        matches!(self.place, TokenPlace::CookieParts(_))
    }

    /// Returns its place among the configured cookies, where it stands in one.
    const fn cookie(&self) -> Option<usize> {
        match self.place {
            TokenPlace::Cookie(index) | TokenPlace::CookieParts(index) => Some(index),
            TokenPlace::Header(_) | TokenPlace::Element(_) | TokenPlace::Param(_) => None,
        }
    }
}

impl TokenLocations {
    #[inline(never)]
    pub(crate) fn new(config: &Config) -> Self {
        let mut places = Self::default();
        for (index, issuer) in config.issuers.iter().enumerate() {
            let issuers = mask(index);
            if !issuer.forward_original_token {
                places.hidden |= issuers;
            }
            let IssuerLocations { headers, cookies, params } = &issuer.locations;
            for from in headers {
                let (name, prefix) = (from.name.as_str(), from.prefix.as_bytes());
                let same = |place: &&mut HeaderPlace| {
                    place.name == name && place.prefix.eq_ignore_ascii_case(prefix)
                };
                match places.headers.iter_mut().find(same) {
                    Some(place) => place.issuers |= issuers,
                    None => {
                        let longer = |other: &HeaderPlace| other.prefix.len() >= prefix.len();
                        let at = places.headers.partition_point(longer);
                        let prefix = prefix.to_owned();
                        places
                            .headers
                            .insert(at, HeaderPlace { name: name.to_owned(), prefix, issuers });
                    }
                }
            }
            for from in cookies {
                cookies::add_place(&mut places.cookies, from, issuers);
            }
            for name in params {
                match places.params.iter_mut().find(|(known, _)| known == name) {
                    Some((_, known)) => *known |= issuers,
                    None => places.params.push((name.clone(), issuers)),
                }
            }
        }
        places
    }

    /// Returns the tokens of a request, headers before cookies before parameters.
    ///
    /// # Errors
    /// [`Reason::TokensConflict`](crate::Reason::TokensConflict) where a header or a parameter
    /// holds two different tokens: nobody can say which of them the service would take. Cookies are
    /// another matter ([`ExtractedToken::has_rival`]): a browser sends all that it has, and the
    /// page has no say in it.
    pub(crate) fn find<'a>(&self, request: &Request<'a>) -> Result<ExtractedTokens<'a>, Cause> {
        let mut found = ExtractedTokens::with_capacity(1);
        self.find_in_headers(request, &mut found)?;
        if !self.cookies.is_empty() {
            self.find_in_cookies(request, &mut found)?;
        }
        if let (false, Some(query)) = (self.params.is_empty(), request.query) {
            self.find_in_params(query, &mut found)?;
        }
        Ok(found)
    }

    fn find_in_headers<'a>(
        &self,
        request: &Request<'a>,
        found: &mut ExtractedTokens<'a>,
    ) -> Result<(), Cause> {
        for (index, &(name, value)) in request.token_headers.iter().enumerate() {
            let is_same = |&(other, _): &(&str, &[u8])| other == name;
            if request.token_headers.iter().take(index).any(is_same) {
                // Looked at with the first line of this name.
                continue;
            }
            // Envoy joins lines of some headers, `authorization` among them, with a comma. No token
            // holds one.
            let is_list =
                holds_comma(value) || request.token_headers.iter().skip(index).skip(1).any(is_same);
            if is_list {
                found.extend(self.find_in_list(request, name)?);
            } else {
                found.extend(self.token_of(name, value.trim_ascii()).map(|(place, token)| {
                    ExtractedToken {
                        token: Cow::Borrowed(token),
                        has_rival: false,
                        issuers: place.issuers,
                        place: TokenPlace::Header(name),
                    }
                }));
            }
        }
        Ok(())
    }

    /// Returns the token that a value of a header holds, and the place that takes it.
    fn token_of<'v>(&self, name: &str, value: &'v [u8]) -> Option<(&HeaderPlace, &'v [u8])> {
        let of_header = self.headers.iter().filter(|place| place.name == name);
        let mut taken = of_header.filter_map(|place| {
            let token = place.behind_prefix(value).or_else(|| place.behind_scheme(value))?;
            Some((place, token.trim_ascii()))
        });
        taken.next().filter(|(place, token)| !(token.is_empty() && place.prefix.is_empty()))
    }

    #[inline(never)]
    fn find_in_params<'a>(
        &self,
        query: &'a [u8],
        found: &mut ExtractedTokens<'a>,
    ) -> Result<(), Cause> {
        for (name, value) in form_urlencoded::parse(query) {
            let Some(index) = self.params.iter().position(|(known, _)| *known == name) else {
                continue;
            };
            let Some((_, issuers)) = self.params.get(index) else { continue };
            let token = match value {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            };
            let place = TokenPlace::Param(index);
            match found.iter().find(|other| other.place == place) {
                Some(other) if other.token == token => {}
                Some(_) => return Err(Detail::ParamTokensDiffer.into()),
                None if token.is_empty() => {}
                None => {
                    found.push(ExtractedToken { token, has_rival: false, issuers: *issuers, place })
                }
            }
        }
        Ok(())
    }

    /// Returns what stands in the places of issuers whose tokens the service must not see, or, with
    /// `all`, of any issuer, looked at by nobody: it may be no token, and who issued it is not
    /// known.
    #[inline(never)]
    pub(crate) fn occupied<'a>(&self, request: &Request<'a>, all: bool) -> ExtractedTokens<'a> {
        let hidden = if all { IssuerMask::MAX } else { self.hidden };
        let found = |token: &'a [u8], place| ExtractedToken {
            token: Cow::Borrowed(token),
            has_rival: false,
            issuers: hidden,
            place,
        };
        let mut places = ExtractedTokens::with_capacity(1);
        for &(name, value) in &request.token_headers {
            let taken = value
                .split(|&byte| byte == b',')
                .filter_map(|one| self.token_of(name, one.trim_ascii()));
            let counts = taken.filter(|(at, _)| at.issuers & hidden != 0);
            places.extend(counts.map(|(_, token)| found(token, TokenPlace::Element(name))));
        }
        for index in self.cookies_held(request, hidden) {
            places.push(found(b"", TokenPlace::Cookie(index)));
        }
        let Some(query) = request.query else { return places };
        for (index, (name, issuers)) in self.params.iter().enumerate() {
            if issuers & hidden != 0
                && form_urlencoded::parse(query).any(|(other, _)| other == *name)
            {
                places.push(found(b"", TokenPlace::Param(index)));
            }
        }
        places
    }
}

/// Returns whether a value holds a comma, eight bytes at a time: a token is long, and without SIMD
/// what libraries have for this takes four in Wasm.
fn holds_comma(value: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const COMMAS: u64 = u64::from_ne_bytes([b','; 8]);
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
    let (words, rest) = value.as_chunks::<8>();
    // A byte that is zero is the lowest of which a borrow of the subtraction sets the highest bit.
    let has_comma = |word: &[u8; 8]| {
        let differs = u64::from_ne_bytes(*word) ^ COMMAS;
        differs.wrapping_sub(ONES) & !differs & HIGHEST != 0
    };
    words.iter().any(has_comma) || rest.contains(&b',')
}

fn mask(issuer: usize) -> IssuerMask {
    u32::try_from(issuer).ok().and_then(|shift| 1_u64.checked_shl(shift)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
