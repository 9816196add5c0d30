//! Carries out a verdict: what is answered, or what of the request goes on.

use super::Engine;
use super::judge::{Judge, Judged};
use crate::Cause;
use crate::decision::{Decision, Outcome, Shadow, Verification};
use crate::issuers::Obstacle;
use crate::remote::Hope;
use crate::request::{self, Request};
use crate::search::Found;
use std::rc::Rc;

impl Engine {
    pub(super) fn carry_out(
        &self,
        judge: &Judge<'_>,
        verdict: Judged,
        shadow: Option<Shadow>,
        rewritten: Option<&str>,
    ) -> Decision {
        let request = judge.request;
        let mut decision = Decision {
            outcome: match verdict.cause {
                None => Outcome::Forward,
                Some(cause) => self.refusal(cause, request, judge.hope.get()),
            },
            remove: request.forged.iter().map(|&name| name.to_owned()).collect(),
            replace: Vec::new(),
            session: None,
            unverified: verdict.unverified,
            rule: verdict.rule,
            shadow,
            verification: judge.tokens.get().map_or_else(Verification::default, |tokens| tokens.verification),
        };
        if let Some(path) = rewritten {
            decision.replace.push((":path".into(), with_query(path.as_bytes(), request.query)));
        }
        if !request.connection.is_empty() {
            self.clean_connection(request, &mut decision);
        }
        let Some(tokens) = judge.tokens.get().filter(|_| verdict.looked_at_tokens) else {
            if judge.preflight || request.has_token_places() {
                self.hide_unseen(judge, rewritten, &mut decision);
            }
            return decision;
        };
        if let Ok(sessions) = &tokens.sessions {
            let hidden: Vec<&Found<'_>> = (tokens.found.iter().zip(sessions))
                .filter(|(_, session)| !self.issuers.forwards_token(session.issuer))
                .map(|(found, _)| found)
                .collect();
            if !hidden.is_empty() || !tokens.stale.is_empty() {
                self.hide(&hidden, &tokens.stale, request, rewritten, &mut decision);
            }
            decision.session = sessions.first().map(Rc::clone);
        } else if let Err(Obstacle::Lacks { issuer, .. }) = &tokens.sessions
            && verdict.unverified.is_some()
            && !self.issuers.forwards_token(*issuer)
        {
            // Nobody vouches for any of them.
            self.hide(&tokens.found.iter().collect::<Vec<_>>(), &[], request, rewritten, &mut decision);
        }
        decision
    }

    /// The answer to a request that does not go on.
    #[inline(never)]
    fn refusal(&self, cause: Cause, request: &Request<'_>, hope: Option<&Hope>) -> Outcome {
        let answer = self.answers.answer_to(request.origin(), cause.reason);
        let answer = match hope {
            Some(Hope::Never(after)) => answer.retry_after(*after),
            _ => answer,
        };
        Outcome::Refuse { cause, answer }
    }

    /// Keeps a proxy behind the filter from removing a header because `connection` names it: one that the filter writes,
    /// or by which it has judged.
    #[inline(never)]
    fn clean_connection(&self, request: &Request<'_>, decision: &mut Decision) {
        let is_known = |name: &str| self.header_uses.knows(name);
        match request::without_options(&request.connection, is_known) {
            None => {}
            Some(rest) if rest.is_empty() => decision.remove.push("connection".to_owned()),
            Some(rest) => decision.replace.push(("connection".into(), rest)),
        }
    }

    /// Takes out of a request whose tokens nobody looked at what stands in their places; out of a preflight request
    /// everything that speaks for somebody, which no browser sends with it.
    #[inline(never)]
    fn hide_unseen(&self, judge: &Judge<'_>, rewritten: Option<&str>, decision: &mut Decision) {
        let found = self.places.occupied(judge.request, judge.preflight);
        self.hide(&found.iter().collect::<Vec<_>>(), &[], judge.request, rewritten, decision);
        if judge.preflight {
            let credentials = ["authorization", "proxy-authorization", "cookie"];
            decision.replace.retain(|(name, _)| !credentials.contains(&name.as_ref()));
            let sent = credentials.into_iter().filter(|name| judge.request.has(name));
            decision.remove.extend(sent.map(str::to_owned));
        }
    }

    /// Takes tokens out of the request.
    #[inline(never)]
    fn hide(
        &self,
        hidden: &[&Found<'_>],
        stale: &[Found<'_>],
        request: &Request<'_>,
        rewritten: Option<&str>,
        decision: &mut Decision,
    ) {
        let path = rewritten.map_or(request.path, str::as_bytes);
        let out = self.places.take_out(request, hidden, stale, path);
        decision.remove.extend(out.remove);
        decision.replace.retain(|(name, _)| !out.replace.iter().any(|(other, _)| other == name));
        decision.replace.extend(out.replace);
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
