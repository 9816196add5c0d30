//! What a run is told.

use crate::backend::{BACKENDS, Backend};
use clap::Parser;
use clap::builder::{PossibleValuesParser, RangedU64ValueParser};

/// Asks real backends behind a real Envoy with the filter what they handled, and holds that against
/// the policy.
#[derive(Parser)]
#[command(name = "scripts/test-backends", bin_name = "scripts/test-backends")]
pub(crate) struct Arguments {
    /// This backend (again for another).
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(BACKENDS.map(|backend| backend.name)))]
    only: Vec<String>,
    /// Those alone whose parts are at hand, or fetched in less than a minute.
    #[arg(long)]
    short: bool,
    /// Requests of the whole run.
    #[arg(long, value_name = "N", default_value = "100000", value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) requests: usize,
    /// What the requests and policies are drawn from.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// This request alone; the other options must be as they were when it was found.
    #[arg(long, value_name = "N")]
    pub(crate) case: Option<u64>,
}

impl Arguments {
    /// Returns the backends that are asked for.
    pub(crate) fn backends(&self) -> Vec<&'static Backend> {
        BACKENDS
            .iter()
            .filter(|backend| !self.short || backend.short)
            .filter(|backend| {
                self.only.is_empty() || self.only.iter().any(|name| name == backend.name)
            })
            .collect()
    }
}
