//! The exchange as HTTP: one form there, one JSON document back (RFC 8693 section 2).

use super::ExchangeRequest;
use crate::config::{ClientAuthentication, Provider, Secret, secret_in};
use crate::listen::choose_cryptography;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::{Serializer, byte_serialize};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Certificate, Client, Response, StatusCode, redirect};
use serde::Deserialize;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 << 10;

/// The provider's token endpoint.
pub(super) struct Wire {
    client: Client,
    endpoint: String,
    client_id: String,
    secret: LoadedSecret,
    authentication: ClientAuthentication,
}

enum LoadedSecret {
    Value(String),
    /// With the one place to read it: a disk that hangs keeps one thread, not one for each request.
    File(PathBuf, Arc<Semaphore>),
}

/// Why a provider can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The environment lacks the secret.
    #[error("provider `{provider}`: environment variable `{variable}` is not set, or empty")]
    SecretMissing {
        /// The provider.
        provider: String,
        /// The variable.
        variable: String,
    },
    /// A file can't be read.
    #[error("provider `{provider}`: can't read `{path}`: {source}")]
    Unreadable {
        /// The provider.
        provider: String,
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The authority's file holds no certificate, or TLS can't be set up.
    #[error("provider `{provider}`: TLS can't be set up: {source}")]
    Tls {
        /// The provider.
        provider: String,
        /// Why.
        source: reqwest::Error,
    },
}

/// Why there is no token.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The caller's token is not good enough.
    Subject { error: String },
    /// The issuer's own request is not, or the provider failed.
    Client { status: u16, error: String },
    /// No answer came.
    Unreachable { error: String },
    /// The answer makes no sense.
    Unreadable { error: String },
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    token_type: String,
}

#[derive(Deserialize)]
struct Denied {
    error: String,
}

impl Wire {
    pub(super) fn new(provider: &Provider) -> Result<Self, SetupError> {
        choose_cryptography();
        let name = || provider.name.clone();
        let unreadable = |path: &PathBuf| {
            let (provider, path) = (name(), path.display().to_string());
            move |source| SetupError::Unreadable { provider, path, source }
        };
        let tls = |source| SetupError::Tls { provider: name(), source };
        let mut builder = Client::builder()
            .timeout(provider.timeout)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("attache-issuer/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = &provider.ca_file {
            let pem = std::fs::read(path).map_err(unreadable(path))?;
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(&pem).map_err(tls)?);
        }
        let secret = match &provider.client_secret {
            Secret::Env(variable) => match secret_in(variable) {
                Some(value) => LoadedSecret::Value(value),
                None => {
                    return Err(SetupError::SecretMissing {
                        provider: name(),
                        variable: variable.clone(),
                    });
                }
            },
            Secret::File(path) => {
                std::fs::metadata(path).map_err(unreadable(path))?;
                LoadedSecret::File(path.clone(), Arc::new(Semaphore::new(1)))
            }
        };
        Ok(Self {
            client: builder.build().map_err(tls)?,
            endpoint: provider.token_endpoint.clone(),
            client_id: provider.client_id.clone(),
            secret,
            authentication: provider.client_authentication,
        })
    }

    /// Returns the provider's token in place of the caller's.
    pub(super) async fn exchange(
        &self,
        subject: &str,
        request: ExchangeRequest<'_>,
    ) -> Result<String, Refusal> {
        let secret = self.secret().await?;
        let mut post = self.client.post(&self.endpoint).header(ACCEPT, "application/json");
        if self.authentication == ClientAuthentication::Basic {
            post = post.header(AUTHORIZATION, self.basic(&secret));
        }
        let form = self.form(subject, request, &secret);
        let post = post.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        let answer = post.send().await.map_err(unreachable)?;
        let status = answer.status();
        let body = read(answer).await?;
        if status != StatusCode::OK {
            return Err(refusal(status, &body));
        }
        // Without the parser's words, which may quote what it read.
        let granted: Granted = serde_json::from_slice(&body)
            .map_err(|_| Refusal::Unreadable { error: "it holds no `access_token`".to_owned() })?;
        if !granted.token_type.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::Unreadable { error: "`token_type` is not Bearer".to_owned() });
        }
        Ok(granted.access_token)
    }

    fn form(&self, subject: &str, request: ExchangeRequest<'_>, secret: &str) -> String {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")
            .append_pair("subject_token", subject)
            .append_pair("subject_token_type", "urn:ietf:params:oauth:token-type:access_token")
            .append_pair("requested_token_type", "urn:ietf:params:oauth:token-type:access_token")
            .extend_pairs(request.audiences.iter().map(|audience| ("audience", audience)));
        if !request.scopes.is_empty() {
            form.append_pair("scope", &request.scopes.join(" "));
        }
        if self.authentication == ClientAuthentication::Post {
            form.append_pair("client_id", &self.client_id).append_pair("client_secret", secret);
        }
        form.finish()
    }

    /// Returns the credentials of `Basic`, each part form-encoded before they are joined (RFC 6749
    /// section 2.3.1).
    fn basic(&self, secret: &str) -> String {
        let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        format!(
            "Basic {}",
            STANDARD.encode(format!("{}:{}", encode(&self.client_id), encode(secret)))
        )
    }

    async fn secret(&self) -> Result<String, Refusal> {
        let (path, reader) = match &self.secret {
            LoadedSecret::Value(value) => return Ok(value.clone()),
            LoadedSecret::File(path, reader) => (path, Arc::clone(reader)),
        };
        let unreadable =
            |error: String| Refusal::Unreadable { error: format!("`{}`: {error}", path.display()) };
        let place = reader.acquire_owned().await.map_err(|error| unreadable(error.to_string()))?;
        let file = path.clone();
        let reading = tokio::task::spawn_blocking(move || {
            // Held to the end of the reading, which goes on where whoever asked is gone.
            let _place = place;
            std::fs::read_to_string(file)
        });
        match reading.await {
            Ok(Ok(text)) => Ok(text.trim().to_owned()),
            Ok(Err(error)) => Err(unreadable(error.to_string())),
            Err(error) => Err(unreadable(error.to_string())),
        }
    }
}

async fn read(mut answer: Response) -> Result<Vec<u8>, Refusal> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        if body.len().saturating_add(chunk.len()) > MAX_ANSWER {
            return Err(Refusal::Unreadable { error: "it is larger than 64 KiB".to_owned() });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Reads why the provider refused. RFC 8693 has `invalid_request` for a subject token that is no
/// good; providers use the others too.
fn refusal(status: StatusCode, body: &[u8]) -> Refusal {
    let denied = serde_json::from_slice::<Denied>(body);
    let error =
        denied.map(|denied| denied.error).ok().filter(|error| is_code(error)).unwrap_or_default();
    match error.as_str() {
        "invalid_request" | "invalid_grant" | "invalid_token" | "access_denied"
            if status.is_client_error() =>
        {
            Refusal::Subject { error }
        }
        _ => Refusal::Client { status: status.as_u16(), error },
    }
}

/// Returns whether it has the form of the codes in use (RFC 6749 section 5.2): a provider may quote
/// the token that it refuses, which must not come into the log.
fn is_code(error: &str) -> bool {
    error.len() <= 64 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Describes an error without the URL, which is the configuration's, and with the cause, which the
/// error hides.
fn unreachable(error: reqwest::Error) -> Refusal {
    use std::error::Error as _;
    let error = error.without_url();
    let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    Refusal::Unreachable { error: format!("{error}{cause}") }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
