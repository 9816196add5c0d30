//! Asks a gateway for its definitions, by its own API.

#[cfg(not(target_family = "wasm"))]
use crate::redact::redacted;
#[cfg(not(target_family = "wasm"))]
use crate::shown::shown;
#[cfg(not(target_family = "wasm"))]
use attache_tyk_limits::hosts::Hosts;
use std::error::Error;
#[cfg(not(target_family = "wasm"))]
use std::io::Read;
#[cfg(not(target_family = "wasm"))]
use std::time::Duration;

/// The variable that Tyk itself takes its secret from.
#[cfg(not(target_family = "wasm"))]
const SECRET: &str = "TYK_GW_SECRET";

/// The longest answer that is read.
#[cfg(not(target_family = "wasm"))]
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// How long a request may take until the end of its answer.
#[cfg(not(target_family = "wasm"))]
const TIMEOUT: Duration = Duration::from_secs(30);

/// A gateway's own API.
#[cfg(not(target_family = "wasm"))]
pub(crate) struct GatewayApi {
    url: reqwest::Url,
    secret: String,
    timeout: Duration,
    client: reqwest::blocking::Client,
}

#[cfg(not(target_family = "wasm"))]
impl GatewayApi {
    /// Prepares to ask. The secret goes to the gateway itself, whatever proxy the environment
    /// names: it may go in clear. Where `hosts` knows its addresses, it goes to these.
    ///
    /// # Errors
    /// The URL is none, or there is no secret.
    pub(crate) fn new(url: &str, hosts: &Hosts) -> Result<Self, Box<dyn Error>> {
        let url = parse_url(url)?;
        let secret = std::env::var(SECRET).map_err(|_| {
            format!("{SECRET} is not set; it holds the gateway's secret (`secret` of its tyk.conf)")
        })?;
        Self::with(url, hosts, secret, TIMEOUT)
    }

    fn with(
        url: reqwest::Url,
        hosts: &Hosts,
        secret: String,
        timeout: Duration,
    ) -> Result<Self, Box<dyn Error>> {
        // Whoever else has chosen one chose the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = hosts
            .pin(reqwest::blocking::Client::builder())
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { url, secret, timeout, client })
    }

    /// Returns what it answers to a path, with the URL that was asked.
    ///
    /// # Errors
    /// The gateway can't be reached, or does not take the secret. The error names no password.
    pub(crate) fn get(&self, path: &[&str]) -> Result<(String, String), Box<dyn Error>> {
        let asked = self.at(path);
        // Whoever reads what is told of it need not know user and password.
        let url = redacted(asked.as_str());
        self.ask(asked, url)
    }

    /// Returns a key's session, with the URL that was asked, without the key.
    ///
    /// # Errors
    /// As [`Self::get`], or the key would be another path. The error does not name the key.
    pub(crate) fn session(&self, key: &str) -> Result<(String, String), Box<dyn Error>> {
        if matches!(key, "" | "." | "..") {
            return Err("the key is empty or dots: a gateway has none such".into());
        }
        let url = format!("{}/…", redacted(self.at(&["tyk", "keys"]).as_str()));
        self.ask(self.at(&["tyk", "keys", key]), url)
    }

    /// Returns the URL of a path, whose segments are percent-encoded.
    fn at(&self, path: &[&str]) -> reqwest::Url {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    fn ask(&self, asked: reqwest::Url, url: String) -> Result<(String, String), Box<dyn Error>> {
        // The client's own time is for each read; this is for all of them.
        let request = self.client.get(asked).timeout(self.timeout);
        let answer = request.header("x-tyk-authorization", &self.secret).send();
        let answer = answer
            .map_err(|error| format!("can't ask `{url}`: {}", chain(&error.without_url())))?;
        let status = answer.status();
        if status == reqwest::StatusCode::FORBIDDEN {
            return Err(format!("`{url}` does not take the secret in {SECRET}").into());
        }
        if !status.is_success() {
            return Err(format!("`{url}` answered {status}; is it a gateway's own API?").into());
        }
        let mut text = String::new();
        let read = answer.take(MAX_ANSWER_BYTES.saturating_add(1)).read_to_string(&mut text);
        read.map_err(|error| {
            format!("can't read what `{url}` answered: {}", redacted(&chain(&error)))
        })?;
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
pub(super) fn read(url: &str, hosts: &Hosts) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    let api = GatewayApi::new(url, hosts)?;
    [&["tyk", "apis"][..], &["tyk", "apis", "oas"]].iter().map(|path| api.get(path)).collect()
}

/// Reads the URL of a gateway.
///
/// # Errors
/// It is none of HTTP, or has a query or a fragment, which may hold a secret and are not told.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn parse_url(text: &str) -> Result<reqwest::Url, String> {
    let told = text.split(['?', '#']).next().unwrap_or_default();
    let told = shown(&redacted(told));
    let wrong = || format!("--gateway: `{told}` is no URL of a gateway: http://HOST:PORT");
    let url = reqwest::Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!(
            "--gateway: `{told}` is followed by a query or a fragment; leave it out"
        ));
    }
    Ok(url)
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
pub(super) fn read(_: &str, (): &()) -> Result<Vec<(String, String)>, Box<dyn Error>> {
    Err("a gateway can't be asked from here".into())
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    fn api(url: &str) -> Result<GatewayApi, Box<dyn Error>> {
        let hosts = Hosts::default();
        GatewayApi::with(parse_url(url)?, &hosts, "s".to_owned(), Duration::from_millis(200))
    }

    #[test]
    fn a_key_is_one_segment_of_a_path() {
        let api = api("http://127.0.0.1:1/").unwrap();
        assert_eq!(
            api.at(&["tyk", "keys", "a/../b?c#d%"]).path(),
            "/tyk/keys/a%2F..%2Fb%3Fc%23d%25"
        );
        for key in ["", ".", ".."] {
            assert!(api.session(key).unwrap_err().to_string().contains("the key is empty or dots"));
        }
        let error = api.session("k?1").unwrap_err().to_string();
        assert!(
            error.contains("/tyk/keys/…`") && !error.contains("k?1") && !error.contains("k%3F1"),
            "{error}"
        );
    }

    #[test]
    fn a_query_is_not_told() {
        for url in
            ["http://127.0.0.1:1?token=abc", "http://127.0.0.1:1/#token=abc", "token?token=abc"]
        {
            let error = parse_url(url).unwrap_err();
            assert!(!error.contains("abc"), "{error}");
        }
    }

    #[test]
    fn an_answer_without_end_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
            let mut answer =
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n");
            while answer.is_ok() {
                std::thread::sleep(Duration::from_millis(20));
                answer = stream.write_all(b" ");
            }
        });
        let error = api(&url).unwrap().get(&["tyk", "apis"]).unwrap_err().to_string();
        assert!(error.contains("can't read what"), "{error}");
        server.join().unwrap();
    }
}
