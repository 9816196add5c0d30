//! What became of an attempt to get keys.

use super::change::Change;
use super::fetch::{Fetch, FetchOutcome};
use super::response::FetchError;
use attache_plugin_config::Skipped;

/// What an answer led to.
#[derive(Debug)]
pub enum Progress {
    /// The next question of the same attempt.
    Ask(Fetch),
    /// The attempt has ended.
    Done(FetchReport),
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchReport {
    /// The kind of end, as metrics count it.
    pub outcome: FetchOutcome,
    /// What was wrong and what to do; empty where nothing was.
    pub detail: String,
    /// Which keys came and went; `None` where the same set holds as before.
    pub change: Option<Change>,
    /// Keys of the new set that can't be used here, and why.
    pub skipped: Vec<Skipped>,
}

impl FetchReport {
    /// Returns the report of an attempt that has failed.
    pub(super) fn bad(error: FetchError) -> Self {
        Self { outcome: error.outcome, detail: error.detail, change: None, skipped: Vec::new() }
    }

    /// Returns the report of an attempt whose lease another worker has taken meanwhile.
    pub(super) fn late() -> Self {
        let detail = "another worker has taken over; allow more time by `timeout`";
        Self::bad(FetchError::new(FetchOutcome::Late, detail))
    }
}
