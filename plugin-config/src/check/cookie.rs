//! Cookies that may carry a token.

use super::{Checker, text};
use crate::CookieLocation;
use crate::document::{CookieLocationDocument, IssuerDocument};
use attache_config_reader::{List, PathRef, quote};

/// Reads the cookies of an issuer.
#[inline(never)]
pub(super) fn from_cookies(
    list: &List<CookieLocationDocument>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Vec<CookieLocation> {
    let mut locations: Vec<CookieLocation> = Vec::new();
    for (index, document) in checker.non_empty(Some(list), at) {
        let at = at.index(index);
        let Some((name, chunked)) = named(document) else { continue };
        let name = match document {
            CookieLocationDocument::Name(_) => checker.ok_or_report(&at, text::cookie(name)),
            CookieLocationDocument::Form(_) => {
                checker.ok_or_report(&at.key("name"), text::cookie(name))
            }
        };
        let Ok(name) = name else { continue };
        if locations.iter().any(|other| other.name == name) {
            checker.error(&at, format!("{} is listed twice; keep one of them", quote(&name)));
            continue;
        }
        locations.push(CookieLocation { name, chunked });
    }
    locations
}

/// Reports every cookie that has the name of another's part: nobody could say which of them it is.
pub(super) fn check_parts(issuers: &List<IssuerDocument>, checker: &mut Checker) {
    let all: Vec<(usize, usize, &str, bool)> = issuers
        .iter()
        .flat_map(|(issuer, document)| {
            let cookies = document.from_cookies.iter().flat_map(List::iter);
            cookies.filter_map(move |(cookie, document)| {
                let (name, chunked) = named(document)?;
                Some((issuer, cookie, name, chunked))
            })
        })
        .collect();
    for (issuer, cookie, name, _) in &all {
        if let Some((.., whole, _)) =
            all.iter().find(|(.., whole, chunked)| *chunked && is_part(name, whole))
        {
            let whole = quote(whole);
            let message = format!(
                "this is a part of the chunked cookie {whole}; give one of them another name"
            );
            let at = PathRef::Root.key("issuers");
            checker.error(&at.index(*issuer).key("fromCookies").index(*cookie), message);
        }
    }
}

fn named(document: &CookieLocationDocument) -> Option<(&str, bool)> {
    match document {
        CookieLocationDocument::Name(name) => Some((name, false)),
        CookieLocationDocument::Form(form) => {
            Some((form.name.get().ok()?, form.chunked.unwrap_or(false)))
        }
    }
}

fn is_part(name: &str, whole: &str) -> bool {
    let number = name.strip_prefix(whole).and_then(|rest| rest.strip_prefix('_'));
    number.is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}
