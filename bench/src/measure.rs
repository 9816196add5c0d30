//! CPU time of the chains: all in one Envoy, in rounds, each in another order.

use crate::cases::{Case, Job};
use crate::chains::{Chain, Parts};
use crate::envoy::Envoy;
use crate::keys::Algorithm;
use crate::load::Load;
use crate::probe;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often an empty chain is measured in a slice: it is taken from everything.
const EMPTY_REPEATS: usize = 3;

/// In how many slices a round's requests are sent, one case after another in each. What the
/// machine's neighbours do comes and goes within seconds, so cases that are compared are measured
/// within fractions of one.
const SLICES: usize = 16;

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
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// Beyond what an empty chain cost in the same round; of [`Job::Empty`] the whole.
    pub(crate) costs: Samples,
    /// Whether a request of [`Job::SharedHit`] was answered without checking a signature.
    pub(crate) shares: bool,
    /// The least part of a round that Envoy's threads were at work.
    pub(crate) least_busy: f64,
}

pub(crate) fn measure(
    binary: &Path,
    parts: &Parts,
    cases: &[Case],
    effort: Effort,
) -> Result<Measured> {
    let mut envoy = Envoy::start(binary, 1, &parts.chains(), parts)?;
    for case in cases {
        probe::check(&mut envoy, case)?;
    }
    let shares = probe::shares_tokens(binary, parts, cases)?;
    let cases: Vec<&Case> =
        cases.iter().filter(|case| shares || case.job != Job::SharedHit).collect();
    let mut loads = BTreeMap::new();
    for chain in parts.chains() {
        loads.insert(chain, Load::open(|| envoy.connect(chain))?);
    }
    let mut run = Run { envoy, loads, used: Duration::ZERO, elapsed: Duration::ZERO };
    for case in &cases {
        eprintln!("warming up {} with {}", case.job.name(), case.algorithm);
        run.batch(case, effort.warm_up)?;
    }
    let (costs, least_busy) = run.rounds(&cases, effort)?;
    Ok(Measured { costs, shares, least_busy })
}

struct Run {
    envoy: Envoy,
    loads: BTreeMap<Chain, Load>,
    /// The CPU time of all batches of a round, and how long they took.
    used: Duration,
    elapsed: Duration,
}

impl Run {
    /// What came of each round, and the least part of one that Envoy was at work.
    fn rounds(&mut self, cases: &[&Case], effort: Effort) -> Result<(Samples, f64)> {
        let mut order: Vec<&Case> = cases
            .iter()
            .flat_map(|&case| {
                std::iter::repeat_n(case, if case.job == Job::Empty { EMPTY_REPEATS } else { 1 })
            })
            .collect();
        let (mut samples, mut least_busy) = (Samples::new(), f64::INFINITY);
        for round in 1..=effort.rounds {
            eprintln!("round {round} of {}", effort.rounds);
            (self.used, self.elapsed) = (Duration::ZERO, Duration::ZERO);
            let mut costs: BTreeMap<(Job, Algorithm), Vec<f64>> = BTreeMap::new();
            for slice in 0..SLICES {
                fastrand::shuffle(&mut order);
                for case in &order {
                    let count = match case.job {
                        // What is limited by the second must come at once: a flood, and not a
                        // trickle.
                        Job::Junk(_) if slice > 0 => continue,
                        Job::Junk(_) => effort.requests,
                        _ => effort.requests / SLICES,
                    };
                    let cost = self.batch(case, count)?;
                    costs.entry((case.job, case.algorithm)).or_default().push(cost);
                }
            }
            least_busy = least_busy.min(self.used.as_secs_f64() / self.elapsed.as_secs_f64());
            for (key, value) in beyond_empty(&costs)? {
                samples.entry(key).or_default().push(value);
            }
        }
        Ok((samples, least_busy))
    }

    /// The CPU time of a request, in microseconds.
    fn batch(&mut self, case: &Case, count: usize) -> Result<f64> {
        let load = self.loads.get_mut(&case.job.chain()).context("every chain has its load")?;
        let requests = case.requests.iter().cycle().take(count);
        let (before, started) = (self.envoy.cpu()?, Instant::now());
        let sent = load.run(requests, case.job.statuses()).with_context(|| case.job.name())?;
        let elapsed = started.elapsed();
        let used = self.envoy.cpu()?.since(&before);
        self.used = self.used.saturating_add(used);
        self.elapsed = self.elapsed.saturating_add(elapsed);
        Ok(used.as_secs_f64() * 1e6 / sent as f64)
    }
}

/// Takes what an empty chain cost in the same round with the same tokens.
fn beyond_empty(
    costs: &BTreeMap<(Job, Algorithm), Vec<f64>>,
) -> Result<BTreeMap<(Job, Algorithm), f64>> {
    let mean = |values: &Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let costs: BTreeMap<_, f64> = costs.iter().map(|(key, values)| (*key, mean(values))).collect();
    costs
        .iter()
        .map(|(&(job, algorithm), cost)| {
            let empty =
                costs.get(&(Job::Empty, algorithm)).context("a round lacks its empty chain")?;
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
            ((Job::Empty, Algorithm::Rs256), vec![12.0, 10.0, 14.0]),
            ((Job::Empty, Algorithm::Es256), vec![9.0]),
            ((Job::Floor, Algorithm::Rs256), vec![18.0, 22.0]),
            ((Job::Floor, Algorithm::Es256), vec![20.0]),
        ]);
        let beyond = beyond_empty(&costs).unwrap();
        assert_eq!(beyond[&(Job::Floor, Algorithm::Rs256)], 8.0);
        assert_eq!(beyond[&(Job::Floor, Algorithm::Es256)], 11.0);
        assert_eq!(beyond[&(Job::Empty, Algorithm::Rs256)], 12.0);
    }
}
