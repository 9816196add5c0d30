//! What a sidecar pays for having the module, whether a request comes or not: memory, and CPU until
//! it is ready.

use crate::cases::{Case, Job};
use crate::cgroup::ControlGroup;
use crate::chains::{Chain, Parts};
use crate::envoy::Envoy;
use crate::figures::Figure;
use crate::keys::Algorithm;
use crate::spread::Spread;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::time::Instant;

/// In bytes: 22 MiB.
const MEMORY_LIMIT: f64 = 22.0 * 1024.0 * 1024.0;
/// In milliseconds.
const CPU_LIMIT: f64 = 450.0;

/// The listeners of a sidecar that calls many services.
const LISTENERS: usize = 30;

/// The CPU that a sidecar is given as a rule, in thousandths of a processor.
const USUAL_CPU: u32 = 200;

/// One value a repetition.
#[derive(Default)]
struct Samples {
    memory: Vec<f64>,
    over_none: Vec<f64>,
    peak: Vec<f64>,
    four_workers: Vec<f64>,
    changed: Vec<f64>,
    cpu: Vec<f64>,
    cpu_listeners: Vec<f64>,
    ready_usual: Vec<f64>,
}

/// An idle Envoy that has answered one request.
struct Idle {
    /// In bytes.
    settled: f64,
    /// In bytes.
    peak: f64,
    /// Used until the first answer, in milliseconds.
    cpu: f64,
}

/// Starts Envoys with and without the module, and returns what it adds.
pub(crate) fn figures(
    binary: &Path,
    parts: &Parts,
    cases: &[Case],
    repetitions: usize,
) -> Result<Vec<(&'static str, Figure)>> {
    let sidecar = Sidecar::new(binary, parts, cases)?;
    let mut samples = Samples::default();
    for repetition in 1..=repetitions {
        let none = sidecar.idle(Chain::Empty, 1)?;
        let tiny = sidecar.idle(Chain::Tiny, 1)?;
        let one = sidecar.idle(Chain::Attache, 1)?;
        samples.memory.push(one.settled - tiny.settled);
        samples.over_none.push(one.settled - none.settled);
        samples.peak.push(one.peak - tiny.peak);
        samples.cpu.push(one.cpu - none.cpu);
        let (tiny_four, four) = (sidecar.idle(Chain::Tiny, 4)?, sidecar.idle(Chain::Attache, 4)?);
        samples.four_workers.push(four.settled - tiny_four.settled);
        samples.changed.push(sidecar.change()?);
        let (none, many) = (sidecar.copies(Chain::Empty)?, sidecar.copies(Chain::Attache)?);
        samples.cpu_listeners.push(many - none);
        if let Some(group) = &sidecar.group {
            let none = sidecar.ready_in(group, Chain::Empty)?;
            samples.ready_usual.push(sidecar.ready_in(group, Chain::Attache)? - none);
        }
        eprintln!(
            "sidecar {repetition} of {repetitions}: {:.1} MiB beyond a tiny module",
            (one.settled - tiny.settled) / (1024.0 * 1024.0)
        );
    }
    Ok(samples.figures())
}

/// What is started, and what is asked of it first.
struct Sidecar<'a> {
    binary: &'a Path,
    parts: &'a Parts,
    /// Of a good token, for every chain.
    probe: &'a [u8],
    /// The usual CPU; `None` where this machine has no such groups for us.
    group: Option<ControlGroup>,
}

impl<'a> Sidecar<'a> {
    fn new(binary: &'a Path, parts: &'a Parts, cases: &'a [Case]) -> Result<Self> {
        let is_cached =
            |case: &&Case| case.job == Job::Cached && case.algorithm == Algorithm::Rs256;
        let case = cases.iter().find(is_cached).context("there is no case of cached tokens")?;
        let group = ControlGroup::with_cpu(USUAL_CPU)
            .inspect_err(|error| eprintln!("ready_200m_ms is left out: {error:#}"))
            .ok();
        Ok(Self { binary, parts, probe: &case.probe, group })
    }

    fn answer(&self, envoy: &mut Envoy, chain: Chain) -> Result<()> {
        let answer = envoy.connect(chain)?.exchange(self.probe)?;
        ensure!(answer.status == 200, "the first answer was {}:\n{}", answer.status, envoy.log());
        Ok(())
    }

    fn idle(&self, chain: Chain, workers: u32) -> Result<Idle> {
        let mut envoy = Envoy::start(self.binary, workers, &[chain], self.parts)?;
        self.answer(&mut envoy, chain)?;
        let cpu = milliseconds(&envoy)?;
        let (settled, peak) = envoy.settled()?;
        Ok(Idle { settled: settled as f64, peak: peak as f64, cpu })
    }

    /// How many bytes more an Envoy holds once its configuration has changed.
    fn change(&self) -> Result<f64> {
        let mut envoy = Envoy::start_changing(self.binary, Chain::Attache, self.parts)?;
        self.answer(&mut envoy, Chain::Attache)?;
        let (before, _) = envoy.settled()?;
        envoy.change(Chain::Attache, vec![self.parts.changed()])?;
        let (after, _) = envoy.settled()?;
        Ok(after as f64 - before as f64)
    }

    /// How much CPU an Envoy uses, in milliseconds, until it answers that has a chain on many
    /// listeners.
    fn copies(&self, chain: Chain) -> Result<f64> {
        let mut envoy = Envoy::start_copies(self.binary, chain, LISTENERS, self.parts)?;
        self.answer(&mut envoy, chain)?;
        milliseconds(&envoy)
    }

    /// How many milliseconds it takes until an Envoy answers that has no more than the usual CPU.
    fn ready_in(&self, group: &ControlGroup, chain: Chain) -> Result<f64> {
        let started = Instant::now();
        let mut envoy = Envoy::start(self.binary, 1, &[chain], self.parts)?;
        group.take(envoy.process())?;
        self.answer(&mut envoy, chain)?;
        Ok(started.elapsed().as_secs_f64() * 1e3)
    }
}

/// Returns the CPU time that an Envoy has used so far.
fn milliseconds(envoy: &Envoy) -> Result<f64> {
    Ok(envoy.cpu()?.total().as_secs_f64() * 1e3)
}

impl Samples {
    fn figures(self) -> Vec<(&'static str, Figure)> {
        let figure = |name, title: &str, values, limit| {
            (name, Figure::new(title, Spread::of(values), limit))
        };
        vec![
            figure(
                "sidecar_memory_bytes",
                "memory beyond a tiny module, bytes",
                self.memory,
                Some(MEMORY_LIMIT),
            ),
            figure(
                "sidecar_memory_peak_bytes",
                "the same, the most that was ever held",
                self.peak,
                None,
            ),
            figure(
                "sidecar_memory_4_workers_bytes",
                "the same, with four workers",
                self.four_workers,
                None,
            ),
            figure(
                "sidecar_memory_over_none_bytes",
                "memory beyond an Envoy without Wasm, bytes",
                self.over_none,
                None,
            ),
            figure(
                "sidecar_memory_change_bytes",
                "memory after a change of configuration beyond before, bytes",
                self.changed,
                None,
            ),
            figure("ready_cpu_ms", "CPU until it is ready, ms", self.cpu, Some(CPU_LIMIT)),
            figure("ready_cpu_30_ms", "the same, on 30 listeners", self.cpu_listeners, None),
            figure("ready_200m_ms", "ready with 200m of CPU, ms", self.ready_usual, None),
        ]
    }
}
