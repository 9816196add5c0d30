//! What an issuer's entry demands of a token, made ready to be checked.

use super::compact::Header;
use crate::claims::{Claims, CompiledCondition, CompiledMatch, NoRequest};
use crate::surroundings::UnixSeconds;
use crate::{Cause, Detail, Reason};
use attache_plugin_config::{AlgorithmSet, Issuer, Revoked};

/// Everything that one issuer's entry demands of its tokens, but for who presents them.
#[derive(Debug)]
pub struct IssuerRules {
    algorithms: AlgorithmSet,
    /// Seconds.
    clock_skew: u64,
    require_expiration: bool,
    /// Seconds.
    max_lifetime: Option<u64>,
    audiences: Vec<String>,
    /// As [`media_type`] has them.
    token_types: Vec<String>,
    subjects: Vec<CompiledMatch>,
    claims: Vec<CompiledCondition>,
    revoked: Revoked,
}

/// The times that bound a token's life, in seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// `exp`.
    pub expires: Option<u64>,
    /// `nbf`.
    pub not_before: Option<u64>,
}

impl IssuerRules {
    /// Makes an entry ready.
    pub fn compile(issuer: &Issuer) -> Self {
        Self {
            algorithms: issuer.algorithms,
            clock_skew: issuer.clock_skew.as_secs(),
            require_expiration: issuer.require_expiration,
            max_lifetime: issuer.max_lifetime.map(|lifetime| lifetime.as_secs()),
            audiences: issuer.audiences.clone(),
            token_types: issuer.token_types.iter().map(|name| media_type(name)).collect(),
            subjects: issuer.subjects.iter().map(CompiledMatch::compile).collect(),
            claims: issuer.claims.iter().map(CompiledCondition::compile).collect(),
            revoked: issuer.revoked.clone(),
        }
    }

    /// The algorithms that a token's `alg` may name.
    pub fn algorithms(&self) -> AlgorithmSet {
        self.algorithms
    }

    /// Checks what the moment decides; for a token from the cache, too.
    ///
    /// # Errors
    /// [`Reason::TokenExpired`] from `exp` + skew on (RFC 7519 section 4.1.4: `exp` itself is too late),
    /// [`Reason::TokenNotYetValid`] before `nbf` - skew, [`Reason::LifetimeTooLong`] where `exp` lies further ahead
    /// than `maxLifetime`, or is missing though that or `requireExpiration` needs it.
    pub fn check_times(&self, times: &Times, now: UnixSeconds) -> Result<(), Cause> {
        let UnixSeconds(now) = now;
        if times.expires.is_some_and(|expires| now >= expires.saturating_add(self.clock_skew)) {
            return Err(Reason::TokenExpired.into());
        }
        if times.not_before.is_some_and(|start| now.saturating_add(self.clock_skew) < start) {
            return Err(Reason::TokenNotYetValid.into());
        }
        match (times.expires, self.max_lifetime) {
            (Some(expires), Some(longest)) if expires.saturating_sub(now) > longest => {
                Err(Detail::ExpirationTooFar.into())
            }
            (None, Some(_)) => Err(Detail::ExpirationMissing.into()),
            (None, None) if self.require_expiration => Err(Detail::ExpirationMissing.into()),
            _ => Ok(()),
        }
    }

    /// Checks the lists of what is good no more.
    ///
    /// # Errors
    /// The first list that names it.
    pub fn check_revoked(
        &self,
        token_id: Option<&str>,
        subject: Option<&str>,
        key_id: Option<&str>,
    ) -> Result<(), Detail> {
        let Revoked { token_ids, key_ids, subjects } = &self.revoked;
        if token_id.is_some_and(|id| token_ids.contains(id)) {
            Err(Detail::TokenIdRevoked)
        } else if subject.is_some_and(|subject| subjects.contains(subject)) {
            Err(Detail::SubjectRevoked)
        } else if key_id.is_some_and(|id| key_ids.contains(id)) {
            Err(Detail::KeyRevoked)
        } else {
            Ok(())
        }
    }

    /// Checks what header and claims say about themselves.
    pub(super) fn check_content(&self, header: &Header, claims: &Claims) -> Result<(), Cause> {
        let meant_for_us = || claims.audiences().any(|named| self.audiences.iter().any(|ours| ours == named));
        if !self.audiences.is_empty() && !meant_for_us() {
            let missing = claims.audiences().next().is_none();
            return Err(if missing { Detail::AudienceMissing } else { Detail::AudienceOther }.into());
        }
        if !self.accepts_type(header.token_type()) {
            return Err(Detail::TypeNotAccepted.into());
        }
        if !self.accepts_subject(claims.subject()) {
            return Err(Detail::SubjectNotAccepted.into());
        }
        match self.claims.iter().find(|condition| !condition.holds(claims, &NoRequest)) {
            Some(condition) => {
                Err(Cause::from(Detail::ClaimNotAccepted).with_claim(condition.claim().to_string()))
            }
            None => Ok(()),
        }
    }

    fn accepts_type(&self, token_type: Option<&str>) -> bool {
        self.token_types.is_empty()
            || token_type.map(media_type).is_some_and(|token_type| self.token_types.contains(&token_type))
    }

    fn accepts_subject(&self, subject: Option<&str>) -> bool {
        self.subjects.is_empty()
            || subject.is_some_and(|subject| self.subjects.iter().any(|wanted| wanted.matches(subject)))
    }
}

/// A `typ` in lower case and without the `application/` that RFC 7515 section 4.1.9 lets a token leave out.
fn media_type(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix("application/") {
        Some(subtype) if !subtype.contains('/') => subtype.to_owned(),
        _ => name,
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
