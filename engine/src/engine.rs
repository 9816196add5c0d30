//! A configuration made ready for one workload.

use crate::answer::Answers;
use crate::cache::TokenCache;
use crate::coverage::Coverage;
use crate::header_uses::HeaderUses;
use crate::host::{Environment, Workload};
use crate::ids::IssuerIndex;
use crate::issuers::{Issuers, RemoteIssuer};
use crate::policy::{self, ClaimTable, Policies, View};
use crate::shared::SharedVerifications;
use crate::token::IssuerKeys;
use crate::token_location::TokenLocations;
use attache_plugin_config::{
    AmbiguousPaths, Audit, Config, Diagnostic, Diagnostics, MethodOverride, Preflight,
};
use std::rc::Rc;

/// A configuration made ready for one workload: decides about requests, one after the other.
#[derive(Debug)]
pub struct Engine {
    pub(crate) header_uses: HeaderUses,
    pub(crate) places: TokenLocations,
    pub(crate) issuers: Issuers,
    pub(crate) policies: Policies,
    pub(crate) claim_table: ClaimTable,
    pub(crate) cache: TokenCache,
    pub(crate) shared: SharedVerifications,
    pub(crate) answers: Answers,
    pub(crate) max_token_bytes: usize,
    pub(crate) preflight: Preflight,
    pub(crate) ambiguous_paths: AmbiguousPaths,
    pub(crate) method_override: MethodOverride,
    pub(crate) audit: Audit,
    pub(crate) dry_run: bool,
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) coverage: Coverage,
    /// Every request is refused.
    pub(crate) is_closed: bool,
}

impl Engine {
    /// Makes a configuration ready for a workload.
    ///
    /// # Errors
    /// What only shows here: an issuer whose keys are no points of their curves, a secret that is
    /// unset or too short.
    pub fn new(
        config: &Config,
        workload: &Workload,
        environment: &dyn Environment,
    ) -> Result<Self, Diagnostics> {
        // Without `..`: what is read by nobody here is read by the policies, or told by the host.
        let Config {
            digest,
            warnings: _,
            dry_run,
            issuers,
            role_hierarchy: _,
            policies: _,
            preflight,
            ambiguous_paths,
            method_override,
            responses,
            cache,
            audit,
        } = config;
        let mut claim_table = ClaimTable::default();
        let policies = Policies::compile(config, workload, &mut claim_table);
        let issuers = Issuers::new(issuers, environment)?;
        let coverage = Coverage::new(config, policies.applying(), workload);
        let mut warnings = issuers.warnings().to_vec();
        warnings.extend(policies.warning());
        warnings.extend(coverage.warning(workload));
        // Where no rule names paths nobody here reads them.
        let names_paths = policies.uses_paths(View::WithShadow);
        let ambiguous_paths = if names_paths { *ambiguous_paths } else { AmbiguousPaths::Refuse };
        for claim in &audit.claims {
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
            cache: TokenCache::new(cache),
            shared: SharedVerifications::new(cache, digest),
            answers: Answers::new(responses),
            max_token_bytes: usize::try_from(cache.max_token_bytes).unwrap_or(usize::MAX),
            preflight: *preflight,
            ambiguous_paths,
            method_override: *method_override,
            audit: audit.clone(),
            dry_run: policy::is_dry_run(dry_run, workload),
            warnings,
        })
    }

    /// Makes an engine that refuses every request with
    /// [`Reason::ConfigurationInvalid`](crate::Reason::ConfigurationInvalid): for a worker that
    /// never had a configuration that is good.
    ///
    /// # Errors
    /// None: without issuers nothing can be wrong with one.
    #[inline(never)]
    pub fn closed(workload: &Workload, environment: &dyn Environment) -> Result<Self, Diagnostics> {
        Ok(Self { is_closed: true, ..Self::new(&Config::default(), workload, environment)? })
    }

    /// Returns what is not wrong with the configuration but should be told, and only shows here: a
    /// key that is left out since it is no point of its curve, policies that leave everything open
    /// to this workload's callers. [`Config::warnings`] are not among them.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Returns how many of the policies apply to the workload.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// Returns the issuers whose keys a provider serves. They have none until [`Engine::set_keys`]
    /// gives them.
    pub fn remote_issuers(&self) -> impl Iterator<Item = RemoteIssuer<'_>> {
        self.issuers.remote()
    }

    /// Has an issuer's tokens verified with other keys from now on, or, with `None`, not at all.
    /// What was verified with a key that is gone is worth nothing from now on.
    pub fn set_keys(&self, issuer: IssuerIndex, keys: Option<Rc<IssuerKeys>>) {
        self.issuers.set_keys(issuer, keys);
    }

    /// Returns the names of trailers that must not reach the service: those of headers which this
    /// configuration looks at or writes.
    pub fn forged_trailers<'t>(
        &self,
        trailers: &'t [(String, Vec<u8>)],
    ) -> impl Iterator<Item = &'t str> {
        trailers.iter().map(|(name, _)| name.as_str()).filter(|name| self.header_uses.knows(name))
    }

    /// Returns whether nothing is refused here, only counted and logged.
    pub fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Returns whether anything is in SHADOW here: the document, a policy or a rule.
    pub fn has_shadow(&self) -> bool {
        self.dry_run || self.policies.has_shadow()
    }
}
