//! Keys that a provider serves.

use super::Checker;
use crate::document::{Document, IssuerDocument, RefreshDocument};
use crate::{HttpUrl, KeyLocation, Refresh, RemoteKeys};
use attache_config_reader::{DurationDocument, PathRef, Reported, quote};
use std::time::Duration;

/// The most hosts that an issuer's discovery document may choose from.
const MAX_HOSTS: usize = 16;

/// Returns whether some issuer's keys come from a provider, or may: one that could not be read
/// counts.
pub(super) fn is_anywhere(document: &Document) -> bool {
    let Ok(issuers) = document.issuers.get() else { return true };
    issuers.iter().count() < issuers.len() || issuers.iter().any(|(_, issuer)| is_remote(issuer))
}

/// Returns whether an issuer's keys come from a provider.
fn is_remote(document: &IssuerDocument) -> bool {
    document.jwks_uri.is_some() || document.discovery == Some(true)
}

/// Notes an error where what only keys from a provider need stands beside others.
pub(super) fn check_needless(document: &IssuerDocument, at: &PathRef<'_>, checker: &mut Checker) {
    if is_remote(document) {
        return;
    }
    for (key, given) in [
        ("discoveryUri", document.discovery_uri.is_some()),
        ("cluster", document.cluster.is_some()),
        ("jwksHosts", document.jwks_hosts.is_some()),
        ("refresh", document.refresh.is_some()),
        ("onKeysUnavailable", document.on_keys_unavailable.is_some()),
    ] {
        if given {
            let message =
                "is only for keys from a provider; leave it out, or give `jwksUri` or `discovery`";
            checker.error(&at.key(key), message);
        }
    }
}

/// Reads where the keys are of an issuer that has `jwksUri` or `discovery`.
#[inline(never)]
pub(super) fn remote_keys(
    document: &IssuerDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<RemoteKeys, Reported> {
    let location = match &document.jwks_uri {
        Some(url) => {
            if document.discovery_uri.is_some() {
                checker
                    .error(&at.key("discoveryUri"), "is only for `discovery: true`; leave it out");
            }
            checker.ok_or_report(&at.key("jwksUri"), url_of(url)).map(KeyLocation::JwksUri)
        }
        None => discovery(document, at, checker).map(KeyLocation::Discovery),
    };
    let cluster = document
        .cluster
        .as_ref()
        .map(|name| checker.ok_or_report(&at.key("cluster"), cluster(name)))
        .transpose();
    let jwks_hosts = jwks_hosts(document, &at.key("jwksHosts"), checker);
    let refresh = refresh(document.refresh.as_ref(), &at.key("refresh"), checker);
    Ok(RemoteKeys {
        location: location?,
        cluster: cluster?,
        jwks_hosts,
        refresh,
        on_keys_unavailable: document.on_keys_unavailable.unwrap_or_default(),
    })
}

fn discovery(
    document: &IssuerDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<HttpUrl, Reported> {
    let place = at.key("discovery");
    let Some(issuer) = &document.issuer.get()?.0 else {
        let message = "a provider whose tokens have no `iss` has no name to be found by; give `jwksUri` instead";
        return Err(checker.error(&place, message));
    };
    if let Some(url) = &document.discovery_uri {
        let url = HttpUrl::parse(url).map_err(|why| format!("{} is no URL: {why}", quote(url)));
        return checker.ok_or_report(&at.key("discoveryUri"), url);
    }
    if issuer.contains('{') {
        let message = "an issuer with a segment in braces has its discovery document elsewhere; give `discoveryUri`";
        return Err(checker.error(&place, message));
    }
    if issuer.contains(['?', '#']) {
        let message = "an issuer with a query or a fragment has no discovery document; give `jwksUri` instead";
        return Err(checker.error(&place, message));
    }
    let url = HttpUrl::parse(&format!(
        "{}/.well-known/openid-configuration",
        issuer.trim_end_matches('/')
    ));
    let url = url.map_err(|_| {
        format!(
            "{} is no URL to look for a discovery document at; give `jwksUri` instead",
            quote(issuer)
        )
    });
    checker.ok_or_report(&place, url)
}

/// Reads the hosts that a discovery document may name.
fn jwks_hosts(document: &IssuerDocument, at: &PathRef<'_>, checker: &mut Checker) -> Vec<String> {
    let Some(list) = &document.jwks_hosts else { return Vec::new() };
    if document.discovery != Some(true) {
        checker.error(at, "is only for `discovery`; `jwksUri` names its host itself");
    } else if document.cluster.is_some() {
        let message = "`cluster` leads to the issuer's host alone; leave it out, so that each host has its own cluster, \
                       or give `jwksUri` instead of `discovery`";
        checker.error(at, message);
    }
    if list.len() > MAX_HOSTS {
        checker.error(at, format!("an issuer's keys are on {MAX_HOSTS} hosts at most"));
    }
    checker.strings(Some(list), at, host)
}

/// Reads a host, with its port where that is not the scheme's own.
fn host(text: &str) -> Result<String, String> {
    let url =
        HttpUrl::parse(&format!("https://{text}")).ok().filter(|_| !text.contains(['/', '?']));
    url.map(|url| url.authority()).ok_or_else(|| {
        format!("{} is no host; write `keys.example.com` or `keys.example.com:8443`", quote(text))
    })
}

fn url_of(text: &str) -> Result<HttpUrl, String> {
    HttpUrl::parse(text)
        .map_err(|message| format!("{} is no URL of a key set: {message}", quote(text)))
}

fn cluster(name: &str) -> Result<String, &'static str> {
    if (1..=1024).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(name.to_owned())
    } else {
        Err("an Envoy cluster's name has 1 to 1024 visible ASCII characters")
    }
}

fn refresh(document: Option<&RefreshDocument>, at: &PathRef<'_>, checker: &mut Checker) -> Refresh {
    let default = Refresh::default();
    let Some(document) = document else { return default };
    let mut read = |key,
                    given: Option<DurationDocument>,
                    default: Duration,
                    least: Duration,
                    most: Duration| {
        let Some(DurationDocument(duration)) = given else { return default.clamp(least, most) };
        if duration < least || duration > most {
            let message = format!("use {} to {}", text(least), text(most));
            checker.error(&at.key(key), message);
        }
        duration
    };
    let (tenth, second) = (Duration::from_millis(100), Duration::from_secs(1));
    let day = second.saturating_mul(24 * 60 * 60);
    let interval = read("interval", document.interval, default.interval, second, day).max(second);
    Refresh {
        interval,
        timeout: read(
            "timeout",
            document.timeout,
            default.timeout,
            tenth,
            second.saturating_mul(60),
        ),
        retry_after: read("retryAfter", document.retry_after, default.retry_after, tenth, interval),
        min_interval: read(
            "minInterval",
            document.min_interval,
            default.min_interval,
            second,
            interval,
        ),
        keep_for: read(
            "keepFor",
            document.keep_for,
            default.keep_for,
            interval,
            day.saturating_mul(30).max(interval),
        ),
    }
}

/// Writes a duration as a document does.
fn text(duration: Duration) -> String {
    let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
    match (seconds, millis) {
        (0, _) => format!("`{millis}ms`"),
        (_, 0) if seconds % 3600 == 0 => format!("`{}h`", seconds / 3600),
        (_, 0) if seconds % 60 == 0 => format!("`{}m`", seconds / 60),
        (_, 0) => format!("`{seconds}s`"),
        _ => format!("`{seconds}s{millis}ms`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_as_it_is_read() {
        let millis = |millis| text(Duration::from_millis(millis));
        assert_eq!(
            [100, 1_000, 1_500, 60_000, 90_000, 3_600_000].map(millis),
            ["`100ms`", "`1s`", "`1s500ms`", "`1m`", "`90s`", "`1h`"]
        );
    }
}
