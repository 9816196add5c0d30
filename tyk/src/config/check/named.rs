//! What a document names outside of itself: files, folders, variables.

use crate::config::{Config, secret_in};
use crate::{exchange, keys, listen};
use attache_config_reader::{Diagnostic, Path, PathRef};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs::read;

/// Something outside of the document that it names.
#[derive(Clone, Debug)]
pub(in crate::config) struct Named {
    /// Where it is named.
    pub(super) path: Path,
    /// A file's or folder's path, or a variable's name.
    pub(super) name: String,
    pub(super) used: FileUse,
}

/// What something outside of the document is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileUse {
    /// A folder with keys.
    Keys,
    /// A PEM file with a certificate.
    Certificate,
    /// A PEM file with a private key.
    PrivateKey,
    /// A file with a secret.
    Secret,
    /// An environment variable with a secret.
    Variable,
}

/// Returns what is wrong with something that the document names.
pub(in crate::config) fn unusable(named: &Named) -> Option<Diagnostic> {
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
    read(file).map_err(|error| format!("can't read `{file}`: {error}"))
}

/// Returns what can be read and yet can't be used: found as it is at start, by making of it what is used.
pub(in crate::config) fn unfit(config: &Config) -> Vec<Diagnostic> {
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
