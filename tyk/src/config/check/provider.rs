//! OIDC providers that exchange tokens.

use super::named::FileUse;
use super::{Checker, all};
use crate::config::document::{ProviderDocument, SecretDocument};
use crate::config::{Provider, Secret};
use attache_config_reader::{List, PathRef, Reported, quote};
use std::path::PathBuf;
use std::time::Duration;

pub(super) fn providers(
    list: Option<&List<ProviderDocument>>,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Vec<Provider>, Reported> {
    let Some(list) = list else { return Ok(Vec::new()) };
    let names = list
        .iter()
        .filter_map(|(index, provider)| Some((index, provider.name.get().ok()?.as_str())));
    checker.unique(names, at, "name", |name| {
        format!("another provider has the name {name}; give each its own")
    });
    all(list.iter().map(|(index, document)| provider(document, &at.index(index), checker)))
}

fn provider(
    document: &ProviderDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Provider, Reported> {
    let name = document.name.get().and_then(|text| checker.text(text, &at.key("name")));
    let issuer = document.issuer.get().and_then(|text| checker.text(text, &at.key("issuer")));
    let token_endpoint = document.token_endpoint.get().and_then(|text| {
        let may_be_plain = document.allow_plaintext.unwrap_or(false);
        endpoint(text, may_be_plain, &at.key("tokenEndpoint"), checker)
    });
    let ca_file = document.ca_file.as_ref();
    let ca_file =
        ca_file.map(|name| checker.file(name, FileUse::Certificate, &at.key("caFile"))).transpose();
    let client_id =
        document.client_id.get().and_then(|text| checker.text(text, &at.key("clientId")));
    let client_secret = document.client_secret.get();
    let client_secret = client_secret.and_then(|one| secret(one, &at.key("clientSecret"), checker));
    let timeout = Duration::from_millis(100)..=Duration::from_secs(60);
    let timeout =
        checker.duration(document.timeout, Duration::from_secs(5), timeout, &at.key("timeout"));
    let max_concurrent =
        checker.number(document.max_concurrent, 64, 1..=10_000, &at.key("maxConcurrent"));
    let cache_tokens =
        checker.number(document.cache_tokens, 100_000, 0..=10_000_000, &at.key("cacheTokens"));
    Ok(Provider {
        name: name?,
        issuer: issuer?,
        token_endpoint: token_endpoint?,
        ca_file: ca_file?.map(PathBuf::from),
        client_id: client_id?,
        client_secret: client_secret?,
        client_authentication: document.client_authentication.unwrap_or_default(),
        timeout: timeout?,
        max_concurrent: usize::try_from(max_concurrent?).unwrap_or(usize::MAX),
        cache_tokens: cache_tokens?,
    })
}

fn endpoint(
    text: &str,
    may_be_plain: bool,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<String, Reported> {
    let text = checker.text(text, at)?;
    match reqwest::Url::parse(&text) {
        Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && may_be_plain) => Ok(text),
        Ok(url) if url.scheme() == "http" => {
            let message = "a secret and tokens would travel in the clear; use `https://`, or `allowPlaintext: true` where \
                           the mesh encrypts";
            Err(checker.error(at, message))
        }
        _ => Err(checker.error(at, format!("{} is no URL; use `https://HOST/PATH`", quote(&text)))),
    }
}

fn secret(
    document: &SecretDocument,
    at: &PathRef<'_>,
    checker: &mut Checker,
) -> Result<Secret, Reported> {
    match (&document.env, &document.file) {
        (Some(env), None) => checker.file(env, FileUse::Variable, &at.key("env")).map(Secret::Env),
        (None, Some(file)) => checker
            .file(file, FileUse::Secret, &at.key("file"))
            .map(|file| Secret::File(file.into())),
        _ => Err(checker.error(at, "give either `env` or `file`")),
    }
}
