//! Cookies of one name that hold different tokens: browsers send a stale one along, set for another path or domain, until
//! it is cleared, and no page can choose.

use super::Evaluation;
use super::authenticate::{AuthenticatedTokens, TokenOutcome};
use crate::Reason;
use crate::auth_error::AuthError;
use crate::authenticated_token::AuthenticatedToken;
use crate::decision::Verification;
use crate::remote::MissingKeys;
use crate::token_location::{self, ExtractedToken, ExtractedTokens};
use std::rc::Rc;

impl<'r> Evaluation<'_, 'r> {
    /// Looks at all tokens of a request where some are rivals. Where one of them is good and the others are stale, it
    /// stands for its place, and the others never go on, so that no service can take one of them instead.
    #[inline(never)]
    pub(super) fn tokens_of_rivals(&self, found: ExtractedTokens<'r>) -> TokenOutcome<'r> {
        let mut verification = Verification::default();
        let all = match self.sort_out(&found, &mut verification) {
            Ok(all) => all,
            Err(error) => {
                return TokenOutcome {
                    found,
                    tokens: Err(error),
                    stale: ExtractedTokens::new(),
                    verification,
                };
            }
        };
        let (mut kept, mut tokens, mut stale) =
            (ExtractedTokens::new(), AuthenticatedTokens::new(), ExtractedTokens::new());
        for (one, authenticated) in found.into_iter().zip(all) {
            match authenticated {
                Some(authenticated) => {
                    kept.push(one);
                    tokens.push(authenticated);
                }
                None => stale.push(one),
            }
        }
        TokenOutcome { found: kept, tokens: Ok(tokens), stale, verification }
    }

    /// Authenticates all tokens; `None` for a stale one.
    ///
    /// # Errors
    /// Two good ones conflict. One that is no honest leftover is refused as ever, and so is a stale one that has no
    /// good one beside it.
    fn sort_out(
        &self,
        found: &[ExtractedToken<'_>],
        verification: &mut Verification,
    ) -> Result<Vec<Option<Rc<AuthenticatedToken>>>, AuthError> {
        let (mut tokens, mut lacks) = (Vec::with_capacity(found.len()), None);
        let (mut good, mut stale): (Vec<&ExtractedToken<'_>>, Vec<(&ExtractedToken<'_>, AuthError)>) =
            (Vec::new(), Vec::new());
        for one in found {
            let authenticated = match self.authenticate(one, verification) {
                Ok(_) if good.iter().any(|other| other.is_rival_of(one)) => {
                    return Err(token_location::cookies_differ().into());
                }
                Ok(authenticated) => {
                    good.push(one);
                    Some(authenticated)
                }
                Err(error) if one.has_rival && is_stale(&error) => {
                    stale.push((one, error));
                    None
                }
                Err(bad @ AuthError::Rejected(_)) => return Err(bad),
                Err(error @ AuthError::KeysPending { .. }) => {
                    lacks = lacks.or(Some(error));
                    None
                }
            };
            tokens.push(authenticated);
        }
        let alone = stale.into_iter().find(|(one, _)| !good.iter().any(|other| other.is_rival_of(one)));
        lacks.or(alone.map(|(_, error)| error)).map_or(Ok(tokens), Err)
    }
}

/// Returns whether an honest browser may send such a token beside a good one: it is over, or was never meant for this
/// service. One that was altered, revoked or made up is none.
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
