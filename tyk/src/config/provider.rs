//! OIDC providers that exchange tokens.

use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// An OIDC provider that exchanges tokens (RFC 8693).
#[derive(Clone, Debug)]
pub struct Provider {
    /// Unique; appears in logs and metrics.
    pub name: String,
    /// What `iss` of its tokens must equal.
    pub issuer: String,
    /// Where tokens are exchanged.
    pub token_endpoint: String,
    /// Who signs the provider's certificate, PEM; absent: the system's authorities.
    pub ca_file: Option<PathBuf>,
    /// The client as which the issuer speaks.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret,
    /// How it shows the secret (RFC 6749 section 2.3.1).
    pub client_authentication: ClientAuthentication,
    /// How long a request may wait for its exchange, or another's of the same token: 100 ms to 60
    /// seconds.
    pub timeout: Duration,
    /// How many exchanges run at once: 1 to 10,000; four times as many wait for a turn, and eight
    /// times as many requests wait in all, within `timeout`.
    pub max_concurrent: usize,
    /// How many tokens are kept for reuse, of 512 bytes without their base64url: 0 to 10 million.
    pub cache_tokens: u64,
}

/// Where a secret lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// In an environment variable, read at start; white space around it does not count.
    Env(String),
    /// In a file, read before each exchange; white space around it does not count.
    File(PathBuf),
}

/// How a client shows its secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClientAuthentication {
    /// In the `Authorization` header.
    #[default]
    Basic,
    /// In the form.
    Post,
}

/// Returns the secret that an environment variable holds, unless there is none but white space.
pub fn secret_in(variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok()?;
    Some(value.trim().to_owned()).filter(|secret| !secret.is_empty())
}
