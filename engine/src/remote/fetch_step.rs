//! The steps of an attempt to get keys, and what an answer to each says.

use super::fetch::FetchOutcome;
use super::prepare::{Prepared, prepare};
use super::response::{Content, FetchError, Response, read_discovery};
use super::shared_set::SharedSet;
use attache_plugin_config::{HttpUrl, RemoteKeys};
use std::time::Duration;

/// What was asked of a provider.
#[derive(Debug)]
pub(super) enum FetchStep {
    Discovery(HttpUrl),
    Keys {
        url: HttpUrl,
        /// The set whose `etag` was sent.
        known: Option<SharedSet>,
    },
}

/// What an answer says.
pub(super) enum Read {
    /// The keys are at this URL, to which this cluster leads.
    KeysAreAt(HttpUrl, String),
    Keys(Fetched),
}

/// A key set that the provider has just spoken for.
pub(super) struct Fetched {
    pub(super) prepared: Prepared,
    pub(super) set: SharedSet,
    pub(super) max_age: Option<Duration>,
    pub(super) not_modified: bool,
}

impl FetchStep {
    /// Reads the answer to this step, for an issuer whose keys come from this source.
    ///
    /// # Errors
    /// The answer is of no use.
    #[inline(never)]
    pub(super) fn read(
        self,
        response: &Response,
        issuer: &str,
        source: &RemoteKeys,
    ) -> Result<Read, FetchError> {
        match (self, response.content()?) {
            (Self::Discovery(found_at), Content::New(body)) => {
                let url = read_discovery(body, issuer, &found_at, &source.jwks_hosts)?;
                let cluster = source.cluster.clone().unwrap_or_else(|| url.cluster());
                Ok(Read::KeysAreAt(url, cluster))
            }
            (Self::Keys { url, .. }, Content::New(body)) => Ok(Read::Keys(Fetched {
                prepared: prepare(body)?,
                set: SharedSet {
                    sequence: 0,
                    etag: response.etag().map(str::to_owned),
                    url: url.as_str().to_owned(),
                    body: body.to_vec(),
                },
                max_age: response.max_age(),
                not_modified: false,
            })),
            (Self::Keys { known: Some(set), .. }, Content::NotModified) => {
                Ok(Read::Keys(Fetched {
                    prepared: prepare(&set.body)?,
                    set,
                    max_age: response.max_age(),
                    not_modified: true,
                }))
            }
            (_, Content::NotModified) => Err(FetchError::new(
                FetchOutcome::BadStatus,
                "status 304, though nothing was asked about",
            )),
        }
    }
}
