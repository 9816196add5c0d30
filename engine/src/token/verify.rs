//! The verdict on a token.

use super::{Backend, IssuerKeys, IssuerRules, Jws, Refusal};
use crate::Cause;
use crate::claims::{Claims, Times};
use crate::host::{HostCrypto, UnixSeconds};

/// A token that is good: what it says may be believed for as long as its [`Times`] allow.
#[derive(Debug)]
pub struct Verified {
    /// The claims.
    pub claims: Claims,
    /// The [fingerprint](super::PublicKey::fingerprint) of the key that verified.
    pub key_fingerprint: u64,
    /// The `kid` of the key that verified; where it has none, what the token says.
    pub key_id: Option<String>,
    /// When it is good.
    pub times: Times,
    /// What verified the signature.
    pub backend: Backend,
}

/// Why a token is not good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The first check that failed.
    pub cause: Cause,
    /// What judged the signature, where it came to that.
    pub backend: Option<Backend>,
}

impl From<Refusal> for Failure {
    fn from(Refusal { cause, backend }: Refusal) -> Self {
        Self { cause, backend }
    }
}

/// Checks a token against its issuer's keys and entry, all but who presents it.
///
/// `known_signer` is the key that is known to have made this token's signature, where one is
/// ([`IssuerKeys::verify`]). That `iss` is the issuer's is the caller's to see, who chose the entry
/// by it.
///
/// # Errors
/// The first check that fails, in this order: algorithm, key, signature, `exp`, `nbf`, lifetime,
/// `iat`, audience, then `typ`, `sub` and claims, then revocation. So a token that nobody signed
/// tells nothing of what its claims should be.
#[inline(never)]
pub fn verify(
    jws: Jws<'_>,
    issuer: &IssuerRules,
    keys: &IssuerKeys,
    crypto: &dyn HostCrypto,
    known_signer: Option<u64>,
    now: UnixSeconds,
) -> Result<Verified, Failure> {
    let signer = keys.verify(jws.compact(), issuer.allowed(), crypto, known_signer)?;
    // A key without `kid` verifies a token whatever `kid` that names, and must not bring back one
    // that was revoked.
    let key_id = signer.key_id.or(jws.key_id()).map(str::to_owned);
    let times = check(&jws, issuer, key_id.as_deref(), now)
        .map_err(|cause| Failure { cause, backend: Some(signer.backend) })?;
    Ok(Verified {
        claims: jws.into_claims(),
        key_fingerprint: signer.fingerprint,
        key_id,
        times,
        backend: signer.backend,
    })
}

/// Returns all that is asked of a token that a key has signed; the times between which it is good.
fn check(
    jws: &Jws<'_>,
    issuer: &IssuerRules,
    key_id: Option<&str>,
    now: UnixSeconds,
) -> Result<Times, Cause> {
    let (claims, named) = (jws.claims(), jws.claims().times());
    issuer.check_times(&named, now)?;
    let times = issuer.bounds(named, now)?;
    issuer.check_content(jws.compact().header(), claims)?;
    issuer.check_revoked(claims.token_id(), claims.subject(), key_id)?;
    Ok(times)
}

#[cfg(test)]
mod tests;
