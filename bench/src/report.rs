//! What a run says, as JSON and as a table.

use crate::cases::Job;
use crate::figures::{Cost, Figure};
use crate::keys::Algorithm;
use crate::spread::Spread;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) run: Run,
    pub(crate) costs: Vec<Cost>,
    /// `cached_over_floor` and the others, at the top of the document.
    #[serde(flatten)]
    pub(crate) figures: BTreeMap<String, Figure>,
}

/// How it was run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    /// What `envoy --version` says.
    pub(crate) envoy: String,
    pub(crate) processor: String,
    pub(crate) quick: bool,
    pub(crate) rounds: usize,
    pub(crate) requests_per_round: usize,
    pub(crate) distinct_tokens: u64,
    /// The least part of the time that Envoy was at work while a case was measured; far below 1,
    /// the load was too slow or the machine was not free.
    pub(crate) least_busy: f64,
}

/// The order in which figures are told.
pub(crate) const FIGURES: [&str; 22] = [
    "cached_over_floor",
    "cached_over_native_cached",
    "cached_over_istio",
    "uncached_over_istio",
    "rules_10k_over_10",
    "cached_over_before",
    "dearest_junk_over_junk",
    "shared_hit_over_uncached",
    "cached_over_uncached",
    "memory_growth_bytes",
    "module_bytes",
    "sidecar_memory_bytes",
    "sidecar_memory_peak_bytes",
    "sidecar_memory_4_workers_bytes",
    "sidecar_memory_over_none_bytes",
    "sidecar_memory_change_bytes",
    "ready_cpu_ms",
    "ready_cpu_30_ms",
    "ready_200m_ms",
    "ready_ms",
    "ready_floor_ms",
    "ready_compiled_ms",
];

impl Report {
    pub(crate) fn cost(&self, job: Job, algorithm: Algorithm) -> Option<Spread> {
        let name = job.name();
        let cost =
            self.costs.iter().find(|cost| cost.case == name && cost.algorithm == algorithm)?;
        Some(cost.microseconds)
    }

    /// Whether no limit was missed.
    pub(crate) fn all_met(&self) -> bool {
        self.figures.values().all(|figure| figure.met != Some(false))
    }

    fn write_costs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "CPU time of a request in µs, beyond the empty chain: median (quartiles), × floor"
        )?;
        for job in Job::ALL {
            write!(f, "  {:<26}", job.name())?;
            for algorithm in Algorithm::ALL {
                let Some(cost) = self.cost(job, algorithm) else {
                    write!(f, "  {algorithm} {:<31}", "n/a")?;
                    continue;
                };
                let times = match self.cost(Job::Floor, algorithm) {
                    Some(floor) if job != Job::Empty => {
                        format!("{:.2} ×", cost.median / floor.median)
                    }
                    _ => String::new(),
                };
                let range = format!("({:.1}–{:.1})", cost.low, cost.high);
                write!(f, "  {algorithm} {:>7.1} {range:<15} {times:>8}", cost.median)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    fn write_figures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<58} {:>10}  {:<23} {:>9}", "Figure", "median", "(quartiles)", "must be ≤")?;
        for name in FIGURES {
            let Some(figure) = self.figures.get(name) else { continue };
            let limit = figure.limit.map(readable).unwrap_or_default();
            let met = match (figure.met, &figure.spread) {
                (Some(true), _) => "met",
                (Some(false), _) => "NOT MET",
                (None, Some(_)) => "",
                (None, None) => "n/a",
            };
            let (median, range) = figure.spread.map_or_else(Default::default, |spread| {
                let varies = spread.low < spread.high;
                let range = format!("({}–{})", readable(spread.low), readable(spread.high));
                (readable(spread.median), if varies { range } else { String::new() })
            });
            writeln!(f, "  {:<56} {median:>10}  {range:<23} {limit:>9} {met}", figure.title)?;
            if figure.by_algorithm.len() > 1 {
                for (algorithm, spread) in &figure.by_algorithm {
                    let range = format!("({}–{})", readable(spread.low), readable(spread.high));
                    writeln!(
                        f,
                        "    {:<54} {:>10}  {range}",
                        algorithm.name(),
                        readable(spread.median)
                    )?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Run { envoy, processor, rounds, requests_per_round, least_busy, quick, .. } = &self.run;
        let note = if *quick { "; a quick run: the figures are rough" } else { "" };
        writeln!(f, "{envoy}, one worker, on {processor}{note}")?;
        if *rounds > 0 {
            writeln!(
                f,
                "{rounds} rounds of {requests_per_round} requests a case, Envoy {least_busy:.2} busy at least\n"
            )?;
            self.write_costs(f)?;
        }
        writeln!(f)?;
        self.write_figures(f)
    }
}

/// Two decimals for ratios, thousands apart for bytes.
fn readable(value: f64) -> String {
    if value.abs() < 1000.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().rev().enumerate() {
        if place > 0 && place % 3 == 0 && digit != '-' {
            text.push(',');
        }
        text.push(digit);
    }
    text.chars().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_readable() {
        assert_eq!(readable(0.333), "0.33");
        assert_eq!(readable(700_000.0), "700,000");
        assert_eq!(readable(-16_777_216.0), "-16,777,216");
        assert_eq!(readable(-100_000.0), "-100,000");
    }

    #[test]
    fn a_report_reads_back_what_it_wrote() {
        let run = Run {
            envoy: "envoy".into(),
            processor: "processor".into(),
            quick: true,
            rounds: 1,
            requests_per_round: 2,
            distinct_tokens: 3,
            least_busy: 0.9,
        };
        let cost = Cost {
            case: "floor".into(),
            algorithm: Algorithm::Rs256,
            microseconds: Spread::exact(2.5),
        };
        let figures = BTreeMap::from([
            (
                "module_bytes".to_owned(),
                Figure::new("module, bytes", Some(Spread::exact(5.0)), Some(4.0)),
            ),
            ("shared_hit_over_uncached".to_owned(), Figure::new("shared", None, None)),
        ]);
        let text = serde_json::to_string(&Report { run, costs: vec![cost], figures }).unwrap();
        let report: Report = serde_json::from_str(&text).unwrap();
        assert_eq!(report.cost(Job::Floor, Algorithm::Rs256), Some(Spread::exact(2.5)));
        assert_eq!(report.figures["shared_hit_over_uncached"].spread, None);
        assert!(!report.all_met());
        let table = report.to_string();
        assert!(table.contains("NOT MET") && table.contains("n/a"), "{table}");
    }
}
