//! Comparing two versions.

use super::setting::Setting;
use super::settings;
use super::version::Version;
use crate::symbolic::{
    Analysis, AnalysisError, Difference, Side, TooManyWorkloads, described, workload_classes,
};
use attache_engine::host::Workload;
use attache_engine::policy::{View, selector_fits};
use attache_plugin_config::Config;
use std::collections::BTreeSet;

/// What differs between two versions.
pub(crate) struct Comparison<'c> {
    pub(crate) old: Version<'c>,
    pub(crate) new: Version<'c>,
    /// Requests that are decided otherwise.
    pub(crate) changes: Vec<Change>,
    /// What else is not the same, which no request shows.
    pub(crate) settings: Vec<Setting>,
    /// What was not followed to the end.
    pub(crate) limits: BTreeSet<String>,
}

/// A request that is decided otherwise.
pub(crate) struct Change {
    pub(crate) difference: Difference,
    /// For which workloads.
    pub(crate) workloads: Vec<String>,
}

/// Why two versions can't be compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ComparisonError {
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    #[error(transparent)]
    Workloads(#[from] TooManyWorkloads),
    #[error("{0}")]
    Configuration(String),
}

impl Change {
    /// Returns whether the request is allowed now.
    pub(crate) fn is_allowed_now(&self) -> bool {
        self.difference.new.is_allowed()
    }
}

/// Compares two versions, for every workload that a selector tells apart from others.
///
/// # Errors
/// There is too much to compare, or a version can't be used by some workload.
pub(crate) fn compare<'c>(
    old: Version<'c>,
    new: Version<'c>,
    view: View,
) -> Result<Comparison<'c>, ComparisonError> {
    let settings = settings::changed(&old, &new, view);
    let mut comparison =
        Comparison { old, new, changes: Vec::new(), settings, limits: BTreeSet::new() };
    let Comparison { old, new, .. } = &comparison;
    let (mut changes, mut limits) = (Vec::new(), BTreeSet::new());
    for workload in
        workload_classes(&new.configuration.own_workload(), &[&old.config, &new.config])?
    {
        if says(&old.config, &workload) == says(&new.config, &workload) {
            continue;
        }
        let sides = [side(old, &workload, view)?, side(new, &workload, view)?];
        let mut analysis = Analysis::new(&sides, &[])?;
        for difference in analysis.differences()? {
            add(&mut changes, difference, described(&workload));
        }
        limits.extend(analysis.limits().iter().cloned());
    }
    comparison.changes = changes;
    comparison.limits = limits;
    Ok(comparison)
}

/// Returns all that a configuration says to a workload, so that what is the same need not be
/// compared.
fn says(config: &Config, workload: &Workload) -> String {
    let policies: Vec<_> =
        config.policies.iter().filter(|policy| selector_fits(&policy.selector, workload)).collect();
    format!("{:?} {:?} {policies:?}", config.issuers, config.role_hierarchy)
}

fn side(version: &Version<'_>, workload: &Workload, view: View) -> Result<Side, ComparisonError> {
    let environment = version.configuration.environment();
    Side::new(&version.config, workload, &environment, view, &[])
        .map_err(|errors| ComparisonError::Configuration(version.configuration.has_errors(&errors)))
}

/// Adds a change, or a workload to one that is decided alike.
fn add(changes: &mut Vec<Change>, difference: Difference, workload: String) {
    let is_alike = |change: &&mut Change| {
        let Difference { witness, others, old, new } = &change.difference;
        *old == difference.old
            && *new == difference.new
            && *others == difference.others
            && (&witness.method, &witness.path)
                == (&difference.witness.method, &difference.witness.path)
    };
    match changes.iter_mut().find(is_alike) {
        Some(known) => known.workloads.push(workload),
        None => changes.push(Change { difference, workloads: vec![workload] }),
    }
}
