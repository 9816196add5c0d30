//! Whether assertions hold.

use super::assertion::Assertion;
use crate::input::Configuration;
use crate::symbolic::{
    Analysis, AnalysisError, Found, Scope, Side, TooManyWorkloads, described, workload_classes,
};
use attache_engine::host::Workload;
use attache_engine::policy::{View, selector_fits};
use attache_plugin_config::Config;
use std::collections::BTreeSet;

/// What came of one assertion.
pub(crate) struct Proved<'a> {
    pub(crate) assertion: &'a Assertion,
    pub(crate) answer: Answer,
}

/// Whether an assertion holds.
pub(crate) enum Answer {
    /// Of every request.
    Holds,
    /// Of all but this one, at least, which is for this workload.
    Fails { found: Box<Found>, workload: String },
    /// No request was found of which it does not, but not all were looked at: what was not, as sentences.
    Unproven(BTreeSet<String>),
}

impl Proved<'_> {
    pub(crate) fn holds(&self) -> bool {
        matches!(self.answer, Answer::Holds)
    }
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProofError {
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    #[error(transparent)]
    Workloads(#[from] TooManyWorkloads),
    #[error("{0}")]
    Configuration(String),
}

/// Looks for a request of which an assertion does not hold. `workload` is what is said of the workload; where nothing is,
/// that is every workload that a policy applies to.
///
/// # Errors
/// There is too much to look at, or the configuration can't be used.
pub(crate) fn prove<'a>(
    assertions: &'a [Assertion],
    configuration: &Configuration,
    config: &Config,
    workload: Option<&Workload>,
    view: View,
) -> Result<Vec<Proved<'a>>, ProofError> {
    let unlooked = |assertion| Proved { assertion, answer: Answer::Holds };
    let mut proved: Vec<Proved<'a>> = assertions.iter().map(unlooked).collect();
    let scopes: Vec<&Scope> = assertions.iter().flat_map(|it| it.region.scopes()).collect();
    for workload in workloads(configuration, config, workload)? {
        let environment = configuration.environment();
        let side = Side::new(config, &workload, &environment, view, &scopes)
            .map_err(|errors| ProofError::Configuration(format!("{configuration} has errors:\n{errors}")))?;
        let sides = [side];
        let mut analysis = Analysis::new(&sides, &scopes)?;
        for proved in proved.iter_mut().filter(|it| !matches!(it.answer, Answer::Fails { .. })) {
            if let Some(found) = analysis.find(&proved.assertion.region, !proved.assertion.allowed)? {
                proved.answer = Answer::Fails { found: Box::new(found), workload: described(&workload) };
            } else if !analysis.limits().is_empty() {
                proved.answer = Answer::Unproven(analysis.limits().clone());
            }
        }
    }
    Ok(proved)
}

fn workloads(
    configuration: &Configuration,
    config: &Config,
    described: Option<&Workload>,
) -> Result<Vec<Workload>, TooManyWorkloads> {
    let own = configuration.own_workload();
    if let Some(described) = described {
        let mut labels = own.labels;
        labels.extend(described.labels.clone());
        return Ok(vec![Workload {
            namespace: described.namespace.clone().or(own.namespace),
            name: described.name.clone().or(own.name),
            service_account: described.service_account.clone().or(own.service_account),
            labels,
        }]);
    }
    let applies =
        |workload: &Workload| config.policies.iter().any(|policy| selector_fits(&policy.selector, workload));
    let mut classes = workload_classes(&own, &[config])?;
    // Where no policy applies anywhere, that is what holds.
    if classes.iter().any(applies) {
        classes.retain(applies);
    }
    Ok(classes)
}
