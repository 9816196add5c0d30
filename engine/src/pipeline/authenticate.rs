//! What a request's tokens come to.

use super::Evaluation;
use crate::Detail;
use crate::Reason;
use crate::auth_error::AuthError;
use crate::authenticated_token::AuthenticatedToken;
use crate::decision::Verification;
use crate::engine::Engine;
use crate::ids::IssuerIndex;
use crate::remote::MissingKeys;
use crate::token_location::{ExtractedToken, ExtractedTokens};
use attache_plugin_config::OnKeysUnavailable;
use smallvec::SmallVec;
use std::rc::Rc;

/// A request's good tokens: nearly always one.
pub(super) type AuthenticatedTokens = SmallVec<[Rc<AuthenticatedToken>; 1]>;

/// Whose the tokens of a request are, or claim to be where keys are missing; `None` for a stale
/// one.
pub(super) type TokenOwners = SmallVec<[Option<IssuerIndex>; 2]>;

/// What a request's tokens came to.
pub(super) struct TokenOutcome<'a> {
    pub(super) found: ExtractedTokens<'a>,
    /// What was authenticated of each that was found, or what is wrong with one of them.
    pub(super) tokens: Result<AuthenticatedTokens, AuthError>,
    /// Whose each is of those that were found, unless one of them is bad.
    pub(super) owners: TokenOwners,
    /// Tokens that count for nothing beside a good one in the same place. They are not among those
    /// that were found.
    pub(super) stale: ExtractedTokens<'a>,
    pub(super) verification: Verification,
}

impl<'r> Evaluation<'_, 'r> {
    pub(super) fn token_outcome(&self) -> &TokenOutcome<'r> {
        self.token_outcome.get_or_init(|| {
            let (mut verification, mut owners) = (Verification::default(), TokenOwners::new());
            match self.engine.places.find(self.request) {
                Ok(found) if found.iter().any(|found| found.has_rival) => {
                    self.tokens_of_rivals(found)
                }
                Ok(found) => {
                    let tokens = self.authenticate_all(&found, &mut owners, &mut verification);
                    TokenOutcome {
                        found,
                        tokens,
                        owners,
                        stale: ExtractedTokens::new(),
                        verification,
                    }
                }
                Err(cause) => {
                    let (found, stale) = (ExtractedTokens::new(), ExtractedTokens::new());
                    TokenOutcome { found, tokens: Err(cause.into()), owners, stale, verification }
                }
            }
        })
    }

    /// Authenticates all tokens. A bad one counts for more than one that can't be verified.
    fn authenticate_all(
        &self,
        found: &[ExtractedToken<'_>],
        owners: &mut TokenOwners,
        verification: &mut Verification,
    ) -> Result<AuthenticatedTokens, AuthError> {
        let (mut tokens, mut pending) = (AuthenticatedTokens::new(), None);
        for found in found {
            match self.authenticate(found, verification) {
                Ok(authenticated) => {
                    owners.push(Some(authenticated.issuer));
                    tokens.push(authenticated);
                }
                Err(bad @ AuthError::Rejected(_)) => return Err(bad),
                Err(error @ AuthError::KeysPending { issuer, .. }) => {
                    owners.push(Some(issuer));
                    pending = Some(self.graver(pending, error));
                }
            }
        }
        pending.map_or(Ok(tokens), Err)
    }

    /// Returns the error that lets less through of two about missing keys, so that the order in
    /// which tokens were found decides nothing.
    #[inline(never)]
    pub(super) fn graver(&self, known: Option<AuthError>, other: AuthError) -> AuthError {
        match known {
            Some(known) if self.gravity(&known) >= self.gravity(&other) => known,
            _ => other,
        }
    }

    /// Returns how little an error lets through. An unknown key is refused whatever is configured.
    fn gravity(&self, error: &AuthError) -> u8 {
        match error {
            AuthError::Rejected(_) => 3,
            AuthError::KeysPending { missing: MissingKeys::KeyId, .. } => 2,
            AuthError::KeysPending { missing: MissingKeys::Keys, issuer, .. } => u8::from(
                self.engine.issuers.on_keys_unavailable(*issuer) == OnKeysUnavailable::Deny,
            ),
        }
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
        let authenticated =
            match cache.get(token).filter(|authenticated| issuers.has_key_of(authenticated)) {
                Some(authenticated) => {
                    verification.hits = verification.hits.saturating_add(1);
                    // So spelled it is no token of that issuer, but the one in the cache is good
                    // all the same.
                    if token.len() != found.token.len()
                        && !issuers.allows_padding(authenticated.issuer)
                    {
                        return Err(issuers
                            .blame(authenticated.issuer, Detail::PaddingNotAllowed.into())
                            .into());
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
        let authenticated =
            Rc::new(verified.into_authenticated(token, policies.roles(), claim_table));
        let unreadable = u32::from(authenticated.roles.is_incomplete());
        verification.unreadable_roles = verification.unreadable_roles.saturating_add(unreadable);
        cache.insert(token, &authenticated);
        Ok(authenticated)
    }
}
