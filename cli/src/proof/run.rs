//! Whether assertions hold.

use super::assertion::Assertion;
use crate::input::{Configuration, has_policy_for};
use crate::symbolic::{
    Analysis, AnalysisError, Found, Scope, Side, TooManyWorkloads, described, workload_classes,
};
use attache_engine::host::Workload;
use attache_engine::policy::View;
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
    /// No workload gets a request that it describes, so it says nothing.
    Empty,
    /// Of all but this one, at least, which is for this workload.
    Fails { found: Box<Found>, workload: String },
    /// No request was found of which it does not, but not all were looked at: what was not, as
    /// sentences.
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
    #[error(
        "no policy of {configuration} applies to {workload}, so that nothing would be proven of any; name a workload that one is \
         for, or leave `workload` out for all of them"
    )]
    NoPolicy { configuration: String, workload: String },
}

/// Looks for a request of which an assertion does not hold. `workload` is what is said of the
/// workload; where nothing is, that is every workload that a policy applies to.
///
/// # Errors
/// There is too much to look at, the configuration can't be used, or none of its policies is for
/// the workload.
pub(crate) fn prove<'a>(
    assertions: &'a [Assertion],
    configuration: &Configuration,
    config: &Config,
    workload: Option<&Workload>,
    view: View,
) -> Result<Vec<Proved<'a>>, ProofError> {
    let unlooked = |assertion| Proved { assertion, answer: Answer::Empty };
    let mut proved: Vec<Proved<'a>> = assertions.iter().map(unlooked).collect();
    let scopes: Vec<&Scope> = assertions.iter().flat_map(|it| it.region.scopes()).collect();
    for workload in workloads(configuration, config, workload)? {
        let environment = configuration.environment();
        let side = Side::new(config, &workload, &environment, view, &scopes)
            .map_err(|errors| ProofError::Configuration(configuration.has_errors(&errors)))?;
        let sides = [side];
        let mut analysis = Analysis::new(&sides, &scopes)?;
        for proved in proved.iter_mut().filter(|it| !matches!(it.answer, Answer::Fails { .. })) {
            if let Some(found) =
                analysis.find(&proved.assertion.region, !proved.assertion.allowed)?
            {
                proved.answer =
                    Answer::Fails { found: Box::new(found), workload: described(&workload) };
            } else if !analysis.limits().is_empty() {
                proved.answer = Answer::Unproven(analysis.limits().clone());
            } else if matches!(proved.answer, Answer::Empty)
                && analysis.is_there(&proved.assertion.region)?
            {
                proved.answer = Answer::Holds;
            }
        }
    }
    Ok(proved)
}

fn workloads(
    configuration: &Configuration,
    config: &Config,
    named: Option<&Workload>,
) -> Result<Vec<Workload>, ProofError> {
    let own = configuration.own_workload();
    let mut asked = match named {
        Some(named) => vec![configuration.workload_described(named)],
        None => workload_classes(&own, &[config])?,
    };
    // Where there is no policy at all, a token is all that anybody needs, and that can be proven.
    if config.policies.is_empty() {
        return Ok(asked);
    }
    asked.retain(|workload| has_policy_for(config, workload));
    if asked.is_empty() {
        let workload = named.map_or(own, |named| configuration.workload_described(named));
        let workload = described(&workload);
        return Err(ProofError::NoPolicy { configuration: configuration.to_string(), workload });
    }
    Ok(asked)
}
