//! Cookies of one name that hold different tokens: browsers send a stale one along, set for another
//! path or domain, until it is cleared, and no page can choose.

use super::Evaluation;
use super::authenticate::{AuthenticatedTokens, TokenOutcome, TokenOwners};
use crate::Reason;
use crate::auth_error::AuthError;
use crate::decision::Verification;
use crate::remote::MissingKeys;
use crate::token_location::{self, ExtractedToken, ExtractedTokens};

impl<'r> Evaluation<'_, 'r> {
    /// Looks at all tokens of a request where some are rivals. Where one of them is good and the
    /// others are stale, it stands for its place, and the others never go on, so that no service
    /// can take one of them instead.
    #[inline(never)]
    pub(super) fn tokens_of_rivals(&self, found: ExtractedTokens<'r>) -> TokenOutcome<'r> {
        let (mut verification, mut owners) = (Verification::default(), TokenOwners::new());
        let tokens = self.sort_out(&found, &mut owners, &mut verification);
        let (mut kept, mut stale) = (ExtractedTokens::new(), ExtractedTokens::new());
        for (one, owner) in found.into_iter().zip(&owners) {
            if owner.is_some() { kept.push(one) } else { stale.push(one) }
        }
        owners.retain(|owner| owner.is_some());
        TokenOutcome { found: kept, tokens, owners, stale, verification }
    }

    /// Authenticates all tokens but stale ones, and tells the owner of each.
    ///
    /// # Errors
    /// Two good ones conflict. One that is no honest leftover is refused as ever, and so is a stale
    /// one that has no one beside it that is good, or may be once its keys are there.
    fn sort_out(
        &self,
        found: &[ExtractedToken<'_>],
        owners: &mut TokenOwners,
        verification: &mut Verification,
    ) -> Result<AuthenticatedTokens, AuthError> {
        let (mut tokens, mut pending) = (AuthenticatedTokens::new(), None);
        let (mut good, mut unknown): (Vec<&ExtractedToken<'_>>, Vec<&ExtractedToken<'_>>) =
            Default::default();
        let mut stale: Vec<(&ExtractedToken<'_>, AuthError)> = Vec::new();
        for one in found {
            match self.authenticate(one, verification) {
                Ok(_) if good.iter().any(|other| other.is_rival_of(one)) => {
                    return Err(token_location::cookies_differ().into());
                }
                Ok(authenticated) => {
                    good.push(one);
                    owners.push(Some(authenticated.issuer));
                    tokens.push(authenticated);
                }
                Err(error) if one.has_rival && is_stale(&error) => {
                    stale.push((one, error));
                    owners.push(None);
                }
                Err(bad @ AuthError::Rejected(_)) => return Err(bad),
                Err(error @ AuthError::KeysPending { issuer, .. }) => {
                    unknown.push(one);
                    owners.push(Some(issuer));
                    pending = Some(self.graver(pending, error));
                }
            }
        }
        let hopeful = [good, unknown].concat();
        let alone =
            stale.into_iter().find(|(one, _)| !hopeful.iter().any(|other| other.is_rival_of(one)));
        alone.map(|(_, error)| error).or(pending).map_or(Ok(tokens), Err)
    }
}

/// Returns whether an honest browser may send such a token beside a good one: it is over, or was
/// never meant for this service. One that was altered, revoked or made up is none.
fn is_stale(error: &AuthError) -> bool {
    match error {
        AuthError::Rejected(cause) => matches!(
            cause.reason,
            Reason::TokenExpired
                | Reason::TokenOpaque
                | Reason::IssuerUnknown
                | Reason::KeyNotFound
                | Reason::AudienceMismatch
        ),
        AuthError::KeysPending { missing, .. } => *missing == MissingKeys::KeyId,
    }
}
