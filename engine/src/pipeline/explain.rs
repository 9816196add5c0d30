//! Why a request is decided as it is: its readings, its token, and every rule with its tests. Not
//! in the module.

use super::Evaluation;
use crate::Cause;
use crate::Reason;
use crate::auth_error::AuthError;
use crate::authenticated_token::AuthenticatedToken;
use crate::decision::Decision;
use crate::engine::Engine;
use crate::host::Workload;
use crate::host_context::HostContext;
use crate::policy::{Identity, PolicyTrace, View, read_path, shown_path};
use attache_plugin_config::{Authentication, Config};
use std::rc::Rc;

/// A decision and the way to it.
#[derive(Debug)]
pub struct Explanation<'r> {
    /// What the filter decides.
    pub decision: Decision<'r>,
    /// Why no rule can judge the request, where that is so.
    pub flaw: Option<Reason>,
    /// What of the request that is, where no rule can judge it: `the path has a bare space`.
    pub flaw_words: Option<String>,
    /// Whether it is a CORS preflight request that needs no token.
    pub is_preflight: bool,
    /// What it needs: the most that any of its readings does; nothing where it is a preflight
    /// request.
    pub authentication: Authentication,
    /// What became of its token.
    pub token: TokenTrace,
    /// The ways in which a backend may read it, the plain one first.
    pub readings: Vec<ReadingTrace>,
}

/// What became of a request's tokens.
#[derive(Clone, Debug)]
pub enum TokenTrace {
    /// The request needs none, so nobody looked.
    NotLookedAt,
    /// There is none in any place that an issuer names.
    Missing,
    /// It is good.
    Good(Rc<AuthenticatedToken>),
    /// It is bad, or may not be used here.
    Rejected(Cause),
    /// Keys that a provider serves are missing, and this is why it is refused without them.
    KeysPending(Cause),
}

/// One reading of a request, before the rules.
#[derive(Clone, Debug)]
pub struct ReadingTrace {
    /// The method that is judged.
    pub method: String,
    /// The path that is judged, percent-decoded but for what is data and no separator there.
    pub path: String,
    /// The host that is judged: `:authority` as sent.
    pub host: String,
    /// Why the request is refused where the policies say something else of this reading than of the
    /// first; `None` for the first.
    pub differs: Option<Reason>,
    /// What the policies say of it.
    pub policies: PolicyTrace,
}

impl Engine {
    /// Decides about a request, and tells every step on the way.
    ///
    /// `config` and `workload` are what the engine was made of.
    pub fn explain<'r>(
        &self,
        config: &Config,
        workload: &Workload,
        view: View,
        headers: &'r [(String, Vec<u8>)],
        host_context: &HostContext<'_>,
    ) -> Explanation<'r> {
        let decision = self.decide(headers, host_context);
        let request = self.header_uses.read(headers);
        let path = read_path(request.path, self.ambiguous_paths);
        let (methods, flaws) = self.other_methods(&request, path.is_err());
        let evaluation = Evaluation::new(self, &request, &path, &methods, flaws, host_context);
        let first = evaluation.reading.candidates.authentication(view);
        let authentication = if evaluation.preflight {
            Authentication::None
        } else {
            evaluation.strictest(first, view)
        };
        let token = evaluation.token(authentication);
        let identity = match &token {
            TokenTrace::Good(token) => {
                Some(Identity { roles: &token.roles, claims: &token.claims })
            }
            _ => None,
        };
        let all = std::iter::once((&evaluation.reading, None))
            .chain(evaluation.others.iter().map(|reading| (reading, Some(reading.differs))));
        let (policies, claims) = (&self.policies, &self.claim_table);
        let readings = all.map(|(reading, differs)| ReadingTrace {
            method: reading.facts.method.to_owned(),
            path: shown_path(reading.facts.path),
            host: reading.facts.host.to_owned(),
            differs,
            policies: PolicyTrace::run(
                config,
                workload,
                policies,
                claims,
                view,
                &reading.facts,
                identity.as_ref(),
            ),
        });
        let flaw = flaws.reason(policies, view);
        Explanation {
            decision,
            flaw,
            flaw_words: flaw.map(|reason| self.flaw_words(reason, &request)),
            is_preflight: evaluation.preflight,
            authentication,
            readings: readings.collect(),
            token,
        }
    }

    /// Returns the names of the roles that policies know and that a token has, with those that its
    /// own include.
    pub fn role_names(&self, token: &AuthenticatedToken) -> Vec<String> {
        self.policies.roles().names(&token.roles)
    }

    /// Returns a claim of a token that a policy or the audit log asks for, as JSON; `absent` where
    /// the token has none.
    pub fn claim_text(&self, token: &AuthenticatedToken, claim: &str) -> String {
        let slot = self.claim_table.paths().iter().position(|path| path.to_string() == claim);
        let value = slot.and_then(|slot| token.claims.get(slot)).and_then(Option::as_ref);
        value.map_or_else(|| "absent".to_owned(), ToString::to_string)
    }
}

impl Evaluation<'_, '_> {
    fn token(&self, authentication: Authentication) -> TokenTrace {
        if authentication == Authentication::None {
            TokenTrace::NotLookedAt
        } else {
            self.token_looked_at()
        }
    }

    /// Looks at the tokens, whatever the request needs.
    pub(super) fn token_looked_at(&self) -> TokenTrace {
        match &self.token_outcome().tokens {
            Ok(tokens) => tokens
                .first()
                .map_or(TokenTrace::Missing, |token| TokenTrace::Good(Rc::clone(token))),
            Err(AuthError::Rejected(cause)) => TokenTrace::Rejected(cause.clone()),
            Err(AuthError::KeysPending { cause, .. }) => TokenTrace::KeysPending(cause.clone()),
        }
    }
}
