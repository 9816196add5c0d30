//! A question to a provider, and what happens to it.

use crate::words::words;
use attache_plugin_config::HttpUrl;
use std::time::Duration;

/// A question to a provider, to be sent as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// The Envoy cluster to send it to.
    pub cluster: String,
    /// The headers, pseudo-headers first.
    pub headers: Vec<(&'static str, String)>,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl Fetch {
    /// Returns a GET, for what has changed since `etag` only where there is one.
    pub(super) fn new(
        url: &HttpUrl,
        cluster: String,
        etag: Option<&str>,
        timeout: Duration,
    ) -> Self {
        let scheme = if url.is_tls() { "https" } else { "http" };
        let mut headers = vec![
            (":method", "GET".to_owned()),
            (":scheme", scheme.to_owned()),
            (":authority", url.authority()),
            (":path", url.path().to_owned()),
            ("accept", "application/json".to_owned()),
            ("accept-encoding", "identity".to_owned()),
            ("user-agent", concat!("attache/", env!("CARGO_PKG_VERSION")).to_owned()),
        ];
        if let Some(etag) = etag {
            headers.push(("if-none-match", etag.to_owned()));
        }
        Self { cluster, headers, timeout }
    }
}

words! {
    /// What an attempt to get keys came to: the last part of a counter's name.
    pub enum FetchOutcome {
        /// A set that differs from the one that held.
        Updated = "updated";
        /// The set that holds, once more.
        Unchanged = "unchanged";
        /// 304: the set that holds is still the provider's.
        NotModified = "not_modified";
        /// Envoy could not send the question: there is no such cluster.
        NotSent = "not_sent";
        /// The answer did not come, or broke off.
        NoAnswer = "no_answer";
        /// Any status but 200 and 304. Envoy's own 503 and 504, for a provider that is down or slow,
        /// are among them.
        BadStatus = "bad_status";
        /// A redirect; none is followed.
        Redirect = "redirect";
        /// More than 256 KiB.
        TooLarge = "too_large";
        /// A `content-encoding`, though none was asked for.
        Encoded = "encoded";
        /// Not JSON: HTML, say, or a body that was cut.
        NotJson = "not_json";
        /// A discovery document that is not this issuer's, or leads nowhere that it may.
        BadDiscovery = "bad_discovery";
        /// JSON, but no key set that may be used.
        BadKeys = "bad_keys";
        /// A good answer, but another worker has taken over meanwhile.
        Late = "late";
    }
}

impl FetchOutcome {
    /// Returns whether the provider has spoken for a key set.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Updated | Self::Unchanged | Self::NotModified)
    }
}
