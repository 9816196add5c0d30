//! What a run is told.

use crate::backend::{BACKENDS, Backend};
use anyhow::{Context, Result, bail, ensure};

/// Requests of a whole run, where nothing else is said.
const REQUESTS: usize = 100_000;

pub(crate) struct Arguments {
    /// Names of backends; empty for all.
    only: Vec<String>,
    /// Those alone whose parts are fetched in a moment.
    short: bool,
    /// Requests of the whole run.
    pub(crate) requests: usize,
    /// What the requests and policies are drawn from.
    pub(crate) seed: u64,
    /// This request alone.
    pub(crate) case: Option<u64>,
}

impl Arguments {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut arguments = Self { only: Vec::new(), short: false, requests: REQUESTS, seed: 1, case: None };
        while let Some(word) = words.next() {
            if word == "--short" {
                arguments.short = true;
                continue;
            }
            let value = words.next().with_context(|| format!("`{word}` needs a value"))?;
            let number = || value.parse().with_context(|| format!("`{value}` after `{word}` is no number"));
            match word.as_str() {
                "--only" => {
                    let known = BACKENDS.map(|backend| backend.name);
                    ensure!(known.contains(&value.as_str()), "there is no `{value}`: choose of {known:?}");
                    arguments.only.push(value);
                }
                "--requests" => arguments.requests = usize::try_from(number()?)?,
                "--seed" => arguments.seed = number()?,
                "--case" => arguments.case = Some(number()?),
                _ => bail!("`{word}` is not known: try scripts/test-backends --help"),
            }
        }
        Ok(arguments)
    }

    pub(crate) fn backends(&self) -> Vec<&'static Backend> {
        BACKENDS
            .iter()
            .filter(|backend| !self.short || backend.short)
            .filter(|backend| self.only.is_empty() || self.only.iter().any(|name| name == backend.name))
            .collect()
    }
}
