//! Requests of a log before another configuration: what becomes of each, counted.

mod report;
mod run;
mod same_rules;
mod tally;

pub(crate) use report::{document, tell};
pub(crate) use run::Replay;
pub(crate) use same_rules::SameRules;
pub(crate) use tally::Tally;
