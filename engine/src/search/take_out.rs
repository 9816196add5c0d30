//! Taking tokens out of a request before it goes on.

use super::{Found, Place, Places};
use crate::request::Request;
use std::borrow::Cow;

/// What to do to a request so that its tokens are gone.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TakenOut {
    pub remove: Vec<String>,
    pub replace: Vec<(Cow<'static, str>, Vec<u8>)>,
}

impl Places {
    /// What to remove and to replace so that the service does not see these tokens: those that are hidden from it, with
    /// all cookies and parameters of their names, and those that are stale. `path` is the path to forward.
    #[inline(never)]
    pub(crate) fn take_out(
        &self,
        request: &Request<'_>,
        hidden: &[&Found<'_>],
        stale: &[Found<'_>],
        path: &[u8],
    ) -> TakenOut {
        let mut out = TakenOut::default();
        let (mut cookies, mut params) = (Vec::new(), Vec::new());
        for token in hidden {
            match token.place {
                Place::Header(name) => out.remove.push(name.to_owned()),
                Place::Element(name) if out.touches(name) => {}
                Place::Element(name) => {
                    let tokens: Vec<&[u8]> = hidden
                        .iter()
                        .filter(|other| other.place == token.place)
                        .map(|other| other.token.as_ref())
                        .collect();
                    let rest = self.without_elements(request, name, &tokens);
                    out.put(Cow::Owned(name.to_owned()), rest);
                }
                Place::Cookie(index) | Place::CookieParts(index) => cookies.push(index),
                Place::Param(index) => params.extend(self.params.get(index).map(|(name, _)| name.as_str())),
            }
        }
        if !cookies.is_empty() || !stale.is_empty() {
            out.put(Cow::Borrowed("cookie"), self.without_cookies(&request.cookies, &cookies, stale));
        }
        if let (false, Some(query)) = (params.is_empty(), request.query) {
            out.replace.push((Cow::Borrowed(":path"), without_params(path, query, &params)));
        }
        out
    }
}

impl TakenOut {
    fn touches(&self, name: &str) -> bool {
        self.remove.iter().any(|removed| removed == name)
            || self.replace.iter().any(|(replaced, _)| replaced == name)
    }

    /// Has a header hold what is left of it, or go.
    fn put(&mut self, name: Cow<'static, str>, rest: Option<Vec<u8>>) {
        match rest {
            Some(rest) => self.replace.push((name, rest)),
            None => self.remove.push(name.into_owned()),
        }
    }
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
