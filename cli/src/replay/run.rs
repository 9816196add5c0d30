//! Going through a log, a line at a time.

use super::same_rules::SameRules;
use super::tally::{Tally, Turn, Why};
use crate::log::{Entry, Lines};
use crate::logged::{Before, Fate, Judge, Logged, NotATokens, Outcome, Says};
use attache_plugin_config::ClaimPath;
use indicatif::ProgressBar;
use std::collections::HashMap;
use std::io::{self, BufRead};

/// How many verdicts are kept, so that requests that are alike are judged once.
const MAX_KEPT: usize = 20_000;

/// After how many lines it is told how far it has come.
const LINES_BETWEEN: u64 = 256;

/// A configuration that requests of logs are played to.
pub(crate) struct Replay<'j> {
    judge: &'j Judge,
    /// The port that requests came in on, where the log has none.
    port: Option<u16>,
    /// The claims that the configuration of the log had it name, where that is known.
    logged: Option<Vec<ClaimPath>>,
    /// The rules that the configuration of the log had, too, where that is known.
    same_rules: Option<SameRules>,
    kept: HashMap<String, Result<Fate, NotATokens>>,
    pub(crate) tally: Tally,
}

impl<'j> Replay<'j> {
    pub(crate) fn new(
        judge: &'j Judge,
        port: Option<u16>,
        logged: Option<Vec<ClaimPath>>,
        same_rules: Option<SameRules>,
    ) -> Self {
        let (kept, tally) = (HashMap::new(), Tally::default());
        Self { judge, port, logged, same_rules, kept, tally }
    }

    /// Goes through a log.
    ///
    /// # Errors
    /// It can't be read.
    pub(crate) fn run(
        &mut self,
        file: &str,
        log: impl BufRead,
        progress: &ProgressBar,
    ) -> io::Result<()> {
        let mut lines = Lines::new(log);
        let mut told = 0;
        while let Some(entry) = lines.entry()? {
            self.tally.lines = self.tally.lines.saturating_add(1);
            let at = (file, lines.number);
            self.entry(&entry, at);
            if lines.number.is_multiple_of(LINES_BETWEEN) {
                progress.inc(lines.bytes.saturating_sub(told));
                told = lines.bytes;
            }
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry, at: (&str, u64)) {
        let mut logged = match entry {
            Entry::Audit(line) => {
                for word in line.unknown_words() {
                    self.tally.add_doubt(&word, at);
                }
                Logged::of_audit(line, self.logged.as_deref())
            }
            Entry::Access(line) => Logged::of_access(line),
            Entry::Dropped(count) => {
                self.tally.dropped = self.tally.dropped.saturating_add(*count);
                return;
            }
            Entry::Other | Entry::Neighbour(_) => {
                self.tally.other_lines = self.tally.other_lines.saturating_add(1);
                return;
            }
            Entry::Unreadable(why) => return self.tally.add_unreadable(why, at),
        };
        if let (Some(port), false) = (self.port, logged.knows.port) {
            logged.client.port = Some(port);
            logged.knows.port = true;
        }
        match self.fate(&logged) {
            Ok(fate) => {
                self.tally.requests = self.tally.requests.saturating_add(1);
                self.count(&fate, &logged, at);
            }
            Err(NotATokens) => self.tally.add_unreadable(NotATokens::WHY, at),
        }
    }

    fn fate(&mut self, logged: &Logged) -> Result<Fate, NotATokens> {
        let mut key = logged.key();
        if self.same_rules.is_some() {
            key.push_str(&format!("{:?}{:?}", logged.before, logged.rule));
        }
        if let Some(fate) = self.kept.get(&key) {
            return fate.clone();
        }
        let fate = self.judge.judge(logged).map(|judged| {
            // Of several readings, nobody knows in which a rule decided.
            let has_one_reading = judged.trace.readings.len() == 1;
            let same_rules = self.same_rules.as_ref().filter(|_| has_one_reading);
            judged.fate(&same_rules.map(|rules| rules.recorded(logged)).unwrap_or_default())
        });
        if self.kept.len() >= MAX_KEPT {
            self.kept.clear();
        }
        self.kept.insert(key, fate.clone());
        fate
    }

    fn count(&mut self, fate: &Fate, logged: &Logged, at: (&str, u64)) {
        let (turn, why) = match (fate, &logged.before) {
            (Fate::Unknown(needs), _) => {
                let needs = needs.iter().map(ToString::to_string).collect();
                (Turn::Unknown, Why { reason: None, rule: None, needs })
            }
            (Fate::Known(Outcome::Refused { says, rule }), Before::Allowed) => {
                let rule = rule.map(|rule| self.judge.rule(rule));
                (Turn::NewlyRefused, Why { reason: Some(words(*says)), rule, needs: Vec::new() })
            }
            (Fate::Known(Outcome::Allowed { rule }), Before::Refused(reason)) => {
                let rule = rule.map(|rule| self.judge.rule(rule));
                (Turn::NewlyAllowed, Why { reason: reason.clone(), rule, needs: Vec::new() })
            }
            (Fate::Known(_), before) => return self.tally.add_unchanged(before),
        };
        self.tally.add(turn, why, logged, at);
    }
}

/// Returns why requests are refused.
fn words(says: Says) -> String {
    match says {
        Says::Reason(reason) => reason.as_str().to_owned(),
        Says::BadToken => "the token is bad, as it was".to_owned(),
        Says::OneOfSeveral => "one of several reasons".to_owned(),
    }
}
