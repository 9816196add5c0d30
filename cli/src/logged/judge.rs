//! A configuration that judges requests which logs tell of.

use super::lenient::lenient;
use super::token::{ClaimFact, TIMES};
use super::weigh::Weighing;
use super::{Fate, Logged, LoggedToken, Recorded, TokenState};
use crate::explain::{
    RequestLine, TokenPlace, TrialHost, header_map, is_refused, trusting, unsigned,
};
use crate::input::Configuration;
use attache_engine::claims::Claims;
use attache_engine::host::Workload;
use attache_engine::policy::{RoleTable, RuleIndex, View};
use attache_engine::{Engine, RequestTrace, TokenTrace};
use attache_plugin_config::{ClaimPath, Config, DryRun, Issuer, IssuerId, Preflight};
use std::collections::BTreeMap;

/// What no token is looked at before: each carries its times in it.
const NOW: u64 = 1_000_000_000;

/// Which tokens are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taking {
    /// Every one of an issuer: that one is good, the log says.
    EveryToken,
    /// One with claims that its issuer's entry takes, at this time, in seconds since 1970: somebody
    /// gave them.
    GoodClaims { now: u64 },
}

/// A configuration that judges requests which logs tell of. Its issuers take any token: what a log
/// calls good is good.
pub(crate) struct Judge {
    pub(crate) config: Config,
    /// The issuers as they are.
    issuers: Vec<Issuer>,
    workload: Workload,
    view: View,
    pub(crate) engine: Engine,
    claims: Vec<ClaimPath>,
    taking: Taking,
    /// The issuers are others than those that judged tokens when the log was written.
    pub(crate) are_issuers_others: bool,
}

/// The claims of a line are such as no good token has: somebody else wrote it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{}", Self::WHY)]
pub(crate) struct NotATokens;

impl NotATokens {
    /// Says it of a line.
    pub(crate) const WHY: &str = "its claims are such as no good token has";
}

/// A request that was judged.
pub(crate) struct Judged<'j> {
    pub(crate) judge: &'j Judge,
    pub(crate) trace: RequestTrace,
    logged: &'j Logged,
    pub(crate) state: TokenState,
    headers: Vec<(String, Vec<u8>)>,
    host: TrialHost,
}

impl Judge {
    /// Makes a configuration ready for a workload.
    ///
    /// # Errors
    /// What only shows for a workload.
    pub(crate) fn new(
        configuration: &Configuration,
        config: &Config,
        workload: Workload,
        view: View,
        taking: Taking,
    ) -> Result<Self, String> {
        let mut trial = match taking {
            Taking::EveryToken => lenient(config)?,
            Taking::GoodClaims { .. } => trusting(config),
        };
        // In a dry run nothing is refused; asked for is what would be.
        trial.dry_run = DryRun::Nowhere;
        let engine = Engine::new(&trial, &workload, &configuration.environment())
            .map_err(|errors| configuration.has_errors(&errors))?;
        let claims = claims_of(config);
        Ok(Self {
            config: trial,
            issuers: config.issuers.clone(),
            workload,
            view,
            engine,
            claims,
            taking,
            are_issuers_others: false,
        })
    }

    /// Judges a request.
    pub(crate) fn judge<'j>(&'j self, logged: &'j Logged) -> Result<Judged<'j>, NotATokens> {
        let line = RequestLine { method: logged.method.clone(), target: logged.target.clone() };
        let mut headers = header_map(
            &line,
            &logged.host,
            logged.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())),
        );
        let may_have_token = self.are_issuers_others
            || matches!(logged.token.state, TokenState::Good | TokenState::Unknown);
        if may_have_token {
            let token = self.token(&logged.token).map_err(|_| NotATokens)?;
            let place = TokenPlace::of_issuer(&self.config, logged.token.issuer.as_deref());
            headers.push(place.header(&token));
        }
        let now = match self.taking {
            Taking::EveryToken => NOW,
            Taking::GoodClaims { now } => now,
        };
        let host = TrialHost {
            client: logged.client.clone(),
            trusts_signatures: true,
            now,
            ends_with_headers: true,
        };
        let trace =
            self.engine.trace(&self.config, &self.workload, self.view, &headers, &host.context());
        let state = match (&trace.token, self.taking) {
            (TokenTrace::Rejected(_), Taking::GoodClaims { .. }) => TokenState::Bad,
            (TokenTrace::Good(_), _) if may_have_token => logged.token.state,
            (TokenTrace::Missing, _) if !may_have_token => logged.token.state,
            _ => return Err(NotATokens),
        };
        Ok(Judged { judge: self, trace, logged, state, headers, host })
    }

    /// Returns a token that says what is known of one.
    fn token(&self, token: &LoggedToken) -> Result<String, String> {
        let mut claims = token.whole.clone().unwrap_or_else(|| token.payload(&self.claims));
        let issuer = self.issuer(token);
        // Of an issuer that has none, or one of many, the trial has its own.
        let is_exact = issuer.is_some_and(|issuer| matches!(issuer.issuer, IssuerId::Exact(_)));
        if self.taking == Taking::EveryToken && !is_exact {
            claims.remove("iss");
        }
        let name = issuer.or(self.issuers.first()).map(|issuer| issuer.name.as_str());
        match self.taking {
            Taking::GoodClaims { now } => unsigned(claims, &[], name, now, &self.config),
            Taking::EveryToken => {
                TIMES.iter().for_each(|name| _ = claims.remove(*name));
                unsigned(claims, &[], name, NOW, &self.config)
            }
        }
    }

    /// Returns the issuer of a token, where the configuration has one of its name.
    fn issuer(&self, token: &LoggedToken) -> Option<&Issuer> {
        let name = token.issuer.as_deref()?;
        self.issuers.iter().find(|issuer| issuer.name.as_str() == name)
    }

    /// Returns the name of a rule: `policy/rule`.
    pub(crate) fn rule(&self, index: RuleIndex) -> String {
        self.engine.rule(index).map(|names| names.to_string()).unwrap_or_default()
    }

    /// Returns whether a token that was judged is known to have a role.
    pub(crate) fn has_role(&self, trace: &RequestTrace, role: &String) -> bool {
        match &trace.token {
            TokenTrace::Good(token) => self.engine.role_names(token).contains(role),
            _ => false,
        }
    }

    /// Returns the roles that the claims of a line hold, whether policies know them or not.
    pub(crate) fn own_roles(&self, token: &LoggedToken) -> Vec<String> {
        let payload = token.whole.clone().unwrap_or_else(|| token.payload(&self.claims));
        let role_claims = self.issuer(token).map_or(&[][..], |issuer| &issuer.role_claims);
        Claims::from_json(payload)
            .map_or_else(|_| Vec::new(), |claims| RoleTable::names_in(&claims, role_claims))
    }

    /// Returns the issuers as they are.
    pub(crate) fn issuers(&self) -> &[Issuer] {
        &self.issuers
    }

    /// Returns the number of a rule by its name.
    pub(crate) fn rule_index(&self, name: &str) -> Option<RuleIndex> {
        self.rule_indices().remove(name)
    }

    /// Returns the numbers of all rules that are for the workload, by their names.
    pub(crate) fn rule_indices(&self) -> BTreeMap<String, RuleIndex> {
        (0..)
            .map(RuleIndex)
            .map_while(|index| Some((self.engine.rule(index)?.to_string(), index)))
            .collect()
    }
}

impl Judged<'_> {
    /// Returns what becomes of the request. `recorded` is what its line tells of rules as a whole.
    pub(crate) fn fate(&self, recorded: &Recorded) -> Fate {
        self.weighing(recorded).fate()
    }

    /// Returns the engine's own verdict on what is known and assumed: whether the request goes on.
    pub(crate) fn goes_on(&self) -> bool {
        let decision = self.judge.engine.decide(&self.headers, &self.host.context());
        !is_refused(&decision, self.judge.view)
    }

    /// Returns the request with what is known of it.
    pub(crate) fn weighing<'a>(&'a self, recorded: &'a Recorded) -> Weighing<'a> {
        let (judge, logged) = (self.judge, self.logged);
        let token = &logged.token;
        let issuer = judge.issuer(token);
        let is_unknown = |path: &&ClaimPath| token.knows(path) == ClaimFact::Unknown;
        // Of a token of which nobody knows the issuer, any of them may be.
        let issuers = issuer.map_or(judge.issuers.as_slice(), std::slice::from_ref);
        let role_claims =
            issuers.iter().flat_map(|issuer| &issuer.role_claims).map(|role| &role.claim);
        let mut unknown_role_claims: Vec<String> =
            role_claims.filter(is_unknown).map(ToString::to_string).collect();
        unknown_role_claims.sort();
        unknown_role_claims.dedup();
        let missing_issuer = token.issuer.clone().filter(|_| issuer.is_none());
        Weighing {
            config: &judge.config,
            view: judge.view,
            trace: &self.trace,
            knows: logged.knows,
            token,
            unknown_role_claims,
            missing_issuer,
            are_issuers_others: judge.are_issuers_others,
            knows_iss: issuer.is_some_and(|issuer| matches!(issuer.issuer, IssuerId::Exact(_))),
            may_be_preflight: logged.method == "OPTIONS"
                && judge.config.preflight == Preflight::Allow
                && !logged.knows.headers,
            state: self.state,
            recorded,
        }
    }
}

/// Returns the claims that a configuration reads of tokens.
fn claims_of(config: &Config) -> Vec<ClaimPath> {
    let issuers =
        config.issuers.iter().flat_map(|issuer| &issuer.role_claims).map(|role| &role.claim);
    let rules = config.policies.iter().flat_map(|policy| &policy.rules).flat_map(|rule| &rule.when);
    let mut claims: Vec<ClaimPath> = issuers
        .chain(rules.map(|condition| &condition.claim))
        .chain(&config.audit.claims)
        .cloned()
        .collect();
    claims.sort();
    claims.dedup();
    claims
}
