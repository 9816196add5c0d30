//! Asks a gateway for its definitions, by its own API.

#[cfg(not(target_family = "wasm"))]
use crate::redact::redacted;
use std::error::Error;
#[cfg(not(target_family = "wasm"))]
use std::io::Read;

/// The variable that Tyk itself takes its secret from.
#[cfg(not(target_family = "wasm"))]
const SECRET: &str = "TYK_GW_SECRET";

/// The longest answer that is read.
#[cfg(not(target_family = "wasm"))]
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// A gateway's own API.
#[cfg(not(target_family = "wasm"))]
pub(crate) struct GatewayApi {
    url: String,
    secret: String,
    client: reqwest::blocking::Client,
}

#[cfg(not(target_family = "wasm"))]
impl GatewayApi {
    /// Prepares to ask.
    ///
    /// # Errors
    /// There is no secret.
    pub(crate) fn new(url: &str) -> Result<Self, Box<dyn Error>> {
        let secret = std::env::var(SECRET).map_err(|_| {
            format!("{SECRET} is not set; it holds the gateway's secret (`secret` of its tyk.conf)")
        })?;
        // Whoever else has chosen one chose the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client =
            reqwest::blocking::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), secret, client })
    }

    /// Returns what it answers to a path, with the URL that was asked.
    ///
    /// # Errors
    /// The gateway can't be reached, or does not take the secret. The error names neither `hidden`, a part of the path, nor
    /// a password.
    pub(crate) fn get(&self, path: &str, hidden: &str) -> Result<(String, String), Box<dyn Error>> {
        let asked = format!("{}{path}", self.url);
        // Whoever reads what is told of it need not know user and password.
        let url = redacted(&if hidden.is_empty() { asked.clone() } else { asked.replace(hidden, "…") });
        let answer = self.client.get(&asked).header("x-tyk-authorization", &self.secret).send();
        let answer = answer.map_err(|error| format!("can't ask `{url}`: {}", chain(&error.without_url())))?;
        let status = answer.status();
        if status == reqwest::StatusCode::FORBIDDEN {
            return Err(format!("`{url}` does not take the secret in {SECRET}").into());
        }
        if !status.is_success() {
            return Err(format!("`{url}` answered {status}; is it a gateway's own API?").into());
        }
        let mut text = String::new();
        let read = answer.take(MAX_ANSWER_BYTES.saturating_add(1)).read_to_string(&mut text);
        read.map_err(|error| format!("can't read what `{url}` answered: {}", redacted(&chain(&error))))?;
        if u64::try_from(text.len()).is_ok_and(|length| length > MAX_ANSWER_BYTES) {
            return Err(format!("`{url}` answered with more than {MAX_ANSWER_BYTES} bytes").into());
        }
        Ok((url, text))
    }
}

/// Returns what a gateway has, classic and OAS, each with where it comes from.
///
/// # Errors
/// As [`GatewayApi`].
#[cfg(not(target_family = "wasm"))]
pub(super) fn read(url: &str) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let api = GatewayApi::new(url)?;
    ["/tyk/apis", "/tyk/apis/oas"].iter().map(|path| api.get(path, "")).collect()
}

/// Returns an error with what caused it.
#[cfg(not(target_family = "wasm"))]
fn chain(error: &dyn Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told.push_str(&format!(": {error}"));
        cause = error.source();
    }
    told
}

/// Says that there is no network.
#[cfg(target_family = "wasm")]
pub(super) fn read(_: &str) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    Err("a gateway can't be asked from here".into())
}
