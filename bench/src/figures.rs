//! What a run says: costs, the ratios that must hold, and whether they do.

use crate::cases::Job;
use crate::keys::Algorithm;
use crate::measure::Samples;
use crate::spread::Spread;
use crate::strangers::{self, Junk};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The CPU time of a request of one case, in microseconds beyond the empty chain (of `empty`: the
/// whole).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Cost {
    pub(crate) case: String,
    pub(crate) algorithm: Algorithm,
    #[serde(flatten)]
    pub(crate) microseconds: Spread,
}

/// One figure that DESIGN sets a limit to, or that stands beside those.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// What it says, in a line.
    pub(crate) title: String,
    /// The figure; absent where the module can't do what is measured. Of a ratio that is judged for
    /// both algorithms, the worse.
    #[serde(flatten)]
    pub(crate) spread: Option<Spread>,
    /// The most that it may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<f64>,
    /// Whether the median is within the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) met: Option<bool>,
    /// The same by algorithm.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) by_algorithm: BTreeMap<Algorithm, Spread>,
}

impl Figure {
    pub(crate) fn new(title: &str, spread: Option<Spread>, limit: Option<f64>) -> Self {
        let met = spread.zip(limit).map(|(spread, limit)| spread.median <= limit);
        Self { title: title.into(), spread, limit, met, by_algorithm: BTreeMap::new() }
    }
}

/// A ratio of two cases.
struct Ratio {
    name: &'static str,
    title: &'static str,
    job: Job,
    over: Job,
    limit: Option<f64>,
    /// What the limit is set for; the others are told beside it.
    judged: &'static [Algorithm],
}

const RATIOS: [Ratio; 10] = [
    Ratio {
        name: "cached_over_floor",
        title: "cached token / floor",
        job: Job::Cached,
        over: Job::Floor,
        limit: Some(1.25),
        judged: &Algorithm::ALL,
    },
    Ratio {
        name: "cached_over_native_cached",
        title: "cached token / native filters with their cache",
        job: Job::Cached,
        over: Job::NativeCached,
        limit: Some(0.9),
        judged: &Algorithm::ALL,
    },
    Ratio {
        name: "cached_over_istio",
        title: "cached token / Istio's chain",
        job: Job::Cached,
        over: Job::Istio,
        limit: Some(0.33),
        judged: &Algorithm::ALL,
    },
    Ratio {
        name: "uncached_over_istio",
        title: "uncached RS256 token / Istio's chain",
        job: Job::Uncached,
        over: Job::Istio,
        limit: Some(0.75),
        judged: &[Algorithm::Rs256],
    },
    Ratio {
        name: "refused_by_policy_over_istio",
        title: "refused by policy / by Istio's chain",
        job: Job::RefusedByPolicy,
        over: Job::IstioRefusedByPolicy,
        limit: Some(1.0),
        judged: &Algorithm::ALL,
    },
    Ratio {
        name: "refused_token_over_istio",
        title: "token of another's signature / at Istio's chain",
        job: Job::RefusedToken,
        over: Job::IstioRefusedToken,
        limit: Some(1.0),
        judged: &Algorithm::ALL,
    },
    Ratio {
        name: "rules_10k_over_10",
        title: "10,000 rules / 10 rules",
        job: Job::Rules(10_000),
        over: Job::Rules(10),
        limit: Some(1.3),
        judged: &Algorithm::ALL,
    },
    Ratio {
        name: "cached_over_before",
        title: "cached token / cached token of the module before",
        job: Job::Cached,
        over: Job::Before,
        limit: Some(1.03),
        judged: &Algorithm::ALL,
    },
    Ratio {
        name: "shared_hit_over_uncached",
        title: "token from shared data / uncached token",
        job: Job::SharedHit,
        over: Job::Uncached,
        limit: None,
        judged: &Algorithm::ALL,
    },
    Ratio {
        name: "cached_over_uncached",
        title: "cached token / uncached token",
        job: Job::Cached,
        over: Job::Uncached,
        limit: None,
        judged: &Algorithm::ALL,
    },
];

/// Every case's cost.
pub(crate) fn costs(samples: &Samples) -> Vec<Cost> {
    samples
        .iter()
        .filter_map(|(&(job, algorithm), values)| {
            let microseconds = Spread::of(values.clone())?;
            Some(Cost { case: job.name(), algorithm, microseconds })
        })
        .collect()
}

/// Every ratio, in the order in which they are told.
pub(crate) fn ratios(samples: &Samples) -> Vec<(&'static str, Figure)> {
    let mut ratios: Vec<_> =
        RATIOS.iter().map(|ratio| (ratio.name, ratio.figure(samples))).collect();
    ratios.push(("dearest_junk_over_junk", dearest_junk(samples)));
    ratios
}

/// The junk that costs the most.
fn dearest_junk(samples: &Samples) -> Figure {
    let over = Job::Junk(Junk::Known);
    let of_all = Junk::COMPARED.into_iter().filter_map(|junk| {
        Some((junk.name(), spread_of_ratio(samples, Job::Junk(junk), over, Algorithm::Rs256)?))
    });
    let dearest = of_all.max_by(|(_, one), (_, other)| one.median.total_cmp(&other.median));
    let name = dearest.map_or("dearest junk", |(name, _)| name);
    let title = format!("{name} / {}, {} keys", over.name(), strangers::KEYS);
    Figure::new(&title, dearest.map(|(_, spread)| spread), Some(8.0))
}

/// Of the ratios of each round: what disturbs a round disturbs both of its sides.
fn spread_of_ratio(samples: &Samples, job: Job, over: Job, algorithm: Algorithm) -> Option<Spread> {
    let above = samples.get(&(job, algorithm))?;
    let below = samples.get(&(over, algorithm))?;
    Spread::of(above.iter().zip(below).map(|(above, below)| above / below).collect())
}

impl Ratio {
    fn figure(&self, samples: &Samples) -> Figure {
        let by_algorithm: BTreeMap<Algorithm, Spread> = Algorithm::ALL
            .iter()
            .filter_map(|&algorithm| {
                Some((algorithm, spread_of_ratio(samples, self.job, self.over, algorithm)?))
            })
            .collect();
        let worst = self
            .judged
            .iter()
            .filter_map(|algorithm| by_algorithm.get(algorithm).copied())
            .max_by(|one, other| one.median.total_cmp(&other.median));
        Figure { by_algorithm, ..Figure::new(self.title, worst, self.limit) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> Samples {
        Samples::from([
            ((Job::Cached, Algorithm::Rs256), vec![11.0, 24.0, 12.0]),
            ((Job::Floor, Algorithm::Rs256), vec![10.0, 20.0, 10.0]),
            ((Job::Cached, Algorithm::Es256), vec![13.0, 13.0, 13.0]),
            ((Job::Floor, Algorithm::Es256), vec![10.0, 10.0, 10.0]),
        ])
    }

    fn figure(name: &str) -> Figure {
        ratios(&samples()).into_iter().find(|(found, _)| *found == name).unwrap().1
    }

    #[test]
    fn a_ratio_is_that_of_the_worse_algorithm() {
        let figure = figure("cached_over_floor");
        assert_eq!(figure.spread.unwrap().median, 1.3);
        assert_eq!(figure.by_algorithm[&Algorithm::Rs256].median, 1.2);
        assert_eq!(figure.met, Some(false));
    }

    #[test]
    fn of_all_junk_the_dearest_is_told() {
        let samples = Samples::from([
            ((Job::Junk(Junk::Known), Algorithm::Rs256), vec![10.0]),
            ((Job::Junk(Junk::Rs256), Algorithm::Rs256), vec![40.0]),
            ((Job::Junk(Junk::Es512), Algorithm::Rs256), vec![90.0]),
            ((Job::Junk(Junk::Ps512), Algorithm::Rs256), vec![20.0]),
        ]);
        let figure = dearest_junk(&samples);
        assert_eq!(figure.title, "junk-es512 / junk-rs256-kid, 256 keys");
        assert_eq!((figure.spread.unwrap().median, figure.met), (9.0, Some(false)));
    }

    #[test]
    fn what_was_not_measured_is_neither_met_nor_missed() {
        let figure = figure("shared_hit_over_uncached");
        assert_eq!((figure.spread, figure.met), (None, None));
    }
}
