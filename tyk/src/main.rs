//! `attache-issuer`: checks a configuration, or serves it.

use attache_issuer::clock::Clock;
use attache_issuer::config::{Config, LogLevel};
use attache_issuer::log_writer::LogWriter;
use attache_issuer::server::start;
use clap::{Parser, Subcommand};
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tracing::level_filters::LevelFilter;

/// Gives each request that the Tyk gateway has authenticated a token for the mesh.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check a configuration and say everything that is wrong with it.
    Check {
        /// The configuration, YAML.
        file: PathBuf,
    },
    /// Serve until SIGTERM or SIGINT, and through `drain`; a second signal cuts that short.
    Serve {
        /// The configuration, YAML.
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Check { file } => {
            Config::load(&file)?;
            println!("{}: good", file.display());
            Ok(())
        }
        Command::Serve { file } => {
            let config = Config::load(&file)?;
            let log = LogWriter::stdout();
            log_to(log.clone(), config.log.level);
            let served = serve(config);
            log.flush();
            served
        }
    }
}

#[tokio::main]
async fn serve(config: Config) -> Result<(), Box<dyn Error>> {
    // Before anything is started: a signal that comes early must not be lost.
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    let running = start(config, Clock::system()).await?;
    let (signal_sender, mut signals) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
            if signal_sender.send(()).await.is_err() {
                return;
            }
        }
    });
    running.until(&mut signals).await?;
    Ok(())
}

fn log_to(log: LogWriter, level: LogLevel) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    // Only this program's own events: what libraries log of a connection may hold what it carried.
    let own = tracing_subscriber::filter::Targets::new().with_target("attache_issuer", level);
    use tracing_subscriber::prelude::*;
    let lines = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(log);
    tracing_subscriber::registry().with(lines.with_filter(own)).init();
}
