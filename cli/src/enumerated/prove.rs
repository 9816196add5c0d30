//! What `prove` says, held against every request.

use super::asked::{Said, workloads};
use super::{Asked, Draft, World, seeds};
use crate::input::Configuration;
use crate::proof::{Answer, Assertion, ProofFile, prove};
use attache_engine::policy::{View, selector_fits};
use attache_plugin_config::Config;
use fastrand::Rng;
use serde_json::{Value, json};

/// What became of all assertions.
#[derive(Debug, Default)]
struct Tally {
    requests: usize,
    hold: usize,
    empty: usize,
    /// Those that fail, with a request of the world that says so, too.
    fail_here: usize,
    /// Those that fail by a request that is in no small world.
    fail_elsewhere: usize,
    unproven: usize,
}

/// Reads assertions; `None` where one of them says what no request can be.
fn read(document: &Value, assertions: &[Value]) -> Option<(Configuration, Vec<Assertion>)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("assertions.json");
    std::fs::write(&path, json!({"configuration": document, "assertions": assertions}).to_string())
        .unwrap();
    let file = ProofFile::read(&path, None).ok()?;
    Some((file.configuration?, file.assertions))
}

/// Returns what is decided of each request, for each workload that a policy applies to.
fn verdicts(asked: &Asked, config: &Config) -> Vec<Vec<Said>> {
    let mut workloads = workloads();
    workloads.retain(|workload| {
        config.policies.iter().any(|policy| selector_fits(&policy.selector, workload))
    });
    workloads.iter().map(|workload| asked.verdicts(config, workload)).collect()
}

/// Returns whether each request is one that an assertion speaks of.
fn spoken_of(assertion: &Assertion, asked: &Asked, config: &Config, good: &[bool]) -> Vec<bool> {
    let mut spoken_of = asked.are_in(&assertion.region.scope, config);
    if let Some(unless) = &assertion.region.unless {
        let excepted = asked.are_in(unless, config);
        spoken_of.iter_mut().zip(excepted).for_each(|(is_in, excepted)| *is_in &= !excepted);
    }
    spoken_of.iter_mut().zip(good).for_each(|(is_in, good)| *is_in &= good);
    spoken_of
}

#[test]
fn what_is_proven_holds_of_every_request() {
    let mut tally = Tally::default();
    for seed in seeds() {
        let mut random = Rng::with_seed(seed);
        let world = World::new(&mut random);
        let mut draft = Draft { world: &world, random: &mut random };
        let (document, config) = draft.config();
        let mut assertions = draft.assertions(&document);
        assertions.retain(|assertion| read(&document, std::slice::from_ref(assertion)).is_some());
        let Some((configuration, assertions)) = read(&document, &assertions) else { continue };
        let asked = Asked::new(&world, &config);
        let (verdicts, good) = (verdicts(&asked, &config), asked.are_good(&config));
        let proved = prove(&assertions, &configuration, &config, None, View::Enforced)
            .unwrap_or_else(|error| panic!("{seed}: {error}\n{document}"));
        for proved in proved {
            let assertion = proved.assertion;
            let spoken_of = spoken_of(assertion, &asked, &config, &good);
            tally.requests += spoken_of.len();
            let is_against = |number: &usize| {
                spoken_of[*number]
                    && verdicts.iter().any(|said| said[*number].is_allowed() != assertion.allowed)
            };
            let against =
                (0..spoken_of.len()).find(is_against).map(|number| &asked.requests[number]);
            let told = || format!("{seed}: {against:?}\n{:?}\n{document}", assertion.region);
            match (&proved.answer, against) {
                (Answer::Fails { .. }, Some(_)) => tally.fail_here += 1,
                (Answer::Fails { .. }, None) => tally.fail_elsewhere += 1,
                (Answer::Holds, None) => tally.hold += 1,
                (Answer::Empty, None) => {
                    assert!(!spoken_of.contains(&true), "it is said to be empty: {}", told());
                    tally.empty += 1;
                }
                (Answer::Holds | Answer::Empty, Some(_)) => panic!("it does not hold: {}", told()),
                // Of a regular expression beside other comparisons the tool does not speak for
                // sure, and says so.
                (Answer::Unproven(_), _) => tally.unproven += 1,
            }
        }
    }
    println!("{tally:?}");
    let policies = seeds().end as usize;
    assert!(
        tally.hold > policies && tally.fail_here > policies && tally.unproven * 3 < policies,
        "{tally:?}"
    );
}
