//! Judges one request: what its readings need, what its tokens came to, and what the policies say of both.

use super::Engine;
use super::readings::{Flaws, Reading};
use crate::authenticated_token::AuthenticatedToken;
use crate::decision::{Shadow, Verification};
use crate::host_context::HostContext;
use crate::ids::IssuerIndex;
use crate::issuers::AuthError;
use crate::policy::{Identity, RuleIndex, Verdict, View};
use crate::remote::{MissingKeys, WaitDecision};
use crate::request::Request;
use crate::token_location::{ExtractedToken, ExtractedTokens};
use crate::{Cause, Detail, Reason};
use attache_plugin_config::{Authentication, OnKeysUnavailable};
use smallvec::SmallVec;
use std::cell::OnceCell;
use std::rc::Rc;

/// One request before the rules. Tokens are looked at once, and only if a view asks for them.
pub(super) struct Evaluation<'a, 'r> {
    pub(super) engine: &'a Engine,
    pub(super) request: &'a Request<'r>,
    pub(super) flaws: Flaws,
    /// The request as it stands.
    pub(super) reading: Reading<'a>,
    /// What else a backend may make of it: few requests have any.
    pub(super) others: Vec<Reading<'a>>,
    /// It is a preflight request, and those need nothing.
    pub(super) preflight: bool,
    pub(super) host_context: &'a HostContext<'a>,
    pub(super) token_outcome: OnceCell<TokenOutcome<'r>>,
    /// Whether it is to wait for keys that it lacks: asked once, so that both views get the same answer.
    pub(super) wait_decision: OnceCell<WaitDecision>,
}

/// A request's good tokens: nearly always one.
pub(super) type AuthenticatedTokens = SmallVec<[Rc<AuthenticatedToken>; 1]>;

/// What a request's tokens came to.
pub(super) struct TokenOutcome<'a> {
    pub(super) found: ExtractedTokens<'a>,
    /// A authenticated for each that was found, or what stands before one of them.
    pub(super) tokens: Result<AuthenticatedTokens, AuthError>,
    /// Tokens that count for nothing beside a good one in the same place. They are not among those that were found.
    pub(super) stale: ExtractedTokens<'a>,
    pub(super) verification: Verification,
}

/// The verdict of one view.
pub(super) struct ViewVerdict {
    /// Why the request is refused; `None`: it goes on.
    pub(super) cause: Option<Cause>,
    pub(super) rule: Option<RuleIndex>,
    pub(super) looked_at_tokens: bool,
    /// Why it goes on without a authenticated, though it brought a token.
    pub(super) unverified: Option<Reason>,
    /// What it is to wait for, before there is a verdict.
    pub(super) waits_for: Option<(IssuerIndex, MissingKeys)>,
}

impl<'r> Evaluation<'_, 'r> {
    pub(super) fn verdict(&self, view: View) -> ViewVerdict {
        if let Some(reason) = self.flaws.reason(&self.engine.policies, view) {
            return ViewVerdict::refused(reason, false);
        }
        let preflight = self.preflight;
        let authentication = if preflight { Authentication::None } else { self.authentication(view) };
        if authentication == Authentication::None {
            // A preflight request asks for nothing yet: as a public request, only a DENY rule can refuse it.
            return match self.say(view, None) {
                Verdict::Deny { reason, .. } if preflight && reason != Reason::RuleDenied => {
                    ViewVerdict::from_policy(Verdict::Allow { rule: None }, false)
                }
                verdict => ViewVerdict::from_policy(verdict, false),
            };
        }
        let tokens = match &self.token_outcome().tokens {
            Ok(tokens) => tokens,
            Err(AuthError::Rejected(cause)) => return ViewVerdict::refused(cause.clone(), true),
            Err(AuthError::KeysPending { issuer, missing, cause }) => {
                return self.without_keys(view, *issuer, *missing, cause);
            }
        };
        let Some(authenticated) = tokens.first() else {
            return match authentication {
                Authentication::Optional => ViewVerdict::from_policy(self.say(view, None), true),
                _ => ViewVerdict::refused(Reason::TokenMissing, true),
            };
        };
        let identity = Identity { roles: &authenticated.roles, claims: &authenticated.claims };
        let verdict = ViewVerdict::from_policy(self.say(view, Some(&identity)), true);
        match &authenticated.headers {
            Err(cause) if verdict.cause.is_none() => ViewVerdict { cause: Some(cause.clone()), ..verdict },
            _ => verdict,
        }
    }

    /// What the request needs: the most that any of its readings does.
    fn authentication(&self, view: View) -> Authentication {
        let first = self.reading.candidates.authentication(view);
        if self.others.is_empty() { first } else { self.strictest(first, view) }
    }

    #[inline(never)]
    fn strictest(&self, first: Authentication, view: View) -> Authentication {
        let others = self.others.iter().map(|reading| reading.candidates.authentication(view));
        others.fold(first, |most, other| match (most, other) {
            (Authentication::Required, _) | (_, Authentication::Required) => Authentication::Required,
            (Authentication::Optional, _) | (_, Authentication::Optional) => Authentication::Optional,
            (Authentication::None, Authentication::None) => Authentication::None,
        })
    }

    /// What the policies say of the request.
    fn say(&self, view: View, identity: Option<&Identity<'_>>) -> Verdict {
        let Reading { candidates, facts, .. } = &self.reading;
        let first = candidates.verdict(view, facts, identity);
        if self.others.is_empty() {
            return first;
        }
        self.agreed(first, &|reading| reading.candidates.verdict(view, &reading.facts, identity))
    }

    /// What the policies say of all readings: a DENY rule that matches one refuses; the request goes on if it may in
    /// each, is refused if it is in each, and is ambiguous otherwise.
    #[inline(never)]
    fn agreed(&self, first: Verdict, verdict: &dyn Fn(&Reading<'_>) -> Verdict) -> Verdict {
        let denied = |verdict: &Verdict| matches!(verdict, Verdict::Deny { reason: Reason::RuleDenied, .. });
        let allowed = |verdict: &Verdict| matches!(verdict, Verdict::Allow { .. });
        let mut differs = None;
        for reading in &self.others {
            let other = verdict(reading);
            if denied(&other) {
                return if denied(&first) { first } else { other };
            }
            if allowed(&other) != allowed(&first) {
                differs = differs.or(Some(reading.differs));
            }
        }
        match differs {
            Some(reason) if !denied(&first) => Verdict::Deny { reason, rule: None },
            _ => first,
        }
    }

    /// What happens to a request whose token calls for keys that are not here.
    #[inline(never)]
    fn without_keys(
        &self,
        view: View,
        issuer: IssuerIndex,
        missing: MissingKeys,
        cause: &Cause,
    ) -> ViewVerdict {
        let wait_decision =
            self.wait_decision.get_or_init(|| self.host_context.key_wait.wait_decision(issuer, missing));
        if *wait_decision == WaitDecision::Wait {
            return ViewVerdict {
                waits_for: Some((issuer, missing)),
                ..ViewVerdict::from_policy(Verdict::Allow { rule: None }, true)
            };
        }
        let full = Cause::from(Detail::WaitingRoomFull);
        let full = (*wait_decision == WaitDecision::Full).then(|| self.engine.issuers.blame(issuer, full));
        let cause = full.as_ref().unwrap_or(cause);
        if missing == MissingKeys::KeyId {
            // There are keys, and this is none of them; or whether it is, nobody could wait to see.
            return ViewVerdict::refused(cause.clone(), true);
        }
        let of_issuer = self.engine.issuers.on_keys_unavailable(issuer);
        let denies = |reading: &Reading<'_>| {
            let said = reading.candidates.on_keys_unavailable(view).unwrap_or(of_issuer);
            said == OnKeysUnavailable::Deny
        };
        if denies(&self.reading) || self.others.iter().any(denies) {
            return ViewVerdict::refused(cause.clone(), true);
        }
        let verdict = |reading: &Reading<'_>| reading.candidates.verdict_unverified(view, &reading.facts);
        let verdict = ViewVerdict::from_policy(self.agreed(verdict(&self.reading), &verdict), true);
        let unverified = verdict.cause.is_none().then_some(Reason::KeysUnavailable);
        ViewVerdict { unverified, ..verdict }
    }

    #[inline(never)]
    pub(super) fn shadow(&self, enforced: &ViewVerdict) -> Option<Shadow> {
        let with_shadow = self.verdict(View::WithShadow);
        let differs = with_shadow.cause.is_some() != enforced.cause.is_some();
        differs.then_some(Shadow { cause: with_shadow.cause, rule: with_shadow.rule })
    }

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

    /// The tokens of all tokens. A bad one counts for more than one that can't be verified.
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

    /// The authenticated of a token: from the cache, or verified now.
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

    /// The authenticated of a token that is not in the cache.
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
            Rc::new(verified.into_authenticated(token, policies.roles(), claim_table, issuers));
        let unreadable = u32::from(authenticated.roles.is_incomplete());
        verification.unreadable_roles = verification.unreadable_roles.saturating_add(unreadable);
        cache.insert(token, &authenticated);
        Ok(authenticated)
    }
}

impl ViewVerdict {
    fn refused(cause: impl Into<Cause>, looked_at_tokens: bool) -> Self {
        Self { cause: Some(cause.into()), rule: None, looked_at_tokens, unverified: None, waits_for: None }
    }

    /// Takes over what the policies say.
    fn from_policy(verdict: Verdict, looked_at_tokens: bool) -> Self {
        match verdict {
            Verdict::Allow { rule } => {
                Self { cause: None, rule, looked_at_tokens, unverified: None, waits_for: None }
            }
            Verdict::Deny { reason, rule } => Self { rule, ..Self::refused(reason, looked_at_tokens) },
        }
    }
}
