//! The way of a request through the engine: path → candidate rules → token → verdict.
//!
//! What few requests need is kept out of the functions that all go through (`inline(never)`, here and elsewhere): a
//! request pays for the memory that its code lies in, whether it runs or is jumped over.

mod coverage;
mod dry_run;
mod evaluation;
mod readings;
mod respond;
mod rivals;

pub use coverage::Coverage;

use crate::Reason;
use crate::answer::Answers;
use crate::authenticated_token::AuthenticatedToken;
use crate::cache::TokenCache;
use crate::decision::{Decided, Decision};
use crate::host::{Environment, Workload};
use crate::host_context::HostContext;
use crate::ids::IssuerIndex;
use crate::issuers::{Issuers, RemoteIssuer};
use crate::policy::{ClaimTable, Policies, RequestFacts, RuleIndex, RuleNames, View, read_path};
use crate::request::HeaderUses;
use crate::shared::SharedVerifications;
use crate::token::IssuerKeys;
use crate::token_location::TokenLocations;
use attache_plugin_config::{
    AmbiguousPaths, Audit, ClaimPath, Config, Diagnostic, Diagnostics, MethodOverride, Name, Preflight,
};
use evaluation::Evaluation;
use readings::{Flaws, Reading};
use serde_json::Value;
use std::cell::OnceCell;
use std::rc::Rc;

/// A configuration made ready for one workload: decides about requests, one after the other.
#[derive(Debug)]
pub struct Engine {
    header_uses: HeaderUses,
    places: TokenLocations,
    issuers: Issuers,
    policies: Policies,
    claim_table: ClaimTable,
    cache: TokenCache,
    shared: SharedVerifications,
    answers: Answers,
    max_token_bytes: usize,
    preflight: Preflight,
    ambiguous_paths: AmbiguousPaths,
    method_override: MethodOverride,
    audit: Audit,
    dry_run: bool,
    warnings: Vec<Diagnostic>,
    coverage: Coverage,
    /// Every request is refused.
    is_closed: bool,
}

impl Engine {
    /// Makes a configuration ready for a workload.
    ///
    /// # Errors
    /// What only shows here: an issuer whose keys are no points of their curves, a secret that is unset or too short.
    pub fn new(
        config: &Config,
        workload: &Workload,
        environment: &dyn Environment,
    ) -> Result<Self, Diagnostics> {
        let mut claim_table = ClaimTable::default();
        let policies = Policies::compile(config, workload, &mut claim_table);
        // Where no rule names paths nobody here reads them.
        let issuers = Issuers::new(&config.issuers, environment)?;
        let coverage = Coverage::new(config, policies.applying(), workload);
        let mut warnings = issuers.warnings().to_vec();
        warnings.extend(policies.warning());
        warnings.extend(coverage.warning(workload));
        let names_paths = policies.uses_paths(View::WithShadow);
        let ambiguous_paths = if names_paths { config.ambiguous_paths } else { AmbiguousPaths::Refuse };
        for claim in &config.audit.claims {
            claim_table.slot(claim);
        }
        Ok(Self {
            header_uses: HeaderUses::new(config),
            places: TokenLocations::new(config),
            coverage,
            is_closed: false,
            issuers,
            policies,
            claim_table,
            cache: TokenCache::new(&config.cache),
            shared: SharedVerifications::new(&config.cache, &config.digest),
            answers: Answers::new(&config.responses),
            max_token_bytes: usize::try_from(config.cache.max_token_bytes).unwrap_or(usize::MAX),
            preflight: config.preflight,
            ambiguous_paths,
            method_override: config.method_override,
            audit: config.audit.clone(),
            dry_run: dry_run::is_for(&config.dry_run, workload),
            warnings,
        })
    }

    /// Makes an engine that refuses every request with [`Reason::ConfigurationInvalid`]: for a worker that never had a
    /// configuration that is good.
    ///
    /// # Errors
    /// None: without issuers nothing can be wrong with one.
    pub fn closed(workload: &Workload, environment: &dyn Environment) -> Result<Self, Diagnostics> {
        Ok(Self { is_closed: true, ..Self::new(&Config::default(), workload, environment)? })
    }

    /// Decides about a request, given its header map as the host holds it.
    pub fn decide<'r>(
        &self,
        headers: &'r [(String, Vec<u8>)],
        host_context: &HostContext<'_>,
    ) -> Decision<'r> {
        let request = self.header_uses.read(headers);
        if self.is_closed {
            let reason = Reason::ConfigurationInvalid;
            let answer = self.answers.answer_to(request.origin(), reason);
            return Decision::Decided(Decided::closed(reason.into(), answer));
        }
        let path = read_path(request.path, self.ambiguous_paths);
        let facts = RequestFacts {
            method: request.method,
            path: path.as_ref().map_or("", |path| path.matched.as_ref()),
            host: request.authority,
            peer: host_context.peer,
            headers: &request,
        };
        let mut flaws = Flaws { path: path.is_err(), ..Flaws::default() };
        let methods = self.other_methods(&request, &mut flaws);
        let paths = path.as_ref().map_or(&[][..], |path| &path.others);
        let evaluation = Evaluation {
            engine: self,
            request: &request,
            flaws,
            reading: Reading::new(facts, &self.policies, Reason::PathAmbiguous),
            others: self.other_readings(&facts, paths, &methods),
            preflight: self.preflight == Preflight::Allow
                && host_context.ends_with_headers
                && request.is_preflight(),
            host_context,
            token_outcome: OnceCell::new(),
            wait_decision: OnceCell::new(),
        };
        let verdict = evaluation.verdict(View::Enforced);
        if let Some((issuer, missing)) = verdict.waits_for {
            return Decision::Wait { issuer, missing };
        }
        // Without path rules nobody here reads the path, so it is not ours to change.
        let rewritten = path.as_ref().ok().and_then(|path| path.rewritten.as_deref());
        let rewritten = rewritten.filter(|_| self.policies.uses_paths(View::Enforced));
        if self.dry_run && verdict.cause.is_some() {
            return Decision::Decided(self.let_go_on(&evaluation, verdict));
        }
        let counts_shadow = self.policies.has_shadow() && !self.dry_run;
        let shadow = if counts_shadow { evaluation.shadow(&verdict) } else { None };
        Decision::Decided(self.carry_out(&evaluation, verdict, shadow, rewritten))
    }

    /// What is not wrong with the configuration but should be told, and only shows here: a key that is left out since it
    /// is no point of its curve, policies that leave everything open to this workload's callers. [`Config::warnings`] are
    /// not among them.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// How many of the policies apply to the workload.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// The issuers whose keys a provider serves. They have none until [`Engine::set_keys`] gives them.
    pub fn remote_issuers(&self) -> impl Iterator<Item = RemoteIssuer<'_>> {
        self.issuers.remote()
    }

    /// Has an issuer's tokens verified with other keys from now on, or, with `None`, not at all. What was verified with
    /// a key that is gone is worth nothing from now on.
    pub fn set_keys(&self, issuer: IssuerIndex, keys: Option<Rc<IssuerKeys>>) {
        self.issuers.set_keys(issuer, keys);
    }

    /// The names of a rule; `None` where the index is of another configuration.
    pub fn rule(&self, index: RuleIndex) -> Option<RuleNames<'_>> {
        self.policies.rule(index)
    }

    /// The name of an issuer.
    pub fn issuer(&self, index: IssuerIndex) -> Option<&Name> {
        self.issuers.name(index)
    }

    /// Which requests leave an audit line.
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    /// The claims of a authenticated that audit lines name, where it has them.
    pub fn audit_claims<'a>(
        &'a self,
        authenticated: &'a AuthenticatedToken,
    ) -> impl Iterator<Item = (&'a ClaimPath, &'a Value)> {
        let slots = self.claim_table.paths().iter().zip(authenticated.claims.iter());
        slots
            .filter(|(path, _)| self.audit.claims.contains(path))
            .filter_map(|(path, value)| Some((path, value.as_ref()?)))
    }

    /// The names of trailers that must not reach the service: those of headers which this configuration looks at or
    /// writes.
    pub fn forged_trailers<'t>(&self, trailers: &'t [(String, Vec<u8>)]) -> impl Iterator<Item = &'t str> {
        trailers.iter().map(|(name, _)| name.as_str()).filter(|name| self.header_uses.knows(name))
    }
}
