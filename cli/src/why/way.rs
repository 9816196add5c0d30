//! What the logs say of a request besides the line that is asked about: its way from the gateway to the service.

use crate::log::{AccessLine, AuditLine, Entry, Program, Said};
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
    pub(crate) program: Program,
    pub(crate) time: Option<String>,
    pub(crate) trace_id: Option<String>,
    request_id: Option<String>,
    pub(crate) words: String,
}

impl Seen {
    /// Returns what a line says of a request; `None` where it is on none.
    fn of(entry: &Entry, number: u64) -> Option<Self> {
        match entry {
            Entry::Audit(line) => Some(Self::of_audit(line, number)),
            Entry::Access(line) => Some(Self::of_access(line, number)),
            Entry::Neighbour(line) => Some(Self {
                number,
                program: line.program,
                time: line.time.clone(),
                trace_id: line.trace_id.clone(),
                request_id: line.request_id.clone(),
                words: line.words.clone(),
            }),
            Entry::Dropped(_) | Entry::Other | Entry::Unreadable(_) => None,
        }
    }

    fn of_audit(line: &AuditLine, number: u64) -> Self {
        let mut words = format!("{} {}: ", line.method, line.path);
        words.push_str(match line.verdict.verdict {
            Said::Allowed => "allowed",
            Said::Denied => "refused",
        });
        for part in [line.verdict.reason.clone(), line.verdict.rule_name()].into_iter().flatten() {
            words.push_str(", ");
            words.push_str(&part);
        }
        Self {
            number,
            program: Program::Filter,
            time: line.time.clone(),
            trace_id: line.trace_id.clone(),
            request_id: line.request_id.clone(),
            words,
        }
    }

    fn of_access(line: &AccessLine, number: u64) -> Self {
        let path = line.target.split('?').next().unwrap_or_default();
        Self {
            number,
            program: Program::Proxy,
            time: line.time.clone(),
            trace_id: None,
            request_id: line.request_id.clone(),
            words: format!("{} {path}: {}", line.method, line.status),
        }
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

    /// Returns the lines on the request of a line, in the order in which a request goes: gateway, issuer, proxy, filter;
    /// none where there is no other line than that one.
    pub(super) fn way(self, picked: u64) -> Vec<Seen> {
        let Some(own) = self.0.iter().find(|seen| seen.number == picked).cloned() else { return Vec::new() };
        // Clients choose both ids, and either may come twice. Where a line has a trace, that counts: a gateway that traces
        // by rules of its own gives it anew.
        let same_request = |seen: &Seen| seen.request_id.is_some() && seen.request_id == own.request_id;
        let is_of_it = |seen: &Seen| match (&seen.trace_id, &own.trace_id) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            _ => seen.number == picked || same_request(seen),
        };
        let mut way: Vec<Seen> = self.0.into_iter().filter(is_of_it).collect();
        // Whoever sends many requests of one trace leaves many lines: those nearest to the one that is asked about are told.
        way.sort_by_key(|seen| seen.number.abs_diff(picked));
        way.truncate(MAX_TOLD);
        way.sort_by_key(|seen| (seen.program as u8, seen.number));
        if way.len() > 1 { way } else { Vec::new() }
    }
}
