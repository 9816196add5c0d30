//! Runs scenarios, on as few Envoys as it can: most ask for the same workload, and a filter is
//! configured anew in a hundredth of the time that an Envoy takes to compile it.

use super::placeholders::Placeholders;
use super::{Scenario, ScenarioRunner};
use crate::envoy::Workload;
use crate::mtls::Authority;
use anyhow::Result;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;

/// The Envoys of a run of scenarios, which wait here for the next.
#[derive(Debug)]
pub struct EnvoyPool {
    module: PathBuf,
    authority: Arc<Authority>,
    certificates: TempDir,
    idle: Mutex<Vec<(Fixed, ScenarioRunner)>>,
}

/// What can't be changed of an Envoy that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fixed {
    binary: PathBuf,
    workload: Workload,
    environment: BTreeMap<String, String>,
}

impl EnvoyPool {
    /// Makes ready to run scenarios with a module; starts nothing yet.
    ///
    /// # Errors
    /// No certificates can be made.
    pub fn new(module: PathBuf) -> Result<Self> {
        let (authority, certificates) = (Authority::new()?, TempDir::with_prefix("attache-")?);
        authority.write_server(certificates.path())?;
        Ok(Self { module, authority: Arc::new(authority), certificates, idle: Mutex::default() })
    }

    /// Runs a scenario on an Envoy that is idle, else on a new one. An Envoy on which something
    /// failed is not used again.
    ///
    /// # Errors
    /// Something did not come as expected; the message says what.
    pub async fn run(&self, scenario: &Scenario, binary: &Path) -> Result<()> {
        let placeholders = Placeholders::default();
        let environment = scenario
            .environment
            .iter()
            .map(|(name, value)| Ok((name.clone(), placeholders.text(value)?)));
        let fixed = Fixed {
            binary: binary.to_owned(),
            workload: scenario.workload.clone(),
            environment: environment.collect::<Result<_>>()?,
        };
        let mut runner = match self.idle_runner(&fixed) {
            Some(runner) => runner,
            None => {
                let (authority, certificates) =
                    (Arc::clone(&self.authority), self.certificates.path());
                ScenarioRunner::start(
                    binary,
                    &self.module,
                    &fixed.workload,
                    &fixed.environment,
                    authority,
                    certificates,
                )
                .await?
            }
        };
        runner.run(scenario).await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((fixed, runner));
        Ok(())
    }

    fn idle_runner(&self, wanted: &Fixed) -> Option<ScenarioRunner> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let place = idle.iter().position(|(fixed, _)| fixed == wanted)?;
        Some(idle.swap_remove(place).1)
    }
}
