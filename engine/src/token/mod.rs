//! Tokens: JWS in compact form (RFC 7515), read strictly, verified with the keys of one issuer, and
//! held against that issuer's entry (RFC 7519, RFC 8725).
//!
//! [`Jws::parse`] reads, [`verify`] decides. Nothing of a token is believed, and nothing it embeds
//! or points to (`jwk`, `jku`, `x5c`, `x5u`) is looked at, before the signature has been verified
//! with a configured key. The only exception is `iss`, which chooses the issuer whose keys are
//! tried.

mod base64url;
mod compact;
mod der;
mod fingerprint;
mod json;
mod keys;
mod public_key;
mod rules;
mod secret;
mod signer;
#[cfg(test)]
pub(crate) mod testing;
mod verify;

pub use compact::{Compact, Header, Jws, LastHeader, without_padding};
pub use keys::IssuerKeys;
pub use public_key::{Outcome, PublicKey};
pub use rules::{Allowed, IssuerRules};
pub use secret::Secret;
pub use signer::{Refusal, Signer};
pub use verify::{Failure, Verified, verify};

/// What did the arithmetic of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Backend {
    /// The host's cryptography.
    Host,
    /// The engine's own, in pure Rust.
    Software,
    /// None: another worker has verified this very token with a key that is still here.
    Shared,
}
