//! Does it: reads, plans, asks, sends, judges, tells.

use super::consent;
use super::json::json;
use super::junit::junit;
use super::options::Options;
use super::prepared::{Prepared, prepare};
use super::results::{Result as TargetResult, Results};
use super::svg::svg;
use super::text::text;
use crate::counted::counted;
use crate::exit::Status;
use crate::input::read_text;
use crate::shown::{json_text, shown, told_path};
use attache_tyk_limits::behaviour::Behaviour;
use attache_tyk_limits::drive::{Course, TIMEOUT, drive};
use attache_tyk_limits::envelope::Envelope;
use attache_tyk_limits::judge::{Run, judge};
use attache_tyk_limits::notes::notes;
use attache_tyk_limits::plan::{Bounds, Plan};
use attache_tyk_limits::record::{Record, Tried};
use attache_tyk_limits::target::Target;
use std::error::Error;
use std::io::{Write as _, stdout};
use std::path::Path;
use std::time::Duration;

/// How much longer than --max-seconds a run may last where answers come late.
const GRACE: Duration = Duration::from_secs(10);

pub(crate) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    let Some(mut prepared) = prepare(options)? else { return Ok(Status::Unusable) };
    let earlier = options.judge.as_deref().map(read).transpose()?;
    if let (Some(record), None) = (&earlier, options.gateways) {
        prepared.gateways = record.urls.max(1);
    }
    let plans = plans(&prepared, options, earlier.as_ref());
    let seed = match &earlier {
        Some(record) => record.seed,
        None => options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000)),
    };
    let record = match earlier {
        Some(record) => Some(record),
        None if options.dry_run => None,
        None => Some(send(options, &mut prepared, &plans, seed)?),
    };
    if let (Some(path), Some(record)) = (&options.record, &record) {
        write(path, &(serde_json::to_string(record)? + "\n"))?;
    }
    let results = results(&prepared, plans, record.as_ref(), seed);
    stdout().write_all(text(&results).as_bytes())?;
    if let Some(path) = &options.json {
        write(path, &json_text(&json(&results)))?;
    }
    if let Some(path) = &options.junit {
        write(path, &junit(&results))?;
    }
    if let Some(path) = &options.svg {
        write(path, &svg(&results))?;
    }
    Ok(if results.fail() { Status::Found } else { Status::Fine })
}

fn read(path: &Path) -> Result<Record, String> {
    Record::parse(&read_text(path)?)
        .map_err(|error| format!("`{}` is no record of attache limits: {error}", told_path(path)))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text)
        .map_err(|error| format!("can't write `{}`: {error}", told_path(path)))
}

/// Makes the plan of each target.
fn plans(prepared: &Prepared, options: &Options, earlier: Option<&Record>) -> Vec<(Target, Plan)> {
    let mut bounds = Bounds {
        requests: usize::try_from(options.max_requests).unwrap_or(usize::MAX),
        seconds: f64::from(options.max_seconds),
    };
    let mut plans = Vec::new();
    for target in &prepared.targets {
        let has_second_key = match earlier.map(|record| tried(record, target)) {
            Some(Some(tried)) => tried.answers.iter().any(|answer| answer.key > 0),
            Some(None) => false,
            None => prepared.keys.len() > 1,
        };
        let plan = Plan::of(target, has_second_key, bounds);
        bounds = bounds.less(&plan);
        plans.push((target.clone(), plan));
    }
    plans
}

fn tried<'r>(record: &'r Record, target: &Target) -> Option<&'r Tried> {
    let is_of = |tried: &&Tried| {
        tried.api == target.api && tried.method == target.method && tried.path == target.path
    };
    record.targets.iter().find(is_of)
}

fn send(
    options: &Options,
    prepared: &mut Prepared,
    plans: &[(Target, Plan)],
    seed: u64,
) -> Result<Record, Box<dyn Error>> {
    if plans.iter().all(|(_, plan)| plan.steps.is_empty()) {
        if let Some(obstacle) = plans.iter().find_map(|(target, _)| target.obstacle) {
            return Err(format!("no limit can be tried: {obstacle}").into());
        }
        return Err(
            "no limit can be tried within --max-requests and --max-seconds; --dry-run says what each needs"
                .into(),
        );
    }
    let requests: usize = plans.iter().map(|(_, plan)| plan.requests()).sum();
    let sent = counted(requests, "request");
    consent::check_methods(plans, options.unsafe_methods)?;
    consent::check(&options.gateway, &mut prepared.hosts, options.yes, &sent)?;
    if prepared.keys.is_empty() && plans.iter().any(|(target, _)| target.key_header.is_some()) {
        return Err("the API asks for a key; give one by --key @FILE".into());
    }
    let until = Duration::from_secs(options.max_seconds.into()).saturating_add(GRACE);
    let (urls, keys, hosts) = (&options.gateway, &prepared.keys, &prepared.hosts);
    let course = Course { urls, hosts, targets: plans, keys, seed, until, timeout: TIMEOUT };
    let tell = |number: usize| {
        if let Some((target, plan)) = plans.get(number) {
            let (sent, seconds) = (counted(plan.requests(), "request"), plan.seconds());
            anstream::eprintln!("{}: {sent}, {seconds:.0} s at most", shown(&target.name()));
        }
    };
    drive(course, &tell)
}

fn results(
    prepared: &Prepared,
    plans: Vec<(Target, Plan)>,
    record: Option<&Record>,
    seed: u64,
) -> Results {
    let urls = record.map_or(prepared.gateways, |record| record.urls);
    let mut list = Vec::new();
    for (target, plan) in plans {
        let mut envelopes = Vec::new();
        for check in &target.checks {
            let behaviour = Behaviour::chosen(&check.limit, &prepared.settings, prepared.gateways);
            envelopes.push((
                behaviour,
                Envelope::of(&check.limit, &behaviour, urls >= prepared.gateways),
            ));
        }
        let judgement = record.filter(|_| !plan.steps.is_empty()).and_then(|record| {
            let run = Run {
                settings: &prepared.settings,
                gateways: prepared.gateways,
                urls: record.urls,
                started: record.started,
                seed,
            };
            Some(judge(&target, &plan, tried(record, &target)?, run))
        });
        let not_tried = record.filter(|_| judgement.is_none()).map(|_| why_not(&target, &plan));
        let notes = notes(&target, &prepared.settings, prepared.gateways);
        list.push(TargetResult { target, plan, envelopes, notes, judgement, not_tried });
    }
    Results { seed, gateways: prepared.gateways, list, idle: prepared.idle.clone() }
}

/// Returns why nothing was sent for a target where something was for others, or in an earlier run.
fn why_not(target: &Target, plan: &Plan) -> String {
    if let Some(obstacle) = target.obstacle {
        obstacle.to_string()
    } else if plan.steps.is_empty() {
        "--max-requests, --max-seconds or the key's quota leave out all of it".to_owned()
    } else {
        "nothing was sent for it".to_owned()
    }
}
