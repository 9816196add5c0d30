//! Carries out a verdict: what is answered, or what of the request goes on.

use super::Evaluation;
use super::authenticate::TokenOutcome;
use super::authorize::ViewVerdict;
use crate::Cause;
use crate::decision::{Decided, Decision, Outcome, Shadow, Verification};
use crate::engine::Engine;
use crate::header_edits::HeaderEdits;
use crate::policy::{ReadPath, View};
use crate::remote::WaitDecision;
use crate::request::{self, Request};
use crate::token_location::ExtractedToken;
use smallvec::SmallVec;
use std::rc::Rc;

impl Engine {
    /// Carries out the verdict on a request, whose path is `None` where it could not be read.
    pub(super) fn respond<'r>(
        &self,
        evaluation: &Evaluation<'_, 'r>,
        verdict: ViewVerdict,
        path: Option<&ReadPath<'_>>,
    ) -> Decision<'r> {
        if let Some((issuer, missing)) = verdict.waits_for {
            return Decision::Wait { issuer, missing };
        }
        if self.dry_run && verdict.cause.is_some() {
            return Decision::Decided(self.let_go_on(evaluation, verdict));
        }
        let counts_shadow = self.policies.has_shadow() && !self.dry_run;
        let shadow = if counts_shadow { evaluation.shadow(&verdict) } else { None };
        // Without path rules nobody here reads the path, so it is not ours to change.
        let rewritten = path.and_then(|path| path.rewritten.as_deref());
        let rewritten = rewritten.filter(|_| self.policies.uses_paths(View::Enforced));
        Decision::Decided(self.carry_out(evaluation, verdict, shadow, rewritten))
    }

    /// Returns what is done to a request that need not wait.
    pub(super) fn carry_out<'r>(
        &self,
        evaluation: &Evaluation<'_, 'r>,
        verdict: ViewVerdict,
        shadow: Option<Shadow>,
        rewritten: Option<&str>,
    ) -> Decided<'r> {
        let request = evaluation.request;
        let mut edits = HeaderEdits::default();
        request.forged.iter().for_each(|name| edits.remove(name));
        if let Some(path) = rewritten {
            edits.set(":path", with_query(path.as_bytes(), request.query));
        }
        if !request.connection.is_empty() {
            self.clean_connection(request, &mut edits);
        }
        let looked_at = evaluation.token_outcome.get();
        let path = rewritten.map_or(request.path, str::as_bytes);
        let mut authenticated = None;
        match looked_at.filter(|_| verdict.looked_at_tokens) {
            Some(outcome) => {
                self.hide_seen(outcome, verdict.unverified.is_some(), request, path, &mut edits);
                authenticated = outcome.tokens.as_ref().ok().and_then(|tokens| tokens.first());
            }
            None if evaluation.preflight || request.has_token_places() => {
                self.hide_unseen(evaluation, path, &mut edits);
            }
            None => {}
        }
        if let (None, Some(identity)) = (&verdict.cause, authenticated) {
            edits.write_identity(identity);
        }
        Decided {
            outcome: match verdict.cause {
                None => Outcome::Forward,
                Some(cause) => self.refusal(cause, request, evaluation.wait_decision.get()),
            },
            edits,
            authenticated: authenticated.map(Rc::clone),
            unverified: verdict.unverified,
            rule: verdict.rule,
            shadow,
            verification: looked_at
                .map_or_else(Verification::default, |outcome| outcome.verification),
        }
    }

    /// Returns the answer to a request that does not go on.
    #[inline(never)]
    fn refusal(
        &self,
        cause: Cause,
        request: &Request<'_>,
        wait_decision: Option<&WaitDecision>,
    ) -> Outcome {
        let answer = self.answers.answer_to(request.origin(), cause.reason);
        let answer = match wait_decision {
            Some(WaitDecision::GiveUp(after)) => answer.retry_after(*after),
            _ => answer,
        };
        Outcome::Refuse { cause, answer }
    }

    /// Keeps a proxy behind the filter from removing a header because `connection` names it: one
    /// that the filter writes, or by which it has judged.
    #[inline(never)]
    fn clean_connection(&self, request: &Request<'_>, edits: &mut HeaderEdits<'_>) {
        let is_known = |name: &str| self.header_uses.knows(name);
        if let Some(rest) = request::without_options(&request.connection, is_known) {
            edits.set_or_remove("connection", Some(rest).filter(|rest| !rest.is_empty()));
        }
    }

    /// Takes out of a request the tokens that were looked at, where their issuers say so.
    fn hide_seen<'r>(
        &self,
        outcome: &TokenOutcome<'r>,
        goes_on_unverified: bool,
        request: &Request<'r>,
        path: &[u8],
        edits: &mut HeaderEdits<'r>,
    ) {
        if outcome.tokens.is_err() && !goes_on_unverified {
            return;
        }
        let mut hidden: SmallVec<[&ExtractedToken<'r>; 2]> = SmallVec::new();
        for (found, owner) in outcome.found.iter().zip(&outcome.owners) {
            if !owner.is_some_and(|owner| self.issuers.forwards_token(owner)) {
                hidden.push(found);
            }
        }
        if !hidden.is_empty() || !outcome.stale.is_empty() {
            self.places.strip(request, &hidden, &outcome.stale, path, edits);
        }
    }

    /// Takes out of a request whose tokens nobody looked at what stands in their places; out of a
    /// preflight request everything that speaks for somebody, which no browser sends with it.
    #[inline(never)]
    fn hide_unseen<'r>(
        &self,
        evaluation: &Evaluation<'_, 'r>,
        path: &[u8],
        edits: &mut HeaderEdits<'r>,
    ) {
        let request = evaluation.request;
        let found = self.places.occupied(request, evaluation.preflight);
        self.places.strip(request, &found.iter().collect::<Vec<_>>(), &[], path, edits);
        if evaluation.preflight {
            for name in ["authorization", "proxy-authorization", "cookie"] {
                edits.leave(name);
                if request.has(name) {
                    edits.remove(name);
                }
            }
        }
    }
}

#[inline(never)]
fn with_query(path: &[u8], query: Option<&[u8]>) -> Vec<u8> {
    let mut whole = path.to_vec();
    if let Some(query) = query {
        whole.push(b'?');
        whole.extend_from_slice(query);
    }
    whole
}
