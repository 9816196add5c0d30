//! Where a request may carry a token: finding it, and taking it out before the request goes on.

use crate::Reason;
use crate::request::Request;
use attache_plugin_config::Config;
use std::borrow::Cow;

/// A set of issuers; a configuration has 64 at most.
type IssuerMask = u64;

/// Every place that any issuer takes tokens in.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// Longest prefix first, so that an empty one takes only what no other does.
    headers: Vec<HeaderPlace>,
    cookies: Vec<(Vec<u8>, IssuerMask)>,
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

/// A token that a request carries.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    /// Its text, as the client sent it.
    pub token: Cow<'a, [u8]>,
    /// The issuers that take tokens in this place.
    issuers: IssuerMask,
    place: Place<'a>,
}

#[derive(Debug)]
enum Place<'a> {
    Header(&'a str),
    /// The place among the configured cookies or parameters.
    Cookie(usize),
    Param(usize),
}

impl Found<'_> {
    /// Whether the issuer in this place of the configuration takes tokens here.
    pub(crate) fn is_for(&self, issuer: u16) -> bool {
        self.issuers & mask(usize::from(issuer)) != 0
    }
}

impl Places {
    pub(crate) fn new(config: &Config) -> Self {
        let mut places = Self::default();
        for (index, issuer) in config.issuers.iter().enumerate() {
            let issuers = mask(index);
            if !issuer.forward_original_token {
                places.hidden |= issuers;
            }
            for from in &issuer.from_headers {
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
                        places.headers.insert(at, HeaderPlace { name: name.to_owned(), prefix, issuers });
                    }
                }
            }
            for name in &issuer.from_cookies {
                match places.cookies.iter_mut().find(|(known, _)| known == name.as_bytes()) {
                    Some((_, known)) => *known |= issuers,
                    None => places.cookies.push((name.clone().into_bytes(), issuers)),
                }
            }
            for name in &issuer.from_params {
                match places.params.iter_mut().find(|(known, _)| known == name) {
                    Some((_, known)) => *known |= issuers,
                    None => places.params.push((name.clone(), issuers)),
                }
            }
        }
        places
    }

    /// The tokens of a request, headers before cookies before parameters.
    ///
    /// # Errors
    /// [`Reason::TokensConflict`] where one place holds two different values: nobody can say which of them the service
    /// would take.
    pub(crate) fn find<'a>(&self, request: &Request<'a>) -> Result<Vec<Found<'a>>, Reason> {
        let mut found = Vec::with_capacity(1);
        self.find_in_headers(request, &mut found)?;
        if !self.cookies.is_empty() {
            self.find_in_cookies(request, &mut found)?;
        }
        if let (false, Some(query)) = (self.params.is_empty(), request.query) {
            self.find_in_params(query, &mut found)?;
        }
        Ok(found)
    }

    fn find_in_headers<'a>(&self, request: &Request<'a>, found: &mut Vec<Found<'a>>) -> Result<(), Reason> {
        for (index, &(name, value)) in request.token_headers.iter().enumerate() {
            let mut earlier = request.token_headers.iter().take(index).filter(|(other, _)| *other == name);
            match earlier.next() {
                Some(&(_, other)) if other == value => continue,
                Some(_) => return Err(Reason::TokensConflict),
                None => {}
            }
            // Envoy joins duplicates of some headers, `authorization` among them, with a comma. No token holds one.
            let taken = match memchr::memchr(b',', value) {
                None => self.token_of(name, value.trim_ascii()),
                Some(_) => self.token_of_list(name, value)?,
            };
            found.extend(taken.map(|(place, token)| Found {
                token: Cow::Borrowed(token),
                issuers: place.issuers,
                place: Place::Header(name),
            }));
        }
        Ok(())
    }

    /// The token that a list of values holds, if it is one value again and again.
    #[inline(never)]
    fn token_of_list<'v>(
        &self,
        name: &str,
        value: &'v [u8],
    ) -> Result<Option<(&HeaderPlace, &'v [u8])>, Reason> {
        let mut values = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        let Some(taken) = values.clone().find_map(|value| self.token_of(name, value)) else {
            return Ok(None);
        };
        let first = values.next();
        if values.any(|value| Some(value) != first) { Err(Reason::TokensConflict) } else { Ok(Some(taken)) }
    }

    /// The token that a value of a header holds, and the place that takes it.
    fn token_of<'v>(&self, name: &str, value: &'v [u8]) -> Option<(&HeaderPlace, &'v [u8])> {
        let of_header = self.headers.iter().filter(|place| place.name == name);
        let mut taken = of_header.filter_map(|place| {
            let (prefix, token) = value.split_at_checked(place.prefix.len())?;
            prefix.eq_ignore_ascii_case(&place.prefix).then(|| (place, token.trim_ascii()))
        });
        taken.next().filter(|(place, token)| !(token.is_empty() && place.prefix.is_empty()))
    }

    #[inline(never)]
    fn find_in_cookies<'a>(&self, request: &Request<'a>, found: &mut Vec<Found<'a>>) -> Result<(), Reason> {
        let start = found.len();
        for (name, value) in request.cookies.iter().flat_map(|header| cookie_pairs(header)) {
            let Some(index) = self.cookies.iter().position(|(known, _)| known == name) else { continue };
            let Some((_, issuers)) = self.cookies.get(index) else { continue };
            let token = unquoted(value);
            add(found, start, Cow::Borrowed(token), *issuers, Place::Cookie(index))?;
        }
        Ok(())
    }

    #[inline(never)]
    fn find_in_params<'a>(&self, query: &'a [u8], found: &mut Vec<Found<'a>>) -> Result<(), Reason> {
        let start = found.len();
        for (name, value) in form_urlencoded::parse(query) {
            let Some(index) = self.params.iter().position(|(known, _)| *known == name) else { continue };
            let Some((_, issuers)) = self.params.get(index) else { continue };
            let token = match value {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            };
            add(found, start, token, *issuers, Place::Param(index))?;
        }
        Ok(())
    }

    /// What stands in the places of issuers whose tokens the service must not see, or, with `all`, of any issuer, looked
    /// at by nobody: it may be no token, and who issued it is not known.
    #[inline(never)]
    pub(crate) fn occupied<'a>(&self, request: &Request<'a>, all: bool) -> Vec<Found<'a>> {
        let hidden = if all { IssuerMask::MAX } else { self.hidden };
        let found = |place| Found { token: Cow::Borrowed(b"".as_slice()), issuers: hidden, place };
        let mut places = Vec::new();
        for &(name, value) in &request.token_headers {
            let mut values = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
            let counts = |value| self.token_of(name, value).is_some_and(|(at, _)| at.issuers & hidden != 0);
            if values.any(counts) {
                places.push(found(Place::Header(name)));
            }
        }
        let pairs = || request.cookies.iter().flat_map(|header| cookie_pairs(header));
        for (index, (name, issuers)) in self.cookies.iter().enumerate() {
            if issuers & hidden != 0 && pairs().any(|(other, _)| other == name) {
                places.push(found(Place::Cookie(index)));
            }
        }
        let Some(query) = request.query else { return places };
        for (index, (name, issuers)) in self.params.iter().enumerate() {
            if issuers & hidden != 0 && form_urlencoded::parse(query).any(|(other, _)| other == *name) {
                places.push(found(Place::Param(index)));
            }
        }
        places
    }

    /// What to remove and to replace so that the service does not see these tokens. `path` is the path to forward.
    #[inline(never)]
    pub(crate) fn take_out(&self, request: &Request<'_>, found: &[&Found<'_>], path: &[u8]) -> TakenOut {
        let mut out = TakenOut::default();
        let (mut cookies, mut params) = (Vec::new(), Vec::new());
        for token in found {
            match token.place {
                Place::Header(name) => out.remove.push(name.to_owned()),
                Place::Cookie(index) => {
                    cookies.extend(self.cookies.get(index).map(|(name, _)| name.as_slice()))
                }
                Place::Param(index) => params.extend(self.params.get(index).map(|(name, _)| name.as_str())),
            }
        }
        if !cookies.is_empty() {
            match without_cookies(&request.cookies, &cookies) {
                Some(rest) => out.replace.push(("cookie", rest)),
                None => out.remove.push("cookie".to_owned()),
            }
        }
        if let (false, Some(query)) = (params.is_empty(), request.query) {
            out.replace.push((":path", without_params(path, query, &params)));
        }
        out
    }
}

/// What to do to a request so that its tokens are gone.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TakenOut {
    pub remove: Vec<String>,
    pub replace: Vec<(&'static str, Vec<u8>)>,
}

/// Adds a token unless its place has it already; an empty one is no token, as a cookie that was cleared.
fn add<'a>(
    found: &mut Vec<Found<'a>>,
    start: usize,
    token: Cow<'a, [u8]>,
    issuers: IssuerMask,
    place: Place<'a>,
) -> Result<(), Reason> {
    if token.is_empty() {
        return Ok(());
    }
    let same_place = |other: &&Found<'_>| match (&other.place, &place) {
        (Place::Cookie(a), Place::Cookie(b)) | (Place::Param(a), Place::Param(b)) => a == b,
        _ => false,
    };
    match found.iter().skip(start).find(same_place) {
        Some(other) if other.token == token => Ok(()),
        Some(_) => Err(Reason::TokensConflict),
        None => {
            found.push(Found { token, issuers, place });
            Ok(())
        }
    }
}

/// The pairs of a cookie header (RFC 6265 section 4.2.1).
fn cookie_pairs(header: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    header.split(|&byte| byte == b';').filter_map(|pair| {
        let at = pair.iter().position(|&byte| byte == b'=')?;
        let (name, value) = pair.split_at_checked(at)?;
        Some((name.trim_ascii(), value.get(1..)?.trim_ascii()))
    })
}

fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}

/// All cookies but these in one header, as RFC 9113 section 8.2.3 joins them; `None` where none is left.
fn without_cookies(headers: &[&[u8]], names: &[&[u8]]) -> Option<Vec<u8>> {
    let named = |pair: &[u8]| cookie_pairs(pair).any(|(name, _)| names.contains(&name));
    let pairs = headers.iter().flat_map(|header| header.split(|&byte| byte == b';')).map(<[u8]>::trim_ascii);
    let rest: Vec<&[u8]> = pairs.filter(|pair| !pair.is_empty() && !named(pair)).collect();
    (!rest.is_empty()).then(|| rest.join(b"; ".as_slice()))
}

/// The path with its query, byte for byte, but for the parameters of these names.
fn without_params(path: &[u8], query: &[u8], names: &[&str]) -> Vec<u8> {
    let named = |pair: &[u8]| form_urlencoded::parse(pair).any(|(name, _)| names.contains(&name.as_ref()));
    let rest: Vec<&[u8]> = query.split(|&byte| byte == b'&').filter(|pair| !named(pair)).collect();
    let mut whole = path.to_vec();
    if !rest.is_empty() {
        whole.push(b'?');
        whole.extend(rest.join(b"&".as_slice()));
    }
    whole
}

fn mask(issuer: usize) -> IssuerMask {
    u32::try_from(issuer).ok().and_then(|shift| 1_u64.checked_shl(shift)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
