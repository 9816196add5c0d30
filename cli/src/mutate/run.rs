//! Running the tests of a configuration against its mutants.

use super::{Mutation, mutations};
use crate::input::Configuration;
use crate::trial::Prepared;
use attache_config_reader::{Location, Node};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

/// How long it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// When no further mutant is begun.
    pub(crate) deadline: Option<Instant>,
}

/// What became of one mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// A test failed.
    Noticed,
    /// All tests passed.
    Survived,
    /// The filter refuses the mutant.
    Invalid,
    /// There was no time for it.
    NotRun,
}

/// A mutant that no test notices.
#[derive(Debug)]
pub(crate) struct Survivor {
    pub(crate) mutation: Mutation,
    /// The file that holds the clause.
    pub(crate) file: String,
    /// Where the clause stands in it.
    pub(crate) location: Option<Location>,
}

/// What became of all mutants.
#[derive(Debug, Default)]
pub(crate) struct Score {
    pub(crate) noticed: usize,
    /// Those that no test notices, in the order of the files.
    pub(crate) survivors: Vec<Survivor>,
    pub(crate) invalid: usize,
    pub(crate) not_run: usize,
}

impl Score {
    /// Returns how many of the mutants that ran were noticed, in percent, rounded down; `None`
    /// where none ran.
    pub(crate) fn percent(&self) -> Option<usize> {
        self.noticed.saturating_mul(100).checked_div(self.ran())
    }

    /// Returns how many mutants the tests were asked of.
    pub(crate) const fn ran(&self) -> usize {
        self.noticed.saturating_add(self.survivors.len())
    }

    fn add(&mut self, mutation: Mutation, fate: Fate, configuration: &Configuration) {
        match fate {
            Fate::Noticed => self.noticed = self.noticed.saturating_add(1),
            Fate::Invalid => self.invalid = self.invalid.saturating_add(1),
            Fate::NotRun => self.not_run = self.not_run.saturating_add(1),
            Fate::Survived => self.survivors.push(Survivor {
                file: configuration.file.name.clone(),
                location: configuration.locate(&mutation.at),
                mutation,
            }),
        }
    }

    fn sort(&mut self) {
        let place = |survivor: &Survivor| {
            survivor.location.map_or(0, |location| location.span().start.byte)
        };
        self.survivors.sort_by_cached_key(|survivor| (survivor.file.clone(), place(survivor)));
    }
}

/// Runs the tests of one configuration against each of its mutants, all processors at once, and
/// adds to the score what became of each.
pub(crate) fn run(
    configuration: &Configuration,
    tests: &[Prepared],
    limits: Limits,
    score: &mut Score,
) {
    let mutations = mutations(&configuration.node);
    let progress = progress(mutations.len());
    let next = AtomicUsize::new(0);
    let threads = available_parallelism().map_or(1, NonZero::get).min(mutations.len().max(1));
    let work =
        Work { document: &configuration.node, tests, mutations: &mutations, next: &next, limits };
    let mut fates: BTreeMap<usize, Fate> = BTreeMap::new();
    std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..threads).map(|_| scope.spawn(|| work.take_part(&progress))).collect();
        for worker in workers {
            // A worker that panics is a fault of the tool; its mutants count as not run.
            fates.extend(worker.join().unwrap_or_default());
        }
    });
    progress.finish_and_clear();
    for (index, mutation) in mutations.into_iter().enumerate() {
        let fate = fates.get(&index).copied().unwrap_or(Fate::NotRun);
        score.add(mutation, fate, configuration);
    }
    score.sort();
}

/// Returns what shows on a terminal how far it is; it shows nothing elsewhere.
fn progress(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("{pos}/{len} mutants, {eta} to go {wide_bar}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// What the workers share.
struct Work<'w> {
    document: &'w Node,
    tests: &'w [Prepared],
    mutations: &'w [Mutation],
    next: &'w AtomicUsize,
    limits: Limits,
}

impl Work<'_> {
    /// Tries mutants until none is left. Returns what became of them, by their numbers.
    fn take_part(&self, progress: &ProgressBar) -> Vec<(usize, Fate)> {
        let mut fates = Vec::new();
        loop {
            let turn = self.next.fetch_add(1, Ordering::Relaxed);
            let index = spread(turn, self.mutations.len());
            let Some(mutation) = index.and_then(|index| self.mutations.get(index)) else {
                return fates;
            };
            if self.limits.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return fates;
            }
            fates.extend(index.map(|index| (index, self.try_one(mutation))));
            progress.inc(1);
        }
    }

    fn try_one(&self, mutation: &Mutation) -> Fate {
        let Ok(json) = serde_json::to_vec(&mutation.edit.apply(self.document)) else {
            return Fate::Invalid;
        };
        let Ok(config) = attache_plugin_config::parse(&json) else { return Fate::Invalid };
        for tests in self.tests {
            match tests.answering(&config) {
                Err(_) => return Fate::Invalid,
                Ok(answering) if tests.first_failure(&answering).is_some() => return Fate::Noticed,
                Ok(_) => {}
            }
        }
        Fate::Survived
    }
}

/// Returns which of `length` mutants comes at a turn; `None` after the last. Each comes once, and
/// those of the first turns stand all over the document, so that what runs where time is short is a
/// sample of the whole.
fn spread(turn: usize, length: usize) -> Option<usize> {
    if turn >= length {
        return None;
    }
    let mut stride = length.saturating_mul(618).div_euclid(1000).max(1);
    while greatest_common_divisor(stride, length) != 1 {
        stride = stride.saturating_add(1);
    }
    turn.saturating_mul(stride).checked_rem(length)
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    match a.checked_rem(b) {
        None => a,
        Some(rest) => greatest_common_divisor(b, rest),
    }
}

/// The configurations that files of tests name, each with all tests that are asked of it: two files
/// may name one.
pub(crate) type Subjects = BTreeMap<(PathBuf, usize, String), (Configuration, Vec<Prepared>)>;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_mutant_has_its_turn() {
        for length in 0..200 {
            let all: BTreeSet<usize> =
                (0..length).filter_map(|turn| spread(turn, length)).collect();
            assert_eq!(all.len(), length);
            assert_eq!(spread(length, length), None);
        }
    }

    #[test]
    fn a_score_is_of_those_that_ran() {
        assert_eq!(Score::default().percent(), None);
        assert_eq!(Score { not_run: 9, ..Score::default() }.percent(), None);
        let score = Score { noticed: 2, invalid: 9, not_run: 9, ..Score::default() };
        assert_eq!(score.percent(), Some(100));
    }
}
