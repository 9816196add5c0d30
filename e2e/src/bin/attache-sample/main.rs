//! What stands in the pods of a cluster under test, in an image that holds nothing else.

mod load;
mod relay;

use anyhow::Result;
use attache_e2e::echo::Echo;
use clap::{Parser, Subcommand};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Where the service listens.
const SERVICE_PORT: u16 = 8080;
/// The same once more: Istio speaks to a service as the port's name says, and gRPC needs HTTP/2.
const GRPC_PORT: u16 = 9090;
/// Where the relay listens.
const RELAY_PORT: u16 = 8081;

/// What stands in the pods of a cluster under test.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    role: Role,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// A service that echoes what reached it, on port 8080, and on 9090 for gRPC.
    Serve {
        /// The service's name, which its echoes tell.
        name: String,
    },
    /// A caller at somebody's command, on port 8081.
    Relay,
    /// Steady requests until standard input ends; then one line of JSON tells what came of them.
    Load {
        /// Where to connect to.
        address: SocketAddr,
        /// Path and query.
        path: String,
        /// Headers of each request, as `name: value`.
        #[arg(value_parser = load::header)]
        headers: Vec<(String, String)>,
    },
}

fn main() -> ExitCode {
    let role = Arguments::parse().role;
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Err(error) => fail(&error.into()),
        Ok(runtime) => {
            let ended = runtime.block_on(run(role));
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

async fn run(role: Role) -> Result<()> {
    match role {
        Role::Serve { name } => {
            let _http = Echo::start_at(&name, (Ipv4Addr::UNSPECIFIED, SERVICE_PORT).into()).await?;
            let _grpc = Echo::start_at(&name, (Ipv4Addr::UNSPECIFIED, GRPC_PORT).into()).await?;
            told_to_end().await
        }
        Role::Relay => {
            tokio::select! {
                ended = relay::serve((Ipv4Addr::UNSPECIFIED, RELAY_PORT).into()) => ended,
                told = told_to_end() => told,
            }
        }
        Role::Load { address, path, headers } => load::run(address, &path, &headers).await,
    }
}

/// As the first process of a container it must ask for the signal, or would never see it.
async fn told_to_end() -> Result<()> {
    signal(SignalKind::terminate())?.recv().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn read(words: &[&str]) -> Result<Role, clap::Error> {
        let words = ["attache-sample"].iter().chain(words);
        Arguments::try_parse_from(words).map(|arguments| arguments.role)
    }

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn headers_of_the_load_are_any_number() {
        let Ok(Role::Load { path, headers, .. }) = read(&["load", "127.0.0.1:80", "/a?b"]) else {
            panic!()
        };
        assert_eq!((path.as_str(), headers), ("/a?b", vec![]));
        let words = ["load", "127.0.0.1:80", "/", "host: orders", "authorization: Bearer a: b"];
        let Ok(Role::Load { headers, .. }) = read(&words) else { panic!() };
        let expected = [("host", "orders"), ("authorization", "Bearer a: b")];
        assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn nonsense_is_an_error() {
        let lines: [&[&str]; 5] = [
            &[],
            &["serve"],
            &["relay", "8081"],
            &["load", "orders:80", "/"],
            &["load", "127.0.0.1:80", "/", "host=orders"],
        ];
        for line in lines {
            assert!(read(line).is_err(), "{line:?}");
        }
    }
}
