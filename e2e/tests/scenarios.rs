//! Runs every scenario on every Envoy. `ATTACHE_ENVOY=1.39.3` keeps to one version (or several,
//! parted by commas); arguments filter by name, as with any test:
//! `cargo test -p attache-e2e --features scenarios --test scenarios shadow`.

use anyhow::{Result, ensure};
use attache_e2e::envoy::{self, VERSIONS};
use attache_e2e::scenario::{self, EnvoyPool};
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    match trials() {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One test a scenario and version. Those of one scenario stand together, so that tests that run
/// side by side need Envoys of different versions, and few of each.
fn trials() -> Result<Vec<Trial>> {
    let pool = Arc::new(EnvoyPool::new(attache_e2e::module()?)?);
    let runtime = Arc::new(Runtime::new()?);
    let envoys: Vec<_> = versions()?
        .into_iter()
        .map(|version| Ok((envoy::binary(&version)?, version)))
        .collect::<Result<_>>()?;
    let mut trials = Vec::new();
    for scenario in scenario::all()?.into_iter().chain([scenario::from_page()?]).map(Arc::new) {
        for (binary, version) in &envoys {
            let (scenario, binary) = (Arc::clone(&scenario), binary.clone());
            let (pool, runtime) = (Arc::clone(&pool), Arc::clone(&runtime));
            let name = format!("{version}::{}", scenario.name);
            trials.push(Trial::test(name, move || {
                // Not on this test's thread: an Envoy ends with the thread that started it, and the
                // next scenario may want it.
                let run = runtime.spawn(async move { pool.run(&scenario, &binary).await });
                runtime.block_on(run)?.map_err(|error| Failed::from(format!("{error:#}")))
            }));
        }
    }
    Ok(trials)
}

fn versions() -> Result<Vec<String>> {
    let Ok(wanted) = std::env::var("ATTACHE_ENVOY") else {
        return Ok(VERSIONS.map(str::to_owned).to_vec());
    };
    let wanted: Vec<_> = wanted.split(',').map(str::to_owned).collect();
    for version in &wanted {
        ensure!(
            VERSIONS.contains(&version.as_str()),
            "`ATTACHE_ENVOY` names `{version}`: use {VERSIONS:?}"
        );
    }
    Ok(wanted)
}
