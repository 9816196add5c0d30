//! What a request's tokens come to.

use super::Evaluation;
use crate::Detail;
use crate::Reason;
use crate::auth_error::AuthError;
use crate::authenticated_token::AuthenticatedToken;
use crate::decision::Verification;
use crate::engine::Engine;
use crate::token_location::{ExtractedToken, ExtractedTokens};
use smallvec::SmallVec;
use std::rc::Rc;

/// A request's good tokens: nearly always one.
pub(super) type AuthenticatedTokens = SmallVec<[Rc<AuthenticatedToken>; 1]>;

/// What a request's tokens came to.
pub(super) struct TokenOutcome<'a> {
    pub(super) found: ExtractedTokens<'a>,
    /// What was authenticated of each that was found, or what is wrong with one of them.
    pub(super) tokens: Result<AuthenticatedTokens, AuthError>,
    /// Tokens that count for nothing beside a good one in the same place. They are not among those that were found.
    pub(super) stale: ExtractedTokens<'a>,
    pub(super) verification: Verification,
}

impl<'r> Evaluation<'_, 'r> {
    pub(super) fn token_outcome(&self) -> &TokenOutcome<'r> {
        self.token_outcome.get_or_init(|| {
            let mut verification = Verification::default();
            match self.engine.places.find(self.request) {
                Ok(found) if found.iter().any(|found| found.has_rival) => self.tokens_of_rivals(found),
                Ok(found) => {
                    let tokens = self.authenticate_all(&found, &mut verification);
                    TokenOutcome { found, tokens, stale: ExtractedTokens::new(), verification }
                }
                Err(cause) => {
                    let (found, stale) = (ExtractedTokens::new(), ExtractedTokens::new());
                    TokenOutcome { found, tokens: Err(cause.into()), stale, verification }
                }
            }
        })
    }

    /// Authenticates all tokens. A bad one counts for more than one that can't be verified.
    fn authenticate_all(
        &self,
        found: &[ExtractedToken<'_>],
        verification: &mut Verification,
    ) -> Result<AuthenticatedTokens, AuthError> {
        let (mut tokens, mut lacks) = (AuthenticatedTokens::new(), None);
        for found in found {
            match self.authenticate(found, verification) {
                Ok(authenticated) => tokens.push(authenticated),
                Err(bad @ AuthError::Rejected(_)) => return Err(bad),
                Err(error @ AuthError::KeysPending { .. }) => lacks = lacks.or(Some(error)),
            }
        }
        lacks.map_or(Ok(tokens), Err)
    }

    /// Authenticates a token: from the cache, or by verifying it now.
    pub(super) fn authenticate(
        &self,
        found: &ExtractedToken<'_>,
        verification: &mut Verification,
    ) -> Result<Rc<AuthenticatedToken>, AuthError> {
        let Engine { issuers, cache, max_token_bytes, .. } = self.engine;
        if found.token.len() > *max_token_bytes {
            return Err(Reason::TokenTooLarge.into());
        }
        let token = issuers.canonical(found);
        // What was verified with a key that is gone has to be verified anew.
        let authenticated = match cache.get(token).filter(|authenticated| issuers.has_key_of(authenticated)) {
            Some(authenticated) => {
                verification.hits = verification.hits.saturating_add(1);
                // So spelled it is no token of that issuer, but the one in the cache is good all the same.
                if token.len() != found.token.len() && !issuers.allows_padding(authenticated.issuer) {
                    return Err(issuers.blame(authenticated.issuer, Detail::PaddingNotAllowed.into()).into());
                }
                let good = issuers.recheck(&authenticated, found, self.host_context.now);
                good.map_err(|cause| {
                    cache.remove(token);
                    issuers.blame(authenticated.issuer, cause)
                })?;
                authenticated
            }
            None => self.verify(found, token, verification)?,
        };
        issuers
            .check_presenter(authenticated.issuer, self.host_context.peer)
            .map_err(|detail| issuers.blame(authenticated.issuer, detail.into()))?;
        Ok(authenticated)
    }

    /// Authenticates a token that is not in the cache.
    #[inline(never)]
    fn verify(
        &self,
        found: &ExtractedToken<'_>,
        token: &[u8],
        verification: &mut Verification,
    ) -> Result<Rc<AuthenticatedToken>, AuthError> {
        let Engine { issuers, cache, policies, claim_table, shared, .. } = self.engine;
        verification.misses = verification.misses.saturating_add(1);
        let verified = issuers.verify(found, token, self.host_context, shared, verification)?;
        let authenticated = Rc::new(verified.into_authenticated(token, policies.roles(), claim_table));
        let unreadable = u32::from(authenticated.roles.is_incomplete());
        verification.unreadable_roles = verification.unreadable_roles.saturating_add(unreadable);
        cache.insert(token, &authenticated);
        Ok(authenticated)
    }
}
