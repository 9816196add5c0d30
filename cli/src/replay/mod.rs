//! Requests of a log before another configuration: what becomes of each, counted.

mod report;
mod run;
mod tally;

pub(crate) use report::{document, tell};
pub(crate) use run::Replay;
pub(crate) use tally::Tally;
