//! What `diff` says, held against every request.

use super::asked::{Said, workloads};
use super::{Asked, Draft, World, seeds};
use crate::compare::{Change, Comparison, ComparisonError, Version, compare};
use crate::input::{Configuration, Input};
use attache_engine::host::Workload;
use attache_engine::policy::{View, selector_fits};
use attache_plugin_config::{Config, Mode};
use fastrand::Rng;
use std::collections::BTreeSet;

/// What became of all pairs.
#[derive(Debug, Default)]
struct Tally {
    requests: usize,
    /// Requests that are decided otherwise.
    differ: usize,
    /// Pairs of which no request is.
    same: usize,
    unproven: usize,
}

/// Returns the methods that rules name which count for a workload.
fn named_methods(configs: [&Config; 2], workload: &Workload) -> BTreeSet<String> {
    let policies = configs.into_iter().flat_map(|config| &config.policies);
    let policies = policies
        .filter(|policy| policy.mode == Mode::Enforce && selector_fits(&policy.selector, workload));
    let rules = policies.flat_map(|policy| &policy.rules).filter(|rule| rule.mode == Mode::Enforce);
    let operations = rules.flat_map(|rule| &rule.to);
    operations
        .flat_map(|operation| operation.methods.iter().chain(&operation.not_methods))
        .cloned()
        .collect()
}

/// Returns the method, or what stands for all that no rule names.
fn class<'m>(method: &'m str, named: &BTreeSet<String>) -> &'m str {
    if named.contains(method) { method } else { "*" }
}

/// Returns what allows a request, and the DENY rule that refuses it.
fn decisive<'s>(
    sides: [(Option<&'s str>, Option<&'s String>); 2],
) -> (Option<&'s String>, Option<&'s String>) {
    let [old, new] = sides;
    let (allows, refuses) = if new.0.is_none() { (new, old) } else { (old, new) };
    (allows.1, refuses.1.filter(|_| refuses.0 == Some("rule-denied")))
}

/// Returns whether a change stands for a request that is decided otherwise.
fn tells_of(
    change: &Change,
    method: &str,
    old: &Said,
    new: &Said,
    named: &BTreeSet<String>,
) -> bool {
    let difference = &change.difference;
    let told =
        [&difference.old, &difference.new].map(|outcome| (outcome.reason, outcome.rule.as_ref()));
    let here = [old, new].map(|said| (said.reason, said.rule.as_ref()));
    let others = &difference.others;
    let mut methods =
        others.methods.iter().map(String::as_str).chain([difference.witness.method.as_str()]);
    let is_its_method = methods.any(|other| class(other, named) == class(method, named))
        || (others.any_method && class(method, named) == "*");
    change.is_allowed_now() == new.is_allowed() && decisive(told) == decisive(here) && is_its_method
}

fn compared<'c>(
    old: (&'c Configuration, &Config),
    new: (&'c Configuration, &Config),
) -> Result<Comparison<'c>, ComparisonError> {
    let [old, new] =
        [old, new].map(|(configuration, config)| Version { configuration, config: config.clone() });
    compare(old, new, View::Enforced)
}

#[test]
fn what_differs_is_told_of_every_request() {
    let mut tally = Tally::default();
    for seed in seeds() {
        let mut random = Rng::with_seed(seed ^ 0xd1ff);
        let world = World::new(&mut random);
        let mut draft = Draft { world: &world, random: &mut random };
        let (document, old) = draft.config();
        let (changed, new) = draft.changed(&document);
        let documents = [&document, &changed];
        let [before, after] = documents.map(|document| {
            Input::of_text("generated.json".to_owned(), document.to_string()).only().unwrap()
        });
        let comparison = compared((&before, &old), (&after, &new))
            .unwrap_or_else(|error| panic!("{seed}: {error}\n{document}\n{changed}"));
        // Of a regular expression beside other comparisons the tool does not speak for sure, and
        // says so.
        if !comparison.limits.is_empty() {
            tally.unproven += 1;
            continue;
        }
        let asked = Asked::new(&world, &old);
        let good: Vec<bool> = asked
            .are_good(&old)
            .into_iter()
            .zip(asked.are_good(&new))
            .map(|(old, new)| old && new)
            .collect();
        let mut differ = 0;
        for workload in workloads() {
            let named = named_methods([&old, &new], &workload);
            let [before, after] = [&old, &new].map(|config| asked.verdicts(config, &workload));
            for (number, request) in
                asked.requests.iter().enumerate().filter(|(number, _)| good[*number])
            {
                let (old, new) = (&before[number], &after[number]);
                tally.requests += 1;
                if old.is_allowed() == new.is_allowed() {
                    continue;
                }
                differ += 1;
                let is_told = comparison
                    .changes
                    .iter()
                    .any(|change| tells_of(change, request.method, old, new, &named));
                assert!(
                    is_told,
                    "{seed}: {request:?} {workload:?}: {old:?}, {new:?}\n{document}\n{changed}"
                );
            }
        }
        tally.differ += differ;
        tally.same += usize::from(comparison.changes.is_empty());
    }
    println!("{tally:?}");
    let pairs = seeds().end as usize;
    assert!(
        tally.differ > pairs && tally.same * 20 > pairs && tally.unproven * 3 < pairs,
        "{tally:?}"
    );
}
