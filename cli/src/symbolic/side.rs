//! A configuration before one workload, ready to be asked.

use super::region::Scope;
use crate::explain::{seconds_now, trusting};
use attache_engine::Engine;
use attache_engine::host::{Environment, Workload};
use attache_engine::policy::{ClaimTable, Policies, RoleTable, View, selector_fits};
use attache_plugin_config::{
    Action, Config, DryRun, Mode, Name, PathEquality, Policy, Rule, Selector,
};

/// A configuration before one workload. Signatures count as good, and a dry run as none.
pub(crate) struct Side {
    pub(super) config: Config,
    pub(super) engine: Engine,
    /// Policies that ask for every role that anybody asks for.
    asked: Policies,
    /// When its tokens are issued, in seconds since 1970.
    pub(super) now: u64,
    /// When they are over.
    pub(super) expires: u64,
}

/// How long tokens live, in seconds, where no issuer wants them shorter.
const LIFETIME: u64 = 300;

impl Side {
    /// Makes a configuration ready. What is in SHADOW is left out, or counts as if it were not.
    /// `scopes` are what will be asked beside the rules.
    ///
    /// # Errors
    /// The filter refuses the configuration.
    pub(crate) fn new(
        config: &Config,
        workload: &Workload,
        environment: &dyn Environment,
        view: View,
        scopes: &[&Scope],
    ) -> Result<Self, String> {
        let mut config = trusting(config);
        config.dry_run = DryRun::Nowhere;
        config.policies.retain(|policy| selector_fits(&policy.selector, workload));
        for policy in &mut config.policies {
            if view == View::WithShadow {
                policy.mode = Mode::Enforce;
                policy.rules.iter_mut().for_each(|rule| rule.mode = Mode::Enforce);
            }
        }
        let engine =
            Engine::new(&config, workload, environment).map_err(|errors| errors.to_string())?;
        let asked =
            Policies::compile(&with_scopes(&config, scopes)?, workload, &mut ClaimTable::default());
        let now = seconds_now();
        let shortest = config.issuers.iter().filter_map(|issuer| issuer.max_lifetime).min();
        let lifetime = shortest.map_or(LIFETIME, |shortest| shortest.as_secs().min(LIFETIME));
        Ok(Self { config, engine, asked, now, expires: now.saturating_add(lifetime) })
    }

    /// Returns the policies that apply and count.
    pub(super) fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.config.policies.iter().filter(|policy| policy.mode == Mode::Enforce)
    }

    /// Returns the rules that apply and count, each with its policy.
    pub(super) fn rules(&self) -> impl Iterator<Item = (&Policy, &Rule)> {
        let rules =
            self.policies().flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
        rules.filter(|(_, rule)| rule.mode == Mode::Enforce)
    }

    /// Returns what reads roles.
    pub(super) fn role_table(&self) -> &RoleTable {
        self.asked.roles()
    }
}

/// Returns a configuration whose policies ask also for the roles that scopes do.
fn with_scopes(config: &Config, scopes: &[&Scope]) -> Result<Config, String> {
    let mut config = config.clone();
    config.policies.push(Policy {
        name: Name::new("asked")?,
        selector: Selector::default(),
        default_action: Action::Deny,
        mode: Mode::Enforce,
        paths: PathEquality::default(),
        rules: scopes.iter().map(|scope| scope.rule.clone()).collect(),
    });
    Ok(config)
}
