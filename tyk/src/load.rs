//! A configuration with what it names outside of itself: files, folders, variables.

use crate::config::{Config, ConfigError, FileUse, Named, read, secret_in};
use crate::{exchange, keys, listen};
use attache_config_reader::{Diagnostic, Diagnostics, Path, PathRef};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs;

impl Config {
    /// Reads and checks a file of YAML, 4 MiB at most, and looks at what it names: keys,
    /// certificates, secrets.
    ///
    /// # Errors
    /// The file can't be read, is no YAML, or says something wrong; or something that it names is
    /// not there or can't be used. Each error says where in the file.
    pub fn load(path: &std::path::Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: file.clone(), source })?;
        usable(&text).map_err(|errors| ConfigError::of_file(&errors, &text, file))
    }
}

/// Reads a document and looks at what it names.
fn usable(text: &str) -> Result<Config, Diagnostics> {
    match read(text) {
        Ok((config, named)) => {
            Diagnostics::check(named.iter().filter_map(unusable).collect())?;
            Diagnostics::check(unfit(&config))?;
            Ok(config)
        }
        Err((errors, named)) => Err(errors.and(named.iter().filter_map(unusable))),
    }
}

/// Returns what is wrong with something that the document names.
fn unusable(named: &Named) -> Option<Diagnostic> {
    let message = match named.used {
        FileUse::Keys => keys::check(named.name.as_ref()).map_err(|error| error.to_string()),
        FileUse::Certificate => {
            content(&named.name).and_then(|pem| match CertificateDer::pem_slice_iter(&pem).next() {
                Some(Ok(_)) => Ok(()),
                _ => Err(format!("`{}` holds no PEM `CERTIFICATE`", named.name)),
            })
        }
        FileUse::PrivateKey => content(&named.name).and_then(|pem| {
            PrivateKeyDer::from_pem_slice(&pem)
                .map(|_| ())
                .map_err(|_| format!("`{}` holds no PEM `PRIVATE KEY`", named.name))
        }),
        FileUse::Secret => content(&named.name).and_then(|secret| match secret.trim_ascii() {
            [] => Err(format!("`{}` is empty; put the secret into it", named.name)),
            _ => Ok(()),
        }),
        FileUse::Variable => match secret_in(&named.name) {
            Some(_) => Ok(()),
            None => Err(format!("environment variable `{}` is not set, or empty", named.name)),
        },
    };
    message.err().map(|message| Diagnostic::error(named.path.clone(), message))
}

fn content(file: &str) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("can't read `{file}`: {error}"))
}

/// Returns what can be read and yet can't be used: found as it is at start, by making of it what is
/// used.
fn unfit(config: &Config) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    if let Some(Err(error)) = config.grpc.tls.as_ref().map(listen::check_tls) {
        errors.push(PathRef::Root.key("grpc").key("tls").error(error.to_string()));
    }
    for (index, provider) in config.providers.iter().enumerate() {
        if let Err(error) = exchange::check(provider) {
            let path = Path::default().key("providers").index(index).key("caFile");
            errors.push(Diagnostic::error(path, error.to_string()));
        }
    }
    errors
}
