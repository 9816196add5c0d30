//! What became of the requests of a log, counted. It holds no request but one example for each
//! group, and no more groups and names than are told, however long the log is.

use crate::logged::{Before, Logged};
use std::collections::BTreeMap;

/// The most groups that are told apart; a configuration makes fewer, a log that somebody forged may
/// not.
const MAX_GROUPS: usize = 5_000;

/// The most senders of a group that are told apart.
const MAX_SENDERS: usize = 1_000;

/// The most unknown words that are told apart.
const MAX_DOUBTS: usize = 20;

/// What becomes of a request, beside what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Turn {
    /// It went on, and would be refused.
    NewlyRefused,
    /// It was refused, and would go on.
    NewlyAllowed,
    /// It depends on what the log does not hold.
    Unknown,
}

/// Why requests fare otherwise, or what their verdict depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Why {
    /// The reason that they would be refused for, or that they were refused for.
    pub(crate) reason: Option<String>,
    /// The rule that would decide.
    pub(crate) rule: Option<String>,
    /// What is not known.
    pub(crate) needs: Vec<String>,
}

/// Requests that fare alike.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) count: u64,
    /// How many requests each sender has of it.
    pub(crate) senders: BTreeMap<String, u64>,
    /// How many are of senders beyond those that are told apart, or of nobody that the log names.
    pub(crate) others: u64,
    pub(crate) example: Example,
}

/// One request of a group: the first.
#[derive(Clone, Debug)]
pub(crate) struct Example {
    pub(crate) file: String,
    pub(crate) line: u64,
    pub(crate) method: String,
    pub(crate) path: String,
}

/// All that was counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) lines: u64,
    pub(crate) requests: u64,
    pub(crate) groups: BTreeMap<(Turn, Why), Group>,
    /// Requests of groups beyond those that are told apart.
    pub(crate) ungrouped: u64,
    pub(crate) still_allowed: u64,
    pub(crate) still_refused: u64,
    /// Lines about something else.
    pub(crate) other_lines: u64,
    /// Lines that can't be read in one way, by why; with the first of each.
    pub(crate) unreadable: BTreeMap<String, (u64, String)>,
    /// Words of lines that nobody knows, by what is to be said of them; with the first of each.
    pub(crate) doubts: BTreeMap<String, (u64, String)>,
    /// How many were found beyond the words that are told apart.
    pub(crate) more_doubts: u64,
    /// Lines that the filter says it left out.
    pub(crate) dropped: u64,
}

impl Tally {
    /// Counts a request that fares as it did.
    pub(crate) fn add_unchanged(&mut self, before: &Before) {
        let count = if *before == Before::Allowed {
            &mut self.still_allowed
        } else {
            &mut self.still_refused
        };
        *count = count.saturating_add(1);
    }

    /// Counts a request that fares otherwise, or of which that can't be told.
    pub(crate) fn add(&mut self, turn: Turn, why: Why, logged: &Logged, (file, line): (&str, u64)) {
        let key = (turn, why);
        if !self.groups.contains_key(&key) && self.groups.len() >= MAX_GROUPS {
            self.ungrouped = self.ungrouped.saturating_add(1);
            return;
        }
        let group = self.groups.entry(key).or_insert_with(|| Group {
            count: 0,
            senders: BTreeMap::new(),
            others: 0,
            example: Example {
                file: file.to_owned(),
                line,
                method: logged.method.clone(),
                path: logged.path().to_owned(),
            },
        });
        group.count = group.count.saturating_add(1);
        match logged.who() {
            Some(who) if group.senders.contains_key(&who) || group.senders.len() < MAX_SENDERS => {
                let count = group.senders.entry(who).or_default();
                *count = count.saturating_add(1);
            }
            _ => group.others = group.others.saturating_add(1),
        }
    }

    /// Counts a line that can't be read.
    pub(crate) fn add_unreadable(&mut self, why: &str, (file, line): (&str, u64)) {
        let entry =
            self.unreadable.entry(why.to_owned()).or_insert_with(|| (0, format!("{file}:{line}")));
        entry.0 = entry.0.saturating_add(1);
    }

    /// Counts a line with a word that nobody knows.
    pub(crate) fn add_doubt(&mut self, doubt: &str, (file, line): (&str, u64)) {
        if let Some((count, _)) = self.doubts.get_mut(doubt) {
            *count = count.saturating_add(1);
        } else if self.doubts.len() < MAX_DOUBTS {
            self.doubts.insert(doubt.to_owned(), (1, format!("{file}:{line}")));
        } else {
            self.more_doubts = self.more_doubts.saturating_add(1);
        }
    }

    /// Returns the groups of a turn, the largest first.
    pub(crate) fn of(&self, turn: Turn) -> Vec<(&Why, &Group)> {
        let groups = self.groups.iter().filter(|((own, _), _)| *own == turn);
        let mut groups: Vec<(&Why, &Group)> =
            groups.map(|((_, why), group)| (why, group)).collect();
        groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.count));
        groups
    }

    /// Returns whether a request fares otherwise than it did.
    pub(crate) fn is_changed(&self) -> bool {
        !self.of(Turn::NewlyRefused).is_empty() || !self.of(Turn::NewlyAllowed).is_empty()
    }

    /// Returns whether of a request nobody can tell how it fares.
    pub(crate) fn is_unsure(&self) -> bool {
        self.ungrouped > 0 || !self.of(Turn::Unknown).is_empty()
    }

    /// Returns how many requests have taken a turn.
    pub(crate) fn count(&self, turn: Turn) -> u64 {
        self.of(turn).iter().map(|(_, group)| group.count).sum()
    }
}

impl Group {
    /// Returns the senders that have the most of its requests.
    pub(crate) fn first_senders(&self, count: usize) -> Vec<(&str, u64)> {
        let mut senders: Vec<(&str, u64)> =
            self.senders.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        senders.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        senders.truncate(count);
        senders
    }
}
