//! Taking tokens out of a request before it goes on.

use super::{ExtractedToken, TokenLocations, TokenPlace};
use crate::header_edits::HeaderEdits;
use crate::request::Request;

impl TokenLocations {
    /// Removes and sets headers so that the service does not see these tokens: those that are
    /// hidden from it, with all cookies and parameters of their names, and those that are stale.
    /// `path` is the path to forward.
    #[inline(never)]
    pub(crate) fn strip<'r>(
        &self,
        request: &Request<'r>,
        hidden: &[&ExtractedToken<'r>],
        stale: &[ExtractedToken<'r>],
        path: &[u8],
        edits: &mut HeaderEdits<'r>,
    ) {
        let (mut cookies, mut params) = (Vec::new(), Vec::new());
        for (index, token) in hidden.iter().enumerate() {
            let is_of_place = |other: &&&ExtractedToken<'r>| other.place == token.place;
            match token.place {
                TokenPlace::Header(name) => edits.remove(name),
                TokenPlace::Element(_)
                    if hidden.iter().take(index).any(|other| is_of_place(&other)) => {}
                TokenPlace::Element(name) => {
                    let tokens: Vec<&[u8]> = hidden
                        .iter()
                        .filter(is_of_place)
                        .map(|other| other.token.as_ref())
                        .collect();
                    edits.set_or_remove(name, self.without_elements(request, name, &tokens));
                }
                TokenPlace::Cookie(index) | TokenPlace::CookieParts(index) => cookies.push(index),
                TokenPlace::Param(index) => {
                    params.extend(self.params.get(index).map(|(name, _)| name.as_str()))
                }
            }
        }
        if !cookies.is_empty() || !stale.is_empty() {
            edits.set_or_remove("cookie", self.without_cookies(&request.cookies, &cookies, stale));
        }
        if let (false, Some(query)) = (params.is_empty(), request.query) {
            edits.set(":path", without_params(path, query, &params));
        }
    }
}

/// Returns the path with its query, byte for byte, but for the parameters of these names.
fn without_params(path: &[u8], query: &[u8], names: &[&str]) -> Vec<u8> {
    let named =
        |pair: &[u8]| form_urlencoded::parse(pair).any(|(name, _)| names.contains(&name.as_ref()));
    let rest: Vec<&[u8]> = query.split(|&byte| byte == b'&').filter(|pair| !named(pair)).collect();
    let mut whole = path.to_vec();
    if !rest.is_empty() {
        whole.push(b'?');
        whole.extend(rest.join(b"&".as_slice()));
    }
    whole
}
