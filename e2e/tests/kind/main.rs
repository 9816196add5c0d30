//! What only a real cluster can show. `scripts/kind test` runs this against what `scripts/kind up`
//! made; without that, it says so and does nothing. `ATTACHE_KIND_FILTERS` names parts of names,
//! parted by commas; without it all are run.

mod callers;
mod gateway;
mod images;
mod keycloak;
mod routes;
mod samples;
mod support;
mod tyk;
mod updates;

use anyhow::{Result, anyhow};
use attache_e2e::cluster::Mesh;
use attache_e2e::scenario::{self, ClusterRunner};
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // There is one cluster, and each test configures it.
    arguments.test_threads = Some(1);
    if std::env::var_os("ATTACHE_KIND_CONTEXT").is_none() {
        println!("SKIPPED: ATTACHE_KIND_CONTEXT names no cluster; `scripts/kind test` does");
        return ExitCode::SUCCESS;
    }
    match trials() {
        Ok((mut trials, mesh, runtime)) => {
            trials.retain(|trial| mesh.settings.wants(trial.name()));
            if trials.is_empty() {
                return fail(&anyhow!(
                    "no test has one of {:?} in its name",
                    mesh.settings.filters
                ));
            }
            let code = libtest_mimic::run(&arguments, trials).exit_code();
            match runtime.block_on(support::restore(&mesh)) {
                Ok(()) => code,
                Err(error) => fail(&error),
            }
        }
        Err(error) => fail(&error),
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

fn trials() -> Result<(Vec<Trial>, Arc<Mesh>, Arc<Runtime>)> {
    let mesh = Arc::new(Mesh::new()?);
    let runtime = Arc::new(Runtime::new()?);
    let mut trials = Vec::new();
    macro_rules! test {
        ($part:literal, $module:ident :: $name:ident) => {{
            let (with, runtime) = (Arc::clone(&mesh), Arc::clone(&runtime));
            let name = concat!(stringify!($module), "::", stringify!($name));
            let is_there = $part.is_empty() || mesh.settings.has($part);
            let trial = Trial::test(name, move || outcome(runtime.block_on($module::$name(with))));
            trials.push(trial.with_ignored_flag(!is_there));
        }};
    }
    test!("", samples::each_service_holds_its_own_policy);
    test!("", callers::a_rule_knows_who_calls);
    test!("", updates::a_plugin_is_applied_updated_and_upgraded_under_load);
    test!("", updates::a_bad_configuration_is_refused_while_the_old_one_serves);
    test!("", updates::a_rule_goes_from_shadow_to_enforce);
    test!("", images::a_missing_image_lets_nothing_through);
    test!("", images::a_tampered_image_lets_nothing_through);
    test!("tyk", tyk::a_session_becomes_a_token_that_decides);
    test!("tyk", tyk::rate_limit_and_quota_are_reached);
    test!("tyk", tyk::a_limit_holds_with_two_gateways);
    test!("tyk", routes::the_gateways_sidecar_goes_by_them);
    test!("tyk", routes::edge_and_mesh_agree);
    test!("tyk", routes::a_missing_route_is_found_and_refuses);
    test!("tyk", tyk::the_issuer_rotates_its_key_under_load);
    test!("keycloak", keycloak::it_goes_away_and_its_tokens_are_good);

    let runner = Arc::new(tokio::sync::Mutex::new(None::<ClusterRunner>));
    for scenario in scenario::all()? {
        let (mesh, runtime, runner) =
            (Arc::clone(&mesh), Arc::clone(&runtime), Arc::clone(&runner));
        let unfit = scenario::unfit(&scenario, &mesh.settings);
        if let Some(reason) = &unfit {
            println!("left out: scenario {}: {reason}", scenario.name);
        }
        let trial = Trial::test(format!("scenario::{}", scenario.name), move || {
            outcome(runtime.block_on(async {
                let mut runner = runner.lock().await;
                let runner = match &mut *runner {
                    Some(runner) => runner,
                    none => none.insert(ClusterRunner::new(Arc::clone(&mesh)).await?),
                };
                let run = runner.run(&scenario).await;
                mesh.dismiss_callers().await?;
                run
            }))
        });
        trials.push(trial.with_ignored_flag(unfit.is_some()));
    }
    Ok((trials, mesh, runtime))
}

fn outcome(result: Result<()>) -> Result<(), Failed> {
    result.map_err(|error| Failed::from(format!("{error:#}")))
}
