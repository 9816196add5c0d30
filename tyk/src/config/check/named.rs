//! What a document names outside of itself: files, folders, variables.

use attache_config_reader::Path;

/// Something outside of the document that it names.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    /// Where it is named.
    pub(crate) path: Path,
    /// A file's or folder's path, or a variable's name.
    pub(crate) name: String,
    pub(crate) used: FileUse,
}

/// What something outside of the document is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileUse {
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
