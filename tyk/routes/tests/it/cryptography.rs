//! The cryptography of clients.

/// Chooses it for the whole process. No client here speaks TLS, but none can be made without where
/// another crate of the workspace has it.
pub(crate) fn choose_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
