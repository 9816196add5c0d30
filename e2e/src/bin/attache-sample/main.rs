//! What stands in the pods of a cluster under test, in an image that holds nothing else:
//!
//! - `attache-sample serve NAME`: a service that echoes what reached it, on port 8080, and on 9090 for gRPC;
//! - `attache-sample relay`: a caller at somebody's command, on port 8081;
//! - `attache-sample load ADDRESS PATH HEADER…`: steady requests until standard input ends.

mod load;
mod relay;

use anyhow::{Result, bail};
use attache_e2e::echo::Echo;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Where the service listens.
const SERVICE_PORT: u16 = 8080;
/// The same once more: Istio speaks to a service as the port's name says, and gRPC needs HTTP/2.
const GRPC_PORT: u16 = 9090;
/// Where the relay listens.
const RELAY_PORT: u16 = 8081;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Err(error) => fail(&error.into()),
        Ok(runtime) => {
            let ended = runtime.block_on(run(&words));
            // Whatever still reads standard input is not waited for.
            runtime.shutdown_background();
            ended.map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS)
        }
    }
}

fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

async fn run(words: &[&str]) -> Result<()> {
    match words {
        ["serve", name] => {
            let _http = Echo::start_at(name, (Ipv4Addr::UNSPECIFIED, SERVICE_PORT).into()).await?;
            let _grpc = Echo::start_at(name, (Ipv4Addr::UNSPECIFIED, GRPC_PORT).into()).await?;
            told_to_end().await
        }
        ["relay"] => {
            tokio::select! {
                ended = relay::serve((Ipv4Addr::UNSPECIFIED, RELAY_PORT).into()) => ended,
                told = told_to_end() => told,
            }
        }
        ["load", address, path, headers @ ..] => load::run(address.parse()?, path, headers).await,
        _ => bail!("use `serve NAME`, `relay` or `load ADDRESS PATH HEADER…`"),
    }
}

/// As the first process of a container it must ask for the signal, or would never see it.
async fn told_to_end() -> Result<()> {
    signal(SignalKind::terminate())?.recv().await;
    Ok(())
}
