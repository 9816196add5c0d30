//! What is taken from a request before it goes upstream, and what is put in.

use crate::config::{Credential, Upstream};
use crate::failure::Failure;
use crate::proto::MiniRequestObject;
use crate::token::holds_token_of;
use form_urlencoded::parse;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Keeps a client's credential and its own tokens from going upstream.
#[derive(Clone, Debug)]
pub struct CredentialStripper {
    upstream: Upstream,
    strip: Credential,
    issuers: BTreeSet<String>,
}

impl CredentialStripper {
    /// Creates a stripper for the header that receives the token, the places always stripped, and
    /// tokens of these issuers anywhere.
    pub fn new(upstream: Upstream, strip: Credential, issuers: BTreeSet<String>) -> Self {
        Self { upstream, strip, issuers }
    }

    /// Takes the credential away, and every token of a guarded issuer that the gateway shows: it
    /// shows the first value of each header. Returns how many such tokens there were outside the
    /// credential's places.
    pub fn strip(&self, request: &mut MiniRequestObject, credentials: &[&Credential]) -> u64 {
        let named = |places: fn(&Credential) -> &Vec<String>| -> BTreeSet<&str> {
            credentials
                .iter()
                .copied()
                .chain([&self.strip])
                .flat_map(places)
                .map(String::as_str)
                .collect()
        };
        let headers = named(|places| &places.headers);
        let cookies = named(|places| &places.cookies);
        let params = named(|places| &places.params);
        // Where the whole header goes, none of its cookies comes back.
        let all_cookies =
            headers.iter().any(|name| is_cookie(name)) || is_cookie(&self.upstream.header);
        let leaked = [
            self.strip_headers(request, &headers),
            if all_cookies { 0 } else { self.strip_cookies(request, &cookies) },
            self.strip_params(request, &params),
        ];
        self.strip_connection(request);
        leaked.into_iter().fold(0, u64::saturating_add)
    }

    /// Puts the token where the mesh looks for it; all that the client put there goes.
    pub fn put(&self, request: &mut MiniRequestObject, token: &str) {
        let value = format!("{}{token}", self.upstream.prefix);
        request.set_headers.insert(self.upstream.header.clone(), value);
    }

    fn strip_headers(&self, request: &mut MiniRequestObject, names: &BTreeSet<&str>) -> u64 {
        let mut leaked = 0_u64;
        let mut delete: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        delete.insert(self.upstream.header.clone());
        for (name, value) in &request.headers {
            let known = delete.iter().any(|known| known.eq_ignore_ascii_case(name));
            // Cookies are looked at one by one.
            if !known && !is_cookie(name) && holds_token_of(&self.issuers, value) {
                delete.insert(name.clone());
                leaked = leaked.saturating_add(1);
            }
        }
        request
            .set_headers
            .retain(|name, _| !delete.iter().any(|gone| gone.eq_ignore_ascii_case(name)));
        request.delete_headers.extend(delete);
        leaked
    }

    /// Has the gateway forget which headers the client calls its connection's (RFC 9110 section
    /// 7.6.1): it takes those out after the token is put in, and would take out the token. The
    /// others go here; an upgrade of the protocol stays.
    fn strip_connection(&self, request: &mut MiniRequestObject) {
        let Some(value) = header(request, "Connection") else { return };
        let options: Vec<_> = value.split(',').map(|option| option.trim().to_owned()).collect();
        let upgrade = options.iter().any(|option| option.eq_ignore_ascii_case("upgrade"));
        let named = |option: &String| {
            let kept = [self.upstream.header.as_str(), "upgrade"];
            !option.is_empty() && !kept.iter().any(|kept| kept.eq_ignore_ascii_case(option))
        };
        // Even where the first line names nothing: the gateway does not show the others.
        request.delete_headers.push("Connection".to_owned());
        request.delete_headers.extend(options.into_iter().filter(named));
        if upgrade {
            request.set_headers.insert("Connection".to_owned(), "Upgrade".to_owned());
        }
    }

    fn strip_cookies(&self, request: &mut MiniRequestObject, names: &BTreeSet<&str>) -> u64 {
        let Some((header, value)) = request.headers.iter().find(|(name, _)| is_cookie(name)) else {
            return 0;
        };
        let mut leaked = 0_u64;
        let mut kept = Vec::new();
        for cookie in value.split(';').map(str::trim).filter(|cookie| !cookie.is_empty()) {
            let name = cookie.split('=').next().unwrap_or_default().trim();
            if names.contains(name) {
                continue;
            }
            if holds_token_of(&self.issuers, cookie) {
                leaked = leaked.saturating_add(1);
            } else {
                kept.push(cookie);
            }
        }
        // Set even where nothing is taken: a second `Cookie` line, which the gateway does not show,
        // goes then.
        if !names.is_empty() || leaked > 0 {
            let (header, value) = (header.clone(), kept.join("; "));
            request.delete_headers.push(header.clone());
            if !value.is_empty() {
                request.set_headers.insert(header, value);
            }
        }
        leaked
    }

    /// Takes parameters out of the URL itself and has the gateway delete them too, for it may hold
    /// two URLs: the client's, and the one that a rewrite made of it.
    fn strip_params(&self, request: &mut MiniRequestObject, names: &BTreeSet<&str>) -> u64 {
        let mut leaked = 0_u64;
        let mut delete: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        if let Some((path, query)) = request.url.split_once('?') {
            let keep = |pair: &&str| {
                let Some((name, value)) = parse(pair.as_bytes()).next() else { return true };
                if names.contains(&*name) {
                    return false;
                }
                let is_leaked =
                    holds_token_of(&self.issuers, &value) || holds_token_of(&self.issuers, &name);
                if is_leaked {
                    leaked = leaked.saturating_add(1);
                    delete.insert(name.into_owned());
                }
                !is_leaked
            };
            let kept: Vec<_> = query.split('&').filter(keep).collect();
            request.url = match kept.join("&") {
                query if query.is_empty() => path.to_owned(),
                query => format!("{path}?{query}"),
            };
        }
        for (name, value) in &request.params {
            if !delete.contains(name) && holds_token_of(&self.issuers, value) {
                leaked = leaked.saturating_add(1);
                delete.insert(name.clone());
            }
        }
        request.delete_params.extend(delete);
        leaked
    }
}

fn is_cookie(name: &str) -> bool {
    name.eq_ignore_ascii_case("cookie")
}

/// Returns the first value of a header.
pub fn header<'a>(request: &'a MiniRequestObject, name: &str) -> Option<&'a str> {
    match request.headers.get(name) {
        Some(value) => Some(value),
        None => {
            let same = |(known, _): &(&String, &String)| known.eq_ignore_ascii_case(name);
            request.headers.iter().find(same).map(|(_, value)| value.as_str())
        }
    }
}

/// Returns what stands after a prefix, which is compared without letter case.
pub fn after_prefix<'a>(value: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = value.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest.trim()).filter(|rest| !rest.is_empty())
}

/// Returns where an API definition says that its credential stands:
/// `config_data: {attache: {credential: {…}}}`. It can only have more taken away, for whoever
/// writes an API definition need not be whom the issuer's configuration trusts.
///
/// # Errors
/// It says something else.
pub fn credential_of(config_data: Option<&String>) -> Result<Option<Credential>, Failure> {
    let Some(json) = config_data.filter(|json| json.contains("attache")) else { return Ok(None) };
    let data: ConfigData = serde_json::from_str(json).map_err(|_| Failure::ConfigDataInvalid)?;
    Ok(data.attache.map(|attache| {
        let Places { headers, cookies, params } = attache.credential;
        Credential { headers, cookies, params }
    }))
}

#[derive(Deserialize)]
struct ConfigData {
    attache: Option<Attache>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attache {
    credential: Places,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Places {
    headers: Vec<String>,
    cookies: Vec<String>,
    params: Vec<String>,
}

#[cfg(test)]
mod tests;
