//! What an issuer's entry demands of a token, made ready to be checked.

use super::compact::Header;
use crate::claims::{Claims, CompiledCondition, NoRequest, Times};
use crate::host::UnixSeconds;
use crate::{Cause, Detail, Reason};
use attache_plugin_config::{
    AlgorithmSet, ClaimPath, Issuer, IssuerId, IssuerPattern, Revoked, StringMatch,
};
use serde_json::Value;

/// Everything that one issuer's entry demands of its tokens, but for who presents them.
#[derive(Debug)]
pub struct IssuerRules {
    allowed: Allowed,
    /// Seconds.
    clock_skew: u64,
    require_expiration: bool,
    /// Seconds.
    max_lifetime: Option<u64>,
    requires_issued_at: bool,
    /// Seconds.
    max_age: Option<u64>,
    audiences: Vec<String>,
    /// As [`media_type`] has them.
    token_types: Vec<String>,
    subjects: Vec<StringMatch>,
    claims: Vec<CompiledCondition>,
    /// Where `iss` may vary.
    pattern: Option<IssuerPattern>,
    revoked: Revoked,
}

/// The algorithms that an issuer's tokens may be signed with.
#[derive(Clone, Copy, Debug)]
pub struct Allowed {
    /// What a token's `alg` may name.
    pub algorithms: AlgorithmSet,
    /// Whether the issuer's entry names them. Else a key without `alg` serves for
    /// [`AlgorithmSet::unnamed`] alone.
    pub are_named: bool,
}

impl IssuerRules {
    /// Makes an entry ready.
    #[inline(never)]
    pub fn compile(issuer: &Issuer) -> Self {
        // Without `..`: a field that nobody asks of a token would let more of them in. Those with
        // `_` are where a token is found and verified, and what becomes of it.
        let Issuer {
            name: _,
            issuer: id,
            audiences,
            algorithms,
            names_algorithms,
            keys: _,
            locations: _,
            forward_original_token: _,
            padding: _,
            clock_skew,
            require_expiration,
            max_lifetime,
            require_issued_at,
            max_age,
            token_types,
            subjects,
            subject_prefix: _,
            claims,
            role_claims: _,
            presenters: _,
            revoked,
            output_payload_to_header: _,
            output_claim_to_headers: _,
        } = issuer;
        Self {
            allowed: Allowed { algorithms: *algorithms, are_named: *names_algorithms },
            clock_skew: clock_skew.as_secs(),
            require_expiration: *require_expiration,
            max_lifetime: max_lifetime.map(|lifetime| lifetime.as_secs()),
            requires_issued_at: *require_issued_at,
            max_age: max_age.map(|age| age.as_secs()),
            audiences: audiences.clone(),
            token_types: token_types.iter().map(|name| media_type(name)).collect(),
            subjects: subjects.clone(),
            claims: claims.iter().map(CompiledCondition::compile).collect(),
            pattern: match id {
                IssuerId::Pattern(pattern) => Some(pattern.clone()),
                IssuerId::Exact(_) | IssuerId::Absent => None,
            },
            revoked: revoked.clone(),
        }
    }

    /// Returns the algorithms that a token's `alg` may name.
    pub fn allowed(&self) -> Allowed {
        self.allowed
    }

    /// Returns the times between which a token is good: those it names, drawn closer by what the
    /// entry asks of `iat`, so that a token from the cache needs no look at that.
    ///
    /// # Errors
    /// [`Reason::LifetimeTooLong`] where `iat` is asked for and missing,
    /// [`Reason::TokenNotYetValid`] where it lies in the future by more than the skew,
    /// [`Reason::TokenExpired`] from `iat` + `maxAge` + skew on.
    pub(super) fn bounds(&self, times: Times, now: UnixSeconds) -> Result<Times, Cause> {
        if !self.requires_issued_at {
            return Ok(times);
        }
        let issued_at = times.issued_at.ok_or(Detail::IssuedAtMissing)?;
        let too_old = self.max_age.map(|age| issued_at.saturating_add(age));
        let UnixSeconds(now) = now;
        if now.saturating_add(self.clock_skew) < issued_at {
            return Err(Cause::from(Detail::IssuedInFuture).with_claim("iat"));
        }
        if too_old.is_some_and(|end| now >= end.saturating_add(self.clock_skew)) {
            return Err(Detail::IssuedTooLongAgo.into());
        }
        let expires = times.expires.into_iter().chain(too_old).min();
        Ok(Times { expires, not_before: times.not_before.max(Some(issued_at)), ..times })
    }

    /// Checks what the moment decides; for a token from the cache, too.
    ///
    /// # Errors
    /// [`Reason::TokenExpired`] from `exp` + skew on (RFC 7519 section 4.1.4: `exp` itself is too
    /// late), [`Reason::TokenNotYetValid`] before `nbf` - skew, [`Reason::LifetimeTooLong`] where
    /// `exp` lies further ahead than `maxLifetime`, or is missing though that or
    /// `requireExpiration` needs it.
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
    #[inline(never)]
    pub(super) fn check_content(&self, header: &Header, claims: &Claims) -> Result<(), Cause> {
        let meant_for_us =
            || claims.audiences().any(|named| self.audiences.iter().any(|ours| ours == named));
        if !self.audiences.is_empty() && !meant_for_us() {
            let missing = claims.audiences().next().is_none();
            return Err(
                if missing { Detail::AudienceMissing } else { Detail::AudienceOther }.into()
            );
        }
        if !self.accepts_type(header.token_type()) {
            return Err(Detail::TypeNotAccepted.into());
        }
        if !self.accepts_subject(claims.subject()) {
            return Err(Detail::SubjectNotAccepted.into());
        }
        let segment =
            self.pattern.as_ref().and_then(|pattern| pattern.equals_claim().zip(Some(pattern)));
        if let Some((claim, pattern)) = segment
            && !has_segment(claims, claim, pattern)
        {
            return Err(Cause::from(Detail::ClaimNotAccepted).with_claim(claim.to_string()));
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
            || token_type
                .map(media_type)
                .is_some_and(|token_type| self.token_types.contains(&token_type))
    }

    fn accepts_subject(&self, subject: Option<&str>) -> bool {
        self.subjects.is_empty()
            || subject
                .is_some_and(|subject| self.subjects.iter().any(|wanted| wanted.matches(subject)))
    }
}

/// Returns whether the claim that must equal the issuer's varying segment does.
fn has_segment(claims: &Claims, claim: &ClaimPath, pattern: &IssuerPattern) -> bool {
    let segment = claims.issuer().and_then(|iss| pattern.segment(iss));
    segment.is_some() && claims.get(claim).and_then(Value::as_str) == segment
}

/// Returns a `typ` in lower case and without the `application/` that RFC 7515 section 4.1.9 lets a
/// token leave out.
fn media_type(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    match name.strip_prefix("application/") {
        Some(subtype) if !subtype.contains('/') => subtype.to_owned(),
        _ => name,
    }
}

#[cfg(test)]
mod tests;
