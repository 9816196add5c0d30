//! Measures the filter: see docs/performance.md for what is compared and what is not.

mod bootstrap;
mod cases;
mod cgroup;
mod chains;
mod chart;
mod envoy;
mod figures;
mod keys;
mod load;
mod measure;
mod memory;
mod probe;
mod ready;
mod report;
mod sidecar;
mod spread;
mod strangers;
mod tokens;

use crate::cases::Case;
use crate::chains::Parts;
use crate::figures::Figure;
use crate::keys::Keys;
use crate::measure::{Effort, Measured};
use crate::report::{Report, Run};
use crate::spread::Spread;
use anyhow::{Context, Result, bail};
use clap::Parser;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Measures the filter beside a floor and beside Envoy's own filters.
#[derive(Debug, Parser)]
struct Options {
    /// The Envoy to measure in.
    #[arg(long, required_unless_present = "from")]
    envoy: Option<PathBuf>,
    /// The finished module.
    #[arg(long, required_unless_present = "from")]
    module: Option<PathBuf>,
    /// Another finished module, to compare a cached token with.
    #[arg(long)]
    before: Option<PathBuf>,
    /// The finished module of the floor.
    #[arg(long, required_unless_present = "from")]
    floor: Option<PathBuf>,
    /// Measure for a minute, roughly.
    #[arg(long)]
    quick: bool,
    /// Measure only what a sidecar pays whether a request comes or not: memory, and CPU until it is
    /// ready.
    #[arg(long)]
    sidecar: bool,
    /// Write the figures here, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Draw a chart here.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Measure nothing: print and draw what an earlier run wrote as JSON.
    #[arg(long)]
    from: Option<PathBuf>,
}

/// How much a whole run measures.
struct Plan {
    effort: Effort,
    distinct_tokens: u64,
    starts: usize,
    sidecars: usize,
}

impl Plan {
    const QUICK: Self = Self {
        effort: Effort { rounds: 7, requests: 960, warm_up: 5_000 },
        distinct_tokens: 50_000,
        starts: 5,
        sidecars: 3,
    };
    const FULL: Self = Self {
        effort: Effort { rounds: 31, requests: 4_000, warm_up: 20_000 },
        distinct_tokens: 1_000_000,
        starts: 15,
        sidecars: 7,
    };
}

/// Ends with 0 where every limit is kept, with 3 where one is not, with 1 where nothing could be
/// said.
fn main() -> ExitCode {
    match tell(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(3),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every limit is kept.
fn tell(options: &Options) -> Result<bool> {
    let report = match &options.from {
        Some(file) => read(file)?,
        None => run(options)?,
    };
    if let Some(file) = &options.json {
        write(file, &format!("{}\n", serde_json::to_string_pretty(&report)?))?;
    }
    if let Some(file) = &options.svg {
        write(file, &chart::svg(&report))?;
    }
    print!("{report}");
    Ok(report.all_met())
}

fn run(options: &Options) -> Result<Report> {
    let (Some(envoy), Some(module), Some(floor)) =
        (&options.envoy, &options.module, &options.floor)
    else {
        bail!("name an Envoy, the module and the floor");
    };
    let plan = if options.quick { Plan::QUICK } else { Plan::FULL };
    let keys = Keys::load()?;
    let folder = tempfile::tempdir()?;
    let tiny = folder.path().join("tiny.wasm");
    fs::write(&tiny, wat::parse_str(include_str!("tiny.wat"))?)?;
    let parts = Parts {
        module: absolute(module)?,
        before: options.before.as_deref().map(absolute).transpose()?,
        floor: absolute(floor)?,
        tiny,
        jwks: keys.jwks()?,
        many_keys: strangers::key_set(&keys)?,
    };
    let module_bytes = fs::metadata(&parts.module)?.len();

    let cases = Case::all(&keys, &parts.chains())?;
    let exact = |bytes: u64| Some(Spread::exact(bytes as f64));
    let mut figures = sidecar::figures(envoy, &parts, &cases, plan.sidecars)?;
    figures
        .push(("module_bytes", Figure::new("module, bytes", exact(module_bytes), Some(600_000.0))));
    let mut measured = Measured::default();
    if !options.sidecar {
        measured = measure::measure(envoy, &parts, &cases, plan.effort)?;
        figures.extend(of_requests(envoy, &parts, &cases, &keys, &plan, &measured)?);
    }
    Ok(Report {
        run: Run {
            envoy: version(envoy)?,
            processor: processor(),
            quick: options.quick,
            rounds: if options.sidecar { 0 } else { plan.effort.rounds },
            requests_per_round: plan.effort.requests,
            distinct_tokens: plan.distinct_tokens,
            least_busy: measured.least_busy,
        },
        costs: figures::costs(&measured.costs),
        figures: figures.into_iter().map(|(name, figure)| (name.to_owned(), figure)).collect(),
    })
}

/// Returns the ratios of what requests cost, and what is measured in Envoys of their own.
fn of_requests(
    envoy: &Path,
    parts: &Parts,
    cases: &[Case],
    keys: &Keys,
    plan: &Plan,
    measured: &Measured,
) -> Result<Vec<(&'static str, Figure)>> {
    let delays = ready::delays(envoy, parts, cases, plan.starts)?;
    let growth = memory::growth(envoy, parts, keys, plan.effort.warm_up, plan.distinct_tokens)?;

    let mut figures = figures::ratios(&measured.costs);
    for (name, figure) in &mut figures {
        if *name == "shared_hit_over_uncached" {
            figure.met = measured.shares.then_some(true);
        }
    }
    let title = format!("memory growth, {} distinct tokens, bytes", plan.distinct_tokens);
    let growth = Some(Spread::exact(growth as f64));
    figures
        .push(("memory_growth_bytes", Figure::new(&title, growth, Some(16.0 * 1024.0 * 1024.0))));
    figures.push(("ready_ms", Figure::new("ready, ms", Spread::of(delays.whole), Some(100.0))));
    let title = "ready, ms, of the floor's module";
    figures.push(("ready_floor_ms", Figure::new(title, Spread::of(delays.floor), None)));
    let title = "ready, ms, where V8 has the code already";
    figures.push(("ready_compiled_ms", Figure::new(title, Spread::of(delays.compiled), None)));
    Ok(figures)
}

fn version(envoy: &Path) -> Result<String> {
    let output = Command::new(envoy).arg("--version").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    // …/envoy  version: <commit>/<version>/Clean/RELEASE/BoringSSL
    let version =
        text.split('/').rev().nth(3).context("`envoy --version` says nothing that is known")?;
    Ok(format!("Envoy {version}"))
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.into(), |(_, name)| name.trim().into())
}

fn absolute(file: &Path) -> Result<PathBuf> {
    file.canonicalize().with_context(|| format!("there is no file `{}`", file.display()))
}

fn read(file: &Path) -> Result<Report> {
    let text =
        fs::read_to_string(file).with_context(|| format!("could not read `{}`", file.display()))?;
    serde_json::from_str(&text)
        .with_context(|| format!("`{}` was not written by this program", file.display()))
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("could not write `{}`", file.display()))
}
