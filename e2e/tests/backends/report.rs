//! What a run found, in a table and line by line.

use crate::arguments::Arguments;
use crate::requests::Kind;
use crate::run::Sent;
use crate::seen::Seen;
use crate::wire;
use anyhow::{Result, ensure};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

/// Disagreements of one backend that are printed; all of them are in the file.
const PRINTED: usize = 12;

/// Requests of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    sent: usize,
    reached: usize,
    wrong: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Outcome {
    all: Count,
    kinds: BTreeMap<Kind, Count>,
    /// One line each.
    disagreements: Vec<String>,
}

impl Outcome {
    pub(crate) fn add(&mut self, sent: &Sent, lines: &[Seen], faults: Vec<String>) {
        for kind in &sent.case.kinds {
            self.kinds.entry(*kind).or_default().add(!lines.is_empty(), !faults.is_empty());
        }
        self.all.add(!lines.is_empty(), !faults.is_empty());
        for fault in faults {
            let bytes = wire::wire_form(&sent.case.request).unwrap_or_default();
            let answer: String = sent.answer.text.chars().take(160).collect();
            self.disagreements.push(format!(
                "case {} ({:?}, {:?}{}): {fault}\n    sent: {}\n    by: {:?}\n    policy: {}\n    saw: {lines:?}\n    answer: {answer:?}",
                sent.case.id,
                sent.manager,
                sent.case.kinds,
                if sent.case.request.http2 { ", HTTP/2" } else { "" },
                shown(&bytes),
                sent.case.token,
                sent.policy.in_short(),
            ));
        }
    }

    /// A line of the backend that belongs to no case.
    pub(crate) fn stray(&mut self, case: &str, lines: &[Seen]) {
        self.all.wrong += 1;
        self.disagreements
            .push(format!("no case: the backend tells of `{case}`\n    saw: {lines:?}"));
    }

    /// Prints and keeps the disagreements.
    pub(crate) fn keep(&self, name: &str, arguments: &Arguments) -> Result<()> {
        let folder = attache_e2e::repository().join("target/backends");
        fs::create_dir_all(&folder)?;
        let heading =
            format!("--only {name} --seed {} --requests {}", arguments.seed, arguments.requests);
        let mut text = String::new();
        for disagreement in &self.disagreements {
            writeln!(text, "{heading} {disagreement}\n")?;
        }
        fs::write(folder.join(format!("{name}.txt")), text)?;
        for disagreement in self.disagreements.iter().take(PRINTED) {
            println!("DISAGREEMENT {heading} {disagreement}\n");
        }
        println!(
            "{name}: {} sent, {} reached it, {} wrong",
            self.all.sent, self.all.reached, self.all.wrong
        );
        Ok(())
    }
}

impl Count {
    fn add(&mut self, reached: bool, wrong: bool) {
        self.sent += 1;
        self.reached += usize::from(reached);
        self.wrong += usize::from(wrong);
    }
}

/// Bytes of a request as text, the token left out.
fn shown(bytes: &[u8]) -> String {
    let text = bytes.escape_ascii().to_string();
    match text.split_once("Bearer ") {
        Some((before, token)) => {
            let end = token.find('\\').unwrap_or(token.len());
            format!("{before}Bearer TOKEN{}", token.get(end..).unwrap_or_default())
        }
        None => text,
    }
}

/// What all backends together came to.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<(&'static str, Outcome)>);

impl Table {
    pub(crate) fn add(&mut self, name: &'static str, outcome: Outcome) {
        self.0.push((name, outcome));
    }

    /// Prints the table: requests of each kind, those that reached the backend, and disagreements
    /// where there are any.
    ///
    /// # Errors
    /// There are disagreements.
    pub(crate) fn finish(&self, arguments: &Arguments) -> Result<()> {
        let kinds = Kind::ALL.map(|kind| format!("{kind:?}").to_lowercase()).join(" | ");
        println!("\n| backend | all | {kinds} | disagreements |");
        println!("|---|{}", "---|".repeat(Kind::ALL.len() + 2));
        let (mut sent, mut wrong) = (0, 0);
        for (name, outcome) in &self.0 {
            sent += outcome.all.sent;
            wrong += outcome.all.wrong;
            let cells =
                Kind::ALL.map(|kind| cell(outcome.kinds.get(&kind).copied().unwrap_or_default()));
            println!(
                "| {name} | {} | {} | {} |",
                cell(outcome.all),
                cells.join(" | "),
                outcome.all.wrong
            );
        }
        println!(
            "\n{} backends, {sent} requests, {wrong} disagreements (seed {})",
            self.0.len(),
            arguments.seed
        );
        ensure!(wrong == 0, "the filter and a backend disagree; each case is in target/backends/");
        Ok(())
    }
}

fn cell(count: Count) -> String {
    let wrong = if count.wrong > 0 { format!(" **{} wrong**", count.wrong) } else { String::new() };
    format!("{} of {}{wrong}", count.reached, count.sent)
}
