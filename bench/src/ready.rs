//! How much later an Envoy answers because of the module.

use crate::cases::{Case, Job};
use crate::chains::{Chain, Parts};
use crate::envoy::Envoy;
use crate::keys::Algorithm;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::time::Instant;

/// Delays of starts, in milliseconds: one value a repetition.
#[derive(Debug, Default)]
pub(crate) struct Delays {
    /// From an Envoy's start to its first answer, with the module less without.
    pub(crate) whole: Vec<f64>,
    /// The same of the floor's module: what no module that speaks to Envoy can go below.
    pub(crate) floor: Vec<f64>,
    /// What a second VM of the same module adds: V8 takes its code from the first, so that what is
    /// left is the module's own start and the reading of its configuration.
    pub(crate) compiled: Vec<f64>,
}

/// Starts Envoys and waits for their first answers.
pub(crate) fn delays(
    binary: &Path,
    parts: &Parts,
    cases: &[Case],
    repetitions: usize,
) -> Result<Delays> {
    let find = |job| {
        cases
            .iter()
            .find(|case| case.job == job && case.algorithm == Algorithm::Rs256)
            .with_context(|| format!("there is no case {}", job.name()))
    };
    let (with, without, floor) = (find(Job::Cached)?, find(Job::Empty)?, find(Job::Floor)?);
    let mut delays = Delays::default();
    for repetition in 1..=repetitions {
        let none = first_answer(binary, &[Chain::Empty], parts, without)?;
        let least = first_answer(binary, &[Chain::Floor], parts, floor)?;
        let one = first_answer(binary, &[Chain::Attache], parts, with)?;
        let two = first_answer(binary, &[Chain::Attache, Chain::AttacheUncached], parts, with)?;
        eprintln!(
            "start {repetition} of {repetitions}: {none:.0} ms, with the floor {least:.0} ms, with a VM {one:.0} ms, \
             with two {two:.0} ms"
        );
        delays.whole.push(one - none);
        delays.floor.push(least - none);
        delays.compiled.push(two - one);
    }
    Ok(delays)
}

fn first_answer(binary: &Path, chains: &[Chain], parts: &Parts, case: &Case) -> Result<f64> {
    let started = Instant::now();
    let mut envoy = Envoy::start(binary, 1, chains, parts)?;
    let answer = envoy.connect(case.job.chain())?.exchange(&case.probe)?;
    let elapsed = started.elapsed();
    ensure!(answer.status == 200, "the first answer was {}:\n{}", answer.status, envoy.log());
    Ok(elapsed.as_secs_f64() * 1e3)
}
