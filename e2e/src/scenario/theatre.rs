//! Plays scenarios, on as few Envoys as it can: most ask for the same workload, and a filter is configured anew in a
//! hundredth of the time that an Envoy takes to compile it.

use super::fill::Filler;
use super::{Scenario, Stage};
use crate::envoy::Workload;
use crate::mtls::Authority;
use anyhow::Result;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;

/// The stages of a run.
#[derive(Debug)]
pub struct Theatre {
    module: PathBuf,
    authority: Arc<Authority>,
    certificates: TempDir,
    idle: Mutex<Vec<(Set, Stage)>>,
}

/// What can't be changed of an Envoy that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Set {
    binary: PathBuf,
    workload: Workload,
    environment: BTreeMap<String, String>,
}

impl Theatre {
    /// Makes ready to play with a module; starts nothing yet.
    ///
    /// # Errors
    /// No certificates can be made.
    pub fn new(module: PathBuf) -> Result<Self> {
        let (authority, certificates) = (Authority::new()?, TempDir::with_prefix("attache-")?);
        authority.write_server(certificates.path())?;
        Ok(Self { module, authority: Arc::new(authority), certificates, idle: Mutex::default() })
    }

    /// Plays a scenario on an Envoy that is idle, else on a new one. An Envoy on which something failed is not used
    /// again.
    ///
    /// # Errors
    /// Something did not come as expected; the message says what.
    pub async fn play(&self, scenario: &Scenario, binary: &Path) -> Result<()> {
        let filler = Filler::default();
        let environment =
            scenario.environment.iter().map(|(name, value)| Ok((name.clone(), filler.text(value)?)));
        let set = Set {
            binary: binary.to_owned(),
            workload: scenario.workload.clone(),
            environment: environment.collect::<Result<_>>()?,
        };
        let mut stage = match self.idle_stage(&set) {
            Some(stage) => stage,
            None => {
                let (authority, certificates) = (Arc::clone(&self.authority), self.certificates.path());
                Stage::start(binary, &self.module, &set.workload, &set.environment, authority, certificates)
                    .await?
            }
        };
        stage.play(scenario).await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((set, stage));
        Ok(())
    }

    fn idle_stage(&self, wanted: &Set) -> Option<Stage> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let place = idle.iter().position(|(set, _)| set == wanted)?;
        Some(idle.swap_remove(place).1)
    }
}
