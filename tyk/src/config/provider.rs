//! OIDC providers that exchange tokens.

use super::read::{FileUse, Node, all, same_before};
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
    /// How long a request may wait for its exchange, or another's of the same token: 100 ms to 60 seconds.
    pub timeout: Duration,
    /// How many exchanges run at once: 1 to 10,000; four times as many wait for a turn, and eight times as many requests wait in
    /// all, within `timeout`.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// In the `Authorization` header.
    Basic,
    /// In the form.
    Post,
}

pub(super) fn providers(node: &Node<'_>) -> Option<Vec<Provider>> {
    let nodes = node.items()?;
    for (node, name) in same_before(&nodes, "name") {
        let _: Option<()> = node.wrong(format!("another provider has the name `{name}`; give each its own"));
    }
    all(nodes.iter().map(provider))
}

fn provider(node: &Node<'_>) -> Option<Provider> {
    let secs = Duration::from_secs;
    let mut section = node.section()?;
    let name = section.need("name").and_then(|node| node.text());
    let issuer = section.need("issuer").and_then(|node| node.text());
    let plaintext = section.or("allowPlaintext", false, Node::boolean);
    let token_endpoint = section.need("tokenEndpoint").and_then(|node| endpoint(&node, plaintext?));
    let ca_file = section.maybe("caFile", |node| node.file(FileUse::Certificate));
    let client_id = section.need("clientId").and_then(|node| node.text());
    let client_secret = section.need("clientSecret").and_then(|node| secret(&node));
    let client_authentication = section.or("clientAuthentication", ClientAuthentication::Basic, |node| {
        node.word(&[("BASIC", ClientAuthentication::Basic), ("POST", ClientAuthentication::Post)])
    });
    let timeout = section.or("timeout", secs(5), |node| node.duration(Duration::from_millis(100)..=secs(60)));
    let max_concurrent = section
        .or("maxConcurrent", 64, |node| node.integer(1..=10_000))
        .and_then(|number| usize::try_from(number).ok());
    let cache_tokens = section.or("cacheTokens", 100_000, |node| node.integer(0..=10_000_000));
    section.end();
    Some(Provider {
        name: name?,
        issuer: issuer?,
        token_endpoint: token_endpoint?,
        ca_file: ca_file?.map(PathBuf::from),
        client_id: client_id?,
        client_secret: client_secret?,
        client_authentication: client_authentication?,
        timeout: timeout?,
        max_concurrent: max_concurrent?,
        cache_tokens: cache_tokens?,
    })
}

fn endpoint(node: &Node<'_>, plaintext: bool) -> Option<String> {
    let text = node.text()?;
    match reqwest::Url::parse(&text) {
        Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && plaintext) => Some(text),
        Ok(url) if url.scheme() == "http" => node.wrong(
            "a secret and tokens would travel in the clear; use `https://`, or `allowPlaintext: true` where the mesh encrypts",
        ),
        _ => node.wrong(format!("`{text}` is no URL; use `https://HOST/PATH`")),
    }
}

fn secret(node: &Node<'_>) -> Option<Secret> {
    let mut section = node.section()?;
    let env = section.maybe("env", |node| node.file(FileUse::Variable));
    let file = section.maybe("file", |node| node.file(FileUse::Secret));
    let secret = match (env?, file?) {
        (Some(env), None) => Some(Secret::Env(env)),
        (None, Some(file)) => Some(Secret::File(file.into())),
        _ => section.wrong("give either `env` or `file`"),
    };
    section.end();
    secret
}

/// The secret that an environment variable holds, unless there is none but white space.
pub fn secret_in(variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok()?;
    Some(value.trim().to_owned()).filter(|secret| !secret.is_empty())
}
