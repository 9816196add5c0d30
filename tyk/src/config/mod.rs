//! The configuration: one YAML file, checked whole before anything starts.

mod api;
mod mint;
mod provider;
mod read;
mod serve;

pub use api::{Api, Credential, Mode, TokenPlace, VerifiedJwt};
pub use mint::{ClaimRule, KeyFolder, Mint, RoleMetadata, RoleRules, Source, SubjectRule, Taken};
pub use provider::{ClientAuthentication, Provider, Secret, secret_in};
pub use read::Problem;
pub use serve::{Grpc, GrpcTls, Http, Listen, Log, LogLevel, Upstream};

use crate::{exchange, listen};
use api::Known;
use read::{FileUse, Named, Node, Problems};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::time::Duration;

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

/// Why a configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("can't read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not YAML, or a key is repeated.
    #[error("not valid YAML: {0}")]
    Syntax(String),
    /// Everything that is wrong with the document, in its order.
    #[error("{}", Lines(.0))]
    Invalid(Vec<Problem>),
}

struct Lines<'a>(&'a [Problem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl Config {
    /// Reads and checks a file, and looks at what it names: keys, certificates, secrets.
    ///
    /// # Errors
    /// The file can't be read, is no YAML, or says something wrong; or something that it names is not there or can't be
    /// used.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.display().to_string(), source })?;
        let (config, mut problems, named) = document(&text)?;
        problems.extend(named.iter().filter_map(unusable));
        if let (Some(config), true) = (&config, problems.is_empty()) {
            problems.extend(unfit(config));
        }
        whole(config, problems)
    }

    /// Checks a document.
    ///
    /// # Errors
    /// It is no YAML, or says something wrong.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let (config, problems, _) = document(text)?;
        whole(config, problems)
    }

    /// The issuers whose tokens no client may hand on.
    pub fn guarded_issuers(&self) -> BTreeSet<String> {
        let minted = self.mint.iter().map(|mint| mint.issuer.clone());
        minted.chain(self.providers.iter().map(|provider| provider.issuer.clone())).collect()
    }
}

type Document = (Option<Config>, Vec<Problem>, Vec<Named>);

fn document(text: &str) -> Result<Document, ConfigError> {
    // YAML 1.2: an API may be named `no`.
    let options = serde_saphyr::options! { strict_booleans: true };
    let document: Value = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| ConfigError::Syntax(error.to_string()))?;
    let problems = Problems::default();
    let config = read(&Node::root(&document, &problems));
    let (problems, named) = problems.take();
    Ok((config, problems, named))
}

fn whole(config: Option<Config>, problems: Vec<Problem>) -> Result<Config, ConfigError> {
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => Err(ConfigError::Invalid(problems)),
    }
}

/// What is wrong with something that the document names.
fn unusable(named: &Named) -> Option<Problem> {
    let path = Path::new(&named.name);
    let read = || std::fs::read(path).map_err(|error| format!("can't read `{}`: {error}", named.name));
    let wrong = match named.used {
        FileUse::Keys => crate::keys::check(path).map_err(|error| error.to_string()),
        FileUse::Certificate => read().and_then(|pem| match CertificateDer::pem_slice_iter(&pem).next() {
            Some(Ok(_)) => Ok(()),
            _ => Err(format!("`{}` holds no PEM `CERTIFICATE`", named.name)),
        }),
        FileUse::PrivateKey => read().and_then(|pem| match PrivateKeyDer::from_pem_slice(&pem) {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("`{}` holds no PEM `PRIVATE KEY`", named.name)),
        }),
        FileUse::Secret => read().and_then(|secret| match secret.trim_ascii() {
            [] => Err(format!("`{}` is empty; put the secret into it", named.name)),
            _ => Ok(()),
        }),
        FileUse::Variable => match secret_in(&named.name) {
            Some(_) => Ok(()),
            None => Err(format!("environment variable `{}` is not set, or empty", named.name)),
        },
    };
    wrong.err().map(|message| Problem { at: named.at.clone(), message })
}

/// What can be read and yet can't be used: found as it is at start, by making of it what is used.
fn unfit(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(Err(error)) = config.grpc.tls.as_ref().map(listen::check_tls) {
        problems.push(Problem { at: "grpc.tls".to_owned(), message: error.to_string() });
    }
    for (index, provider) in config.providers.iter().enumerate() {
        if let Err(error) = exchange::check(provider) {
            let at = format!("providers[{index}].caFile");
            problems.push(Problem { at, message: error.to_string() });
        }
    }
    problems
}

fn read(root: &Node<'_>) -> Option<Config> {
    let mut top = root.section()?;
    let grpc = top.need("grpc").and_then(|node| serve::grpc(&node));
    let http = top.or("http", Http::default(), serve::http);
    if let (Some(grpc), Some(http)) = (&grpc, &http)
        && serve::collide(&grpc.listen, http.listen)
    {
        let _: Option<()> =
            top.below("http").below("listen").wrong("has the port of `grpc.listen`; give each its own");
    }
    let log = top.or("log", Log::default(), serve::log);
    let drain = top.or("drain", Duration::from_secs(20), |node| {
        node.duration(Duration::ZERO..=Duration::from_secs(300))
    });
    let upstream = top.or("upstream", Upstream::default(), serve::upstream);
    let strip = top.or("strip", Credential::default(), api::credential);
    let mint = top.maybe("mint", mint::mint);
    let providers = top.or("providers", Vec::new(), provider::providers);
    let known = Known { mint: root.has("mint"), providers: root.texts_at("providers", "name") };
    let apis = top.need("apis").and_then(|node| api::apis(&node, &known));
    top.end();
    Some(Config {
        grpc: grpc?,
        http: http?,
        log: log?,
        drain: drain?,
        upstream: upstream?,
        strip: strip?,
        mint: mint?,
        providers: providers?,
        apis: apis?,
    })
}

#[cfg(test)]
mod tests;
