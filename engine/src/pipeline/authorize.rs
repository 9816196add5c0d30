//! What the policies say of a request, in one view.

use super::Evaluation;
use super::readings::Reading;
use crate::auth_error::AuthError;
use crate::decision::Shadow;
use crate::ids::IssuerIndex;
use crate::policy::{Identity, RuleIndex, Verdict, View};
use crate::remote::{MissingKeys, WaitDecision};
use crate::{Cause, Detail, Reason};
use attache_plugin_config::{Authentication, OnKeysUnavailable};

/// The verdict of one view.
pub(super) struct ViewVerdict {
    /// Why the request is refused; `None`: it goes on.
    pub(super) cause: Option<Cause>,
    pub(super) rule: Option<RuleIndex>,
    pub(super) looked_at_tokens: bool,
    /// Why it goes on without an identity, though it brought a token.
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
        let first = self.reading.candidates.authentication(view);
        let authentication =
            if preflight { Authentication::None } else { self.strictest(first, view) };
        if authentication == Authentication::None {
            // A preflight request asks for nothing yet: as a public request, only a DENY rule can
            // refuse it.
            return match self.say(view, first, None) {
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
                Authentication::Optional => {
                    ViewVerdict::from_policy(self.say(view, first, None), true)
                }
                _ => ViewVerdict::refused(Reason::TokenMissing, true),
            };
        };
        let identity = Identity { roles: &authenticated.roles, claims: &authenticated.claims };
        let verdict = ViewVerdict::from_policy(self.say(view, first, Some(&identity)), true);
        match &authenticated.headers {
            Err(cause) if verdict.cause.is_none() => {
                ViewVerdict { cause: Some(cause.clone()), ..verdict }
            }
            _ => verdict,
        }
    }

    /// Returns what the request needs: the most that any of its readings does.
    pub(super) fn strictest(&self, first: Authentication, view: View) -> Authentication {
        if self.others.is_empty() { first } else { self.strictest_of_all(first, view) }
    }

    #[inline(never)]
    fn strictest_of_all(&self, first: Authentication, view: View) -> Authentication {
        let others = self.others.iter().map(|reading| reading.candidates.authentication(view));
        others.fold(first, |most, other| match (most, other) {
            (Authentication::Required, _) | (_, Authentication::Required) => {
                Authentication::Required
            }
            (Authentication::Optional, _) | (_, Authentication::Optional) => {
                Authentication::Optional
            }
            (Authentication::None, Authentication::None) => Authentication::None,
        })
    }

    /// Returns what the policies say of the request. `authentication` is what the first reading
    /// needs.
    fn say(
        &self,
        view: View,
        authentication: Authentication,
        identity: Option<&Identity<'_>>,
    ) -> Verdict {
        let first = self.reading.verdict(view, authentication, identity);
        if self.others.is_empty() {
            return first;
        }
        self.agreed(first, &|reading| {
            reading.verdict(view, reading.candidates.authentication(view), identity)
        })
    }

    /// Returns what the policies say of all readings: a DENY rule that matches one refuses; the
    /// request goes on if it may in each, is refused if it is in each, and is ambiguous otherwise.
    #[inline(never)]
    fn agreed(&self, first: Verdict, verdict: &dyn Fn(&Reading<'_>) -> Verdict) -> Verdict {
        let denied =
            |verdict: &Verdict| matches!(verdict, Verdict::Deny { reason: Reason::RuleDenied, .. });
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

    /// Returns what happens to a request whose token calls for keys that are not here.
    #[inline(never)]
    fn without_keys(
        &self,
        view: View,
        issuer: IssuerIndex,
        missing: MissingKeys,
        cause: &Cause,
    ) -> ViewVerdict {
        let wait_decision = self
            .wait_decision
            .get_or_init(|| self.host_context.key_wait.wait_decision(issuer, missing));
        if *wait_decision == WaitDecision::Wait {
            return ViewVerdict {
                waits_for: Some((issuer, missing)),
                ..ViewVerdict::from_policy(Verdict::Allow { rule: None }, true)
            };
        }
        let full = Cause::from(Detail::WaitingRoomFull);
        let full =
            (*wait_decision == WaitDecision::Full).then(|| self.engine.issuers.blame(issuer, full));
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
        let verdict =
            |reading: &Reading<'_>| reading.candidates.verdict_unverified(view, &reading.facts);
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
}

impl ViewVerdict {
    fn refused(cause: impl Into<Cause>, looked_at_tokens: bool) -> Self {
        Self {
            cause: Some(cause.into()),
            rule: None,
            looked_at_tokens,
            unverified: None,
            waits_for: None,
        }
    }

    /// Takes over what the policies say.
    fn from_policy(verdict: Verdict, looked_at_tokens: bool) -> Self {
        match verdict {
            Verdict::Allow { rule } => {
                Self { cause: None, rule, looked_at_tokens, unverified: None, waits_for: None }
            }
            Verdict::Deny { reason, rule } => {
                Self { rule, ..Self::refused(reason, looked_at_tokens) }
            }
        }
    }
}
