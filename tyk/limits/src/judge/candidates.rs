//! What may be at work: what is written down, and what goes wrong in its place.

use super::Run;
use super::hypothesis::{Count, Hypothesis, Spread};
use crate::behaviour::{Algorithm, Behaviour};
use crate::limit::Limit;
use crate::settings::Settings;
use crate::target::{Check, Target};

/// Up to so many gateways are thought of.
const MAX_GATEWAYS: usize = 4;

/// Returns what is written down.
pub(super) fn expected(target: &Target, run: Run<'_>) -> Hypothesis {
    let chosen = |check: &Check| Behaviour::chosen(&check.limit, run.settings, run.gateways);
    let counts = counts(&target.checks, &chosen);
    let names: Vec<String> = target
        .checks
        .iter()
        .map(|check| format!("{} ({}): {}", check.limit.describe(), check.scope, chosen(check)))
        .collect();
    Hypothesis::new(names.join(", then "), counts, spread(run.gateways, run.urls))
}

fn counts(checks: &[Check], behaviour: &dyn Fn(&Check) -> Behaviour) -> Vec<Count> {
    let count = |check: &Check| Count {
        limit: check.limit.clone(),
        behaviour: behaviour(check),
        is_of_key: check.scope.is_of_key(),
    };
    checks.iter().map(count).collect()
}

fn spread(gateways: usize, urls: usize) -> Spread {
    if gateways > urls { Spread::Balanced } else { Spread::ByUrl }
}

/// Returns what may be at work in its place, but what fares in no other way than what is written
/// down. Of two that fare alike the likelier is first.
pub(super) fn candidates(target: &Target, run: Run<'_>) -> Vec<Hypothesis> {
    let nothing = Hypothesis::new(
        "no limit: none is set there, or each request begins with new counts, as where a plugin touches the session"
            .to_owned(),
        Vec::new(),
        Spread::ByUrl,
    );
    let refuses = Hypothesis {
        name: "every request is refused, as where Redis does not answer or the rate is below one"
            .to_owned(),
        verdict: Some(false),
        ..nothing.clone()
    };
    let renewed = Hypothesis {
        name:
            "new counts every second, as where the key is updated or a plugin touches its session"
                .to_owned(),
        is_renewed: true,
        ..expected(target, run)
    };
    let mut list = vec![nothing, refuses];
    list.extend(algorithms(target, run));
    list.extend(gateway_counts(target, run));
    list.extend(shared(target, run));
    list.extend(other_limits(target, run));
    list.push(renewed);
    list
}

/// The same limits, for all callers together.
fn shared(target: &Target, run: Run<'_>) -> Option<Hypothesis> {
    let mut shared = expected(target, run);
    let is_other = shared.counts.iter().any(|count| count.is_of_key);
    for count in &mut shared.counts {
        count.is_of_key = false;
    }
    shared.name =
        "all keys share one count: a limit of the API, or two keys that Tyk takes for one"
            .to_owned();
    is_other.then_some(shared)
}

/// The same limits, counted in another way.
fn algorithms(target: &Target, run: Run<'_>) -> Vec<Hypothesis> {
    let gateways = run.gateways.max(1);
    let log = Behaviour::of(Algorithm::RedisLog, gateways);
    let mut behaviours = vec![
        Behaviour::of(Algorithm::Bucket, gateways),
        log,
        Behaviour { is_short: true, ..log },
        Behaviour::of(Algorithm::Sentinel, gateways),
        Behaviour::of(Algorithm::FixedWindow, gateways),
    ];
    if target.checks.iter().any(|check| check.limit.smoothing.is_some()) {
        behaviours.push(Behaviour { is_smoothed: true, ..log });
        behaviours
            .push(Behaviour { is_smoothed: true, ..Behaviour::of(Algorithm::Sentinel, gateways) });
    }
    let chosen: Vec<Behaviour> = target
        .checks
        .iter()
        .map(|check| Behaviour::chosen(&check.limit, run.settings, run.gateways))
        .collect();
    behaviours.retain(|behaviour| chosen.iter().any(|own| own != behaviour));
    let hypothesis = |behaviour: Behaviour| Hypothesis {
        is_algorithm: true,
        ..Hypothesis::new(
            behaviour.to_string(),
            counts(&target.checks, &|_| behaviour),
            spread(gateways, run.urls),
        )
    };
    behaviours.into_iter().map(hypothesis).collect()
}

/// Another number of gateways, or gateways that do not know of each other.
fn gateway_counts(target: &Target, run: Run<'_>) -> Vec<Hypothesis> {
    let mut list = Vec::new();
    let defaults = Settings { has_smoothing: run.settings.has_smoothing, ..Settings::default() };
    for count in (1..=MAX_GATEWAYS).filter(|count| *count != run.gateways) {
        let own = of_gateways(target, run, count, run.settings);
        let others = of_gateways(target, run, count, &defaults);
        for hypothesis in own.into_iter().chain(others) {
            // Where all count in Redis, each number of gateways fares as the first.
            let is_known = list.iter().any(|known: &Hypothesis| known.name == hypothesis.name);
            if !is_known {
                list.push(hypothesis);
            }
        }
    }
    if run.urls > 1 || run.gateways > 1 {
        let apart = |check: &Check| Behaviour {
            is_apart: true,
            gateways: run.gateways.max(run.urls),
            ..Behaviour::chosen(&check.limit, run.settings, 1)
        };
        list.push(Hypothesis::new(
            "each gateway counts alone, as with a Redis or tags of its own".to_owned(),
            counts(&target.checks, &apart),
            spread(run.gateways, run.urls),
        ));
        let log = |_: &Check| Behaviour {
            is_apart: true,
            ..Behaviour::of(Algorithm::RedisLog, run.gateways.max(run.urls))
        };
        list.push(Hypothesis::new(
            "each gateway has a Redis log of its own".to_owned(),
            counts(&target.checks, &log),
            spread(run.gateways, run.urls),
        ));
    }
    list
}

/// The same limits as so many gateways count them, each way in which requests may come to them.
fn of_gateways(
    target: &Target,
    run: Run<'_>,
    count: usize,
    settings: &Settings,
) -> Vec<Hypothesis> {
    let chosen = |check: &Check| Behaviour::chosen(&check.limit, settings, count);
    let alone = |check: &Check| Behaviour { gateways: 1, ..chosen(check) };
    let names: Vec<String> = target.checks.iter().map(|check| alone(check).to_string()).collect();
    let names = names.join(", then ");
    let is_in_memory =
        |check: &Check| chosen(check).algorithm == Algorithm::Bucket || chosen(check).is_smoothed;
    let counts = counts(&target.checks, &chosen);
    if !target.checks.iter().any(is_in_memory) {
        let name = format!("{names}, as of another number of gateways than {}", run.gateways);
        return vec![Hypothesis::new(name, counts, Spread::ByUrl)];
    }
    if count <= run.urls {
        let plural = if count == 1 { "" } else { "s" };
        let name = format!("{names}, as of {count} gateway{plural}");
        return vec![Hypothesis::new(name, counts, Spread::ByUrl)];
    }
    let (asked, balanced) = (
        format!("{names}, of which {count} gateways have a part each, and {} is asked", run.urls),
        format!("{names}, of which {count} gateways behind a balancer have a part each"),
    );
    vec![
        Hypothesis::new(asked, counts.clone(), Spread::ByUrl),
        Hypothesis::new(balanced, counts, Spread::Balanced),
    ]
}

/// Another limit in the place of one, or one less.
fn other_limits(target: &Target, run: Run<'_>) -> Vec<Hypothesis> {
    let chosen = |check: &Check| Behaviour::chosen(&check.limit, run.settings, run.gateways);
    let mut list = Vec::new();
    for (index, check) in target.checks.iter().enumerate() {
        let mut fewer = target.checks.clone();
        if fewer.len() > 1 {
            fewer.remove(index);
            let name = format!("{} ({}) does not hold", check.limit.describe(), check.scope);
            list.push(Hypothesis::new(
                name,
                counts(&fewer, &chosen),
                spread(run.gateways, run.urls),
            ));
        }
        for (origin, limit) in &target.others {
            list.push(replaced(target, index, origin, limit, run));
        }
        for (factor, said) in [(0.5, "half"), (2.0, "twice")] {
            let limit = Limit { rate: check.limit.rate * factor, ..check.limit.clone() };
            list.push(replaced(target, index, &format!("{said} the rate"), &limit, run));
            let limit = Limit { per: check.limit.per * factor, ..check.limit.clone() };
            list.push(replaced(target, index, &format!("{said} the window"), &limit, run));
        }
    }
    list
}

fn replaced(
    target: &Target,
    index: usize,
    origin: &str,
    limit: &Limit,
    run: Run<'_>,
) -> Hypothesis {
    let mut checks = target.checks.clone();
    let mut old = String::new();
    if let Some(check) = checks.get_mut(index) {
        old = check.limit.describe();
        check.limit = limit.clone();
    }
    let chosen = |check: &Check| Behaviour::chosen(&check.limit, run.settings, run.gateways);
    let name = format!("{} in place of {old}: {origin}", limit.describe());
    Hypothesis::new(name, counts(&checks, &chosen), spread(run.gateways, run.urls))
}
