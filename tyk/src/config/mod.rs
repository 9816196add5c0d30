//! The configuration: one YAML file, checked whole before anything starts.

mod api;
mod check;
mod document;
mod error;
mod mint;
mod provider;
mod serve;

pub use api::{Api, Credential, Mode, TokenPlace, VerifiedJwt};
pub use error::{ConfigError, Problem};
pub use mint::{ClaimRule, KeyFolder, Mint, RoleMetadata, RoleRules, Source, SubjectRule, Taken};
pub use provider::{ClientAuthentication, Provider, Secret, secret_in};
pub use serve::{Grpc, GrpcTls, Http, Listen, Log, LogLevel, Upstream};

pub(crate) use check::{FileUse, Named};

use attache_config_reader::{Diagnostics, Report, check_length, read_document, read_yaml};
use check::Checker;
use document::Document;
use std::collections::BTreeSet;
use std::time::Duration;

/// The longest file, in bytes.
const MAX_DOCUMENT_BYTES: usize = 4 * 1024 * 1024;

/// Everything that the file says.
#[derive(Clone, Debug)]
pub struct Config {
    /// The side towards the gateway.
    pub grpc: Grpc,
    /// The side towards verifiers, probes and Prometheus.
    pub http: Http,
    /// What is logged.
    pub log: Log,
    /// How long the process goes on when told to end, for clients to find another: 0 to 5 minutes.
    pub drain: Duration,
    /// Where the token goes in the upstream request.
    pub upstream: Upstream,
    /// What is taken from every request, whatever its API.
    pub strip: Credential,
    /// How tokens are made; present where an API mints.
    pub mint: Option<Mint>,
    /// Where tokens are exchanged; names are unique.
    pub providers: Vec<Provider>,
    /// The APIs; ids are unique, `*` stands for all that are not named.
    pub apis: Vec<Api>,
}

impl Config {
    /// Checks a document, without a look at what it names.
    ///
    /// ```
    /// use attache_issuer::config::Config;
    ///
    /// let config = Config::parse(
    ///     "
    ///     grpc: {listen: unix:///run/attache/issuer.sock}
    ///     mint: {issuer: https://tyk.example.com, keys: {folder: /keys}}
    ///     apis: [{id: orders, audiences: [mesh]}]
    ///     ",
    /// );
    /// assert_eq!(config.unwrap().apis[0].id, "orders");
    ///
    /// let refused = Config::parse("grpc: {listen: unix:///s}\napi: []").unwrap_err();
    /// assert_eq!(refused.to_string(), "`apis` is missing\napi: unknown key `api`; did you mean `apis`?");
    /// ```
    ///
    /// # Errors
    /// It is no YAML, or says something wrong.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        match read(text) {
            Ok((config, _)) => Ok(config),
            Err((errors, _)) => Err(errors.into()),
        }
    }

    /// Returns the issuers whose tokens no client may hand on.
    pub fn guarded_issuers(&self) -> BTreeSet<String> {
        let minted = self.mint.iter().map(|mint| mint.issuer.clone());
        minted.chain(self.providers.iter().map(|provider| provider.issuer.clone())).collect()
    }
}

/// Reads a document; whether it is good or not, what it names can be looked at.
pub(crate) fn read(text: &str) -> Result<(Config, Vec<Named>), (Diagnostics, Vec<Named>)> {
    let length = check_length(text.as_bytes(), MAX_DOCUMENT_BYTES, "leave out what no API needs");
    let mut tree = length
        .and_then(|()| read_yaml(text))
        .map_err(|error| (Diagnostics::from(error), Vec::new()))?;
    let mut report = Report::default();
    let document = read_document::<Document>(&mut tree, &[], &mut report);
    let mut checker = Checker::new(report);
    let config = document.and_then(|document| check::check(&document, &mut checker));
    let (report, named) = checker.into_parts();
    match report.finish(config, &tree) {
        Ok((config, _)) => Ok((config, named)),
        Err(errors) => Err((errors, named)),
    }
}

#[cfg(test)]
mod tests;
