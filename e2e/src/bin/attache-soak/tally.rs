//! What came of the requests.

use std::fmt::Write as _;
use std::time::Duration;

/// Counts, and the first few wrong answers in words.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) requests: u64,
    /// The configuration or a key changed while they were on their way: either answer is right.
    pub(crate) undecided: u64,
    pub(crate) wrong: u64,
    pub(crate) errors_5xx: u64,
    /// Within the moment of the forced trap.
    pub(crate) trapped_5xx: u64,
    /// Waited for keys in the VM that trapped.
    pub(crate) cut_off: u64,
    pub(crate) pushes: u64,
    pub(crate) refused_pushes: u64,
    pub(crate) rotations: u64,
    pub(crate) traps: u64,
    pub(crate) reloads: u64,
    pub(crate) examples: Vec<String>,
}

impl Tally {
    pub(crate) const HEADING: &'static str =
        "seconds   requests  wrong    5xx  in the trap  configurations  rotations  memory (MiB)";

    /// Notes a wrong answer.
    pub(crate) fn note(&mut self, what: String) {
        if self.examples.len() < 10 {
            self.examples.push(what);
        }
    }

    pub(crate) fn row(&self, since: Duration, resident: u64) -> String {
        format!(
            "{:>7} {:>10} {:>6} {:>6} {:>12} {:>15} {:>10} {:>13}",
            since.as_secs(),
            self.requests,
            self.wrong,
            self.errors_5xx,
            self.trapped_5xx,
            self.pushes + self.refused_pushes,
            self.rotations,
            resident / (1024 * 1024)
        )
    }

    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        let lines = [
            ("requests", self.requests),
            ("of these while something changed", self.undecided),
            ("wrong answers", self.wrong),
            ("5xx outside the forced trap", self.errors_5xx),
            ("5xx within it", self.trapped_5xx),
            ("requests that waited for keys in the VM that trapped", self.cut_off),
            ("configurations taken", self.pushes),
            ("configurations refused, as they had to be", self.refused_pushes),
            ("rotations of keys", self.rotations),
            ("traps", self.traps),
            ("VMs reloaded", self.reloads),
        ];
        for (what, count) in lines {
            // Writing to a string can't fail.
            let _ = writeln!(text, "{count:>10} {what}");
        }
        text
    }

    /// Why the run was not clean.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut complaints = self.examples.clone();
        let mut check = |holds: bool, what: &str| {
            if !holds {
                complaints.push(what.to_owned());
            }
        };
        check(self.wrong == 0, "there were wrong answers");
        check(self.errors_5xx == 0, "there were errors outside the forced trap");
        check(self.requests > 100, "the load was no load");
        check(
            self.undecided < self.requests / 2,
            "most requests were undecided: nothing was shown",
        );
        check(self.pushes > 1 && self.rotations > 1, "too little changed");
        check(self.traps == 1 && self.reloads > 0, "the VM did not trap and come back");
        complaints
    }
}
