//! Nothing is sent to strangers unasked.

use crate::redact::redacted;
use crate::shown::shown;
use crate::tyk::parse_url;
use attache_tyk_limits::nearness::is_near;
use std::error::Error;
use std::io::{BufRead as _, IsTerminal as _, Write as _, stderr, stdin};
use std::net::ToSocketAddrs as _;

/// Looks where the gateways are, and asks where one is neither on this machine nor in a private
/// network.
///
/// # Errors
/// A URL is none, a host is unknown, or there is no consent.
pub(super) fn check(urls: &[String], is_given: bool, plan: &str) -> Result<(), Box<dyn Error>> {
    let mut far = Vec::new();
    for url in urls {
        if !is_near_url(url)? {
            far.push(url.as_str());
        }
    }
    if far.is_empty() || is_given {
        return Ok(());
    }
    let hosts = far.join("`, `");
    if !stdin().is_terminal() {
        return Err(format!(
            "`{hosts}` is neither loopback nor private; say --yes if it is yours to load"
        )
        .into());
    }
    write!(stderr(), "`{hosts}` is neither loopback nor private. Send {plan} there? [y/N] ")?;
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err("nothing was sent".into()),
    }
}

/// Reads a URL, after which only paths come.
///
/// # Errors
/// It is none of a gateway, or has a path, a user or a password.
pub(super) fn base(text: &str) -> Result<reqwest::Url, String> {
    let url = parse_url(text)?;
    if url.path() != "/" || !url.username().is_empty() || url.password().is_some() {
        let told = shown(&redacted(text));
        return Err(format!(
            "--gateway: `{told}` is no URL of a gateway: http://HOST:PORT, without path, user and password"
        ));
    }
    Ok(url)
}

/// Returns whether all addresses of a URL's host are near.
fn is_near_url(text: &str) -> Result<bool, Box<dyn Error>> {
    let url = base(text)?;
    let (host, port) =
        (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = (host, port).to_socket_addrs();
    let addresses =
        addresses.map_err(|error| format!("--gateway: can't find `{host}`: {error}"))?;
    Ok(addresses.into_iter().all(|address| is_near(address.ip())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_needs_no_word() {
        let check = |url: &str| {
            check(&[url.to_owned()], false, "9 requests").map_err(|error| error.to_string())
        };
        assert_eq!(check("http://127.0.0.1:8080"), Ok(()));
        assert_eq!(check("https://[::1]:8443/"), Ok(()));
        for (url, said) in [
            ("http://192.0.2.1:8080", "neither loopback nor private"),
            ("ftp://127.0.0.1", "no URL of a gateway"),
            ("127.0.0.1:8080", "no URL of a gateway"),
            ("http://127.0.0.1/orders", "no URL of a gateway"),
            ("http://somebody@127.0.0.1", "no URL of a gateway"),
            ("http://:word@127.0.0.1", "no URL of a gateway"),
            ("http://127.0.0.1?a=1", "a query or a fragment"),
            ("http://127.0.0.1/#a", "a query or a fragment"),
        ] {
            let error = check(url).unwrap_err();
            assert!(error.contains(said), "{url}: {error}");
        }
        assert!(super::check(&["http://192.0.2.1:8080".to_owned()], true, "").is_ok());
    }
}
