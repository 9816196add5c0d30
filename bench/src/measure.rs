//! CPU time of the chains: all in one Envoy, in rounds, each in another order.

use crate::cases::{Case, Job};
use crate::chains::{Chain, Parts};
use crate::envoy::Envoy;
use crate::keys::{Algorithm, Keys};
use crate::load::Load;
use crate::probe;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// How often an empty chain is measured in a round: it is taken from everything.
const EMPTY_REPEATS: usize = 3;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    /// Requests of one case in one round.
    pub(crate) requests: usize,
    /// Requests of one case before the first round: V8 compiles what is hot while it runs.
    pub(crate) warm_up: usize,
}

/// The CPU time of one request by case, in microseconds: one value a round.
pub(crate) type Samples = BTreeMap<(Job, Algorithm), Vec<f64>>;

/// What a run has measured.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Beyond what an empty chain cost in the same round; of [`Job::Empty`] the whole.
    pub(crate) costs: Samples,
    /// Whether a request of [`Job::SharedHit`] was answered without checking a signature.
    pub(crate) shares: bool,
    /// The least part of the time that Envoy's threads were at work while a case was measured.
    pub(crate) least_busy: f64,
}

pub(crate) fn measure(binary: &Path, parts: &Parts, keys: &Keys, effort: Effort) -> Result<Measured> {
    let mut envoy = Envoy::start(binary, 1, &Chain::ALL, parts)?;
    let mut cases = Case::all(keys)?;
    for case in &cases {
        probe::check(&mut envoy, case)?;
    }
    let shares = probe::shares_tokens(binary, parts, &cases)?;
    if !shares {
        cases.retain(|case| case.job != Job::SharedHit);
    }
    let mut loads = BTreeMap::new();
    for chain in Chain::ALL {
        loads.insert(chain, Load::open(|| envoy.connect(chain))?);
    }
    let mut run = Run { envoy, loads, least_busy: f64::INFINITY };
    for case in &cases {
        eprintln!("warming up {} with {}", case.job.name(), case.algorithm);
        run.batch(case, effort.warm_up)?;
    }
    run.least_busy = f64::INFINITY;
    let costs = run.rounds(&cases, effort)?;
    Ok(Measured { costs, shares, least_busy: run.least_busy })
}

struct Run {
    envoy: Envoy,
    loads: BTreeMap<Chain, Load>,
    least_busy: f64,
}

impl Run {
    fn rounds(&mut self, cases: &[Case], effort: Effort) -> Result<Samples> {
        let mut order: Vec<&Case> = cases
            .iter()
            .flat_map(|case| {
                std::iter::repeat_n(case, if case.job == Job::Empty { EMPTY_REPEATS } else { 1 })
            })
            .collect();
        let mut samples = Samples::new();
        for round in 1..=effort.rounds {
            eprintln!("round {round} of {}", effort.rounds);
            fastrand::shuffle(&mut order);
            let mut costs: BTreeMap<(Job, Algorithm), Vec<f64>> = BTreeMap::new();
            for case in &order {
                let cost = self.batch(case, effort.requests)?;
                costs.entry((case.job, case.algorithm)).or_default().push(cost);
            }
            for (key, value) in beyond_empty(costs)? {
                samples.entry(key).or_default().push(value);
            }
        }
        Ok(samples)
    }

    /// The CPU time of a request, in microseconds.
    fn batch(&mut self, case: &Case, count: usize) -> Result<f64> {
        let load = self.loads.get_mut(&case.job.chain()).context("every chain has its load")?;
        let requests = case.requests.iter().cycle().take(count);
        let (before, started) = (self.envoy.cpu()?, Instant::now());
        let sent = load.run(requests, case.job.status()).with_context(|| case.job.name())?;
        let elapsed = started.elapsed();
        let used = self.envoy.cpu()?.since(&before);
        self.least_busy = self.least_busy.min(used.as_secs_f64() / elapsed.as_secs_f64());
        Ok(used.as_secs_f64() * 1e6 / sent as f64)
    }
}

/// Takes what an empty chain cost in the same round with the same tokens.
fn beyond_empty(costs: BTreeMap<(Job, Algorithm), Vec<f64>>) -> Result<BTreeMap<(Job, Algorithm), f64>> {
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    let costs: BTreeMap<_, f64> =
        costs.into_iter().filter_map(|(key, values)| Some((key, middle(values)?))).collect();
    costs
        .iter()
        .map(|(&(job, algorithm), cost)| {
            let empty = costs.get(&(Job::Empty, algorithm)).context("a round lacks its empty chain")?;
            Ok(((job, algorithm), if job == Job::Empty { *cost } else { cost - empty }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_what_comes_on_top_of_the_empty_chain_with_the_same_tokens() {
        let costs = BTreeMap::from([
            ((Job::Empty, Algorithm::Rs256), vec![12.0, 10.0, 50.0]),
            ((Job::Empty, Algorithm::Es256), vec![9.0]),
            ((Job::Floor, Algorithm::Rs256), vec![20.0]),
            ((Job::Floor, Algorithm::Es256), vec![20.0]),
        ]);
        let beyond = beyond_empty(costs).unwrap();
        assert_eq!(beyond[&(Job::Floor, Algorithm::Rs256)], 8.0);
        assert_eq!(beyond[&(Job::Floor, Algorithm::Es256)], 11.0);
        assert_eq!(beyond[&(Job::Empty, Algorithm::Rs256)], 12.0);
    }
}
