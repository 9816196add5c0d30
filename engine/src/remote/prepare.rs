//! Reading a key set that a provider served.

use super::fetch::FetchOutcome;
use super::response::FetchError;
use crate::token::IssuerKeys;
use attache_plugin_config::{Diagnostic, KeySet, Skipped};
use std::rc::Rc;

/// A key set ready to verify.
pub(super) struct Prepared {
    pub(super) keys: Rc<IssuerKeys>,
    pub(super) skipped: Vec<Skipped>,
}

/// Reads a key set by the rules of an inline one.
pub(super) fn prepare(body: &[u8]) -> Result<Prepared, FetchError> {
    let set = KeySet::parse(body).map_err(|errors| {
        let outcome =
            if KeySet::has_a_form(body) { FetchOutcome::BadKeys } else { FetchOutcome::NotJson };
        unfit(outcome, errors.iter())
    })?;
    let keys =
        IssuerKeys::from_set(&set).map_err(|errors| unfit(FetchOutcome::BadKeys, errors.iter()))?;
    let skipped = set.skipped.into_iter().chain(keys.skipped().iter().cloned()).collect();
    Ok(Prepared { keys: Rc::new(keys), skipped })
}

/// Returns the first of the reasons why a set is of no use, and how many there are besides.
fn unfit<'e>(outcome: FetchOutcome, errors: impl Iterator<Item = &'e Diagnostic>) -> FetchError {
    let mut lines: Vec<String> = errors.map(ToString::to_string).collect();
    let more = lines.len().saturating_sub(MAX_REASONS);
    lines.truncate(MAX_REASONS);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    FetchError::new(outcome, lines.join("; "))
}

/// How many reasons a log line gives.
const MAX_REASONS: usize = 4;
