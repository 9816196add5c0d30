//! What the logs say of a request besides the line that is asked about: its way from the gateway to
//! the service.

use crate::log::{AccessLine, AuditLine, Entry, Neighbour, Program, Said};
use std::collections::VecDeque;

/// How many lines are kept while the one that is asked about is looked for: the last.
const MAX_KEPT: usize = 20_000;

/// The most lines of a way that are told: those nearest to the line that is asked about.
const MAX_TOLD: usize = 20;

/// A line on a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Its number, from 1.
    pub(crate) number: u64,
    /// What it says, as a neighbour's would.
    pub(crate) line: Neighbour,
}

impl Seen {
    /// Returns what a line says of a request; `None` where it is on none.
    fn of(entry: &Entry, number: u64) -> Option<Self> {
        let line = match entry {
            Entry::Audit(line) => of_audit(line),
            Entry::Access(line) => of_access(line),
            Entry::Neighbour(line) => Neighbour::clone(line),
            Entry::Dropped(_) | Entry::Other | Entry::Unreadable(_) => return None,
        };
        Some(Self { number, line })
    }
}

fn of_audit(line: &AuditLine) -> Neighbour {
    let mut words = format!("{} {}: ", line.method, line.path);
    words.push_str(match line.verdict.verdict {
        Said::Allowed => "allowed",
        Said::Denied => "refused",
    });
    for part in [line.verdict.reason.clone(), line.verdict.rule_name()].into_iter().flatten() {
        words.push_str(", ");
        words.push_str(&part);
    }
    Neighbour {
        program: Program::Filter,
        time: line.time.clone(),
        trace_id: line.trace_id.clone(),
        request_id: line.request_id.clone(),
        words,
    }
}

fn of_access(line: &AccessLine) -> Neighbour {
    let path = line.target.split('?').next().unwrap_or_default();
    Neighbour {
        program: Program::Proxy,
        time: line.time.clone(),
        trace_id: None,
        request_id: line.request_id.clone(),
        words: format!("{} {path}: {}", line.method, line.status),
    }
}

/// The lines on requests that were read last.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<Seen>);

impl Recent {
    /// Keeps what a line says, and forgets the oldest where there are too many.
    pub(super) fn keep(&mut self, entry: &Entry, number: u64) {
        let Some(seen) = Seen::of(entry, number) else { return };
        if self.0.len() >= MAX_KEPT {
            self.0.pop_front();
        }
        self.0.push_back(seen);
    }

    /// Returns the lines on the request of a line, in the order in which a request goes: gateway,
    /// issuer, proxy, filter; none where there is no other line than that one.
    pub(super) fn way(self, picked: u64) -> Vec<Seen> {
        let Some(own) = self.0.iter().find(|seen| seen.number == picked).cloned() else {
            return Vec::new();
        };
        // Clients choose both ids, and either may come twice. Where a line has a trace, that
        // counts: a gateway that traces by rules of its own gives it anew.
        let request = own.line.request_id.as_ref();
        let same_request =
            |seen: &Seen| request.is_some() && seen.line.request_id.as_ref() == request;
        let is_of_it = |seen: &Seen| match (&seen.line.trace_id, &own.line.trace_id) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            _ => seen.number == picked || same_request(seen),
        };
        let mut way: Vec<Seen> = self.0.into_iter().filter(is_of_it).collect();
        // Whoever sends many requests of one trace leaves many lines: those nearest to the one that
        // is asked about are told.
        way.sort_by_key(|seen| seen.number.abs_diff(picked));
        way.truncate(MAX_TOLD);
        way.sort_by_key(|seen| (seen.line.program as u8, seen.number));
        if way.len() > 1 { way } else { Vec::new() }
    }
}
