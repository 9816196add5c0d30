//! Where an issuer's tokens are looked for.

use super::cookie::from_cookies;
use super::{Checker, header, text};
use crate::document::{HeaderLocationDocument, IssuerDocument};
use crate::{HeaderLocation, IssuerLocations};
use attache_config_reader::{List, PathRef};

#[inline(never)]
pub(super) fn locations(
    document: &IssuerDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> IssuerLocations {
    let headers = document.from_headers.as_ref();
    let headers = headers.map(|list| from_headers(list, &at.key("fromHeaders"), checker));
    let cookies = document.from_cookies.as_ref();
    let cookies = cookies.map(|list| from_cookies(list, &at.key("fromCookies"), checker));
    let params = document.from_params.as_ref();
    let params = params.map(|list| checker.strings(Some(list), &at.key("fromParams"), text::param));
    IssuerLocations::named(headers, cookies, params)
}

#[inline(never)]
fn from_headers(
    list: &List<HeaderLocationDocument>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Vec<HeaderLocation> {
    let mut locations = Vec::new();
    for (index, document) in checker.non_empty(Some(list), at) {
        let at = at.index(index);
        let prefix = document.prefix.clone().unwrap_or_default();
        if prefix.len() > 64 || !prefix.bytes().all(|c| c == b' ' || c.is_ascii_graphic()) {
            checker.error(
                &at.key("prefix"),
                "a prefix has 64 bytes of visible ASCII and spaces at most",
            );
        }
        let Ok(name) = document.name.get().and_then(|name| checker.header(name, &at.key("name")))
        else {
            continue;
        };
        if let Some(why) = header::why_not_location(&name) {
            checker.error(&at.key("name"), format!("`{name}` cannot carry a token: {why}"));
        }
        let location = HeaderLocation { name, prefix };
        if locations.iter().any(|other| is_same_place(other, &location)) {
            checker.error(&at, "this header with this prefix is listed twice; keep one of them");
        }
        locations.push(location);
    }
    locations
}

fn is_same_place(one: &HeaderLocation, other: &HeaderLocation) -> bool {
    one.name == other.name && one.prefix.eq_ignore_ascii_case(&other.prefix)
}
