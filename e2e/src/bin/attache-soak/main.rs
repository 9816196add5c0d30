//! A long run of one Envoy under steady load, while its configuration, its issuer's keys and, once,
//! its VM are changed under it. `scripts/soak` runs it.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "what a run counts and times is far from any limit"
)]

mod cases;
mod changes;
mod load;
mod tally;
mod world;

use crate::tally::Tally;
use crate::world::World;
use anyhow::{Context, Result, ensure};
use clap::Parser;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Requests that are on their way at any time.
const CLIENTS: u64 = 8;

/// Lines of the table.
const LOOKS: u32 = 12;

/// Runs one real Envoy with two workers under steady load while everything changes under it.
#[derive(Debug, Parser)]
#[command(name = "scripts/soak", bin_name = "scripts/soak")]
struct Arguments {
    /// How long, 0.1 to 1440 minutes.
    #[arg(value_name = "MINUTES", value_parser = length)]
    length: Duration,
}

/// Reads how long a run is, from a number of minutes.
fn length(text: &str) -> Result<Duration> {
    let minutes: f64 = text.parse().context("not a number of minutes")?;
    ensure!((0.1..=1440.0).contains(&minutes), "between 0.1 and 1440 minutes, please");
    Ok(Duration::from_secs_f64(minutes * 60.0))
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, soak(arguments.length))
}

async fn soak(length: Duration) -> Result<ExitCode> {
    let world = Rc::new(World::start().await?);
    let end = Instant::now() + length;
    let mut tasks = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        tasks.spawn_local(load::client(Rc::clone(&world), client, end));
    }
    tasks.spawn_local(changes::push_configurations(Rc::clone(&world), end));
    tasks.spawn_local(changes::rotate_keys(Rc::clone(&world), end));
    tasks.spawn_local(changes::trap_once(Rc::clone(&world), Instant::now() + length / 2));
    println!("{}", Tally::HEADING);
    let mut memory = Vec::new();
    for look in 1..=LOOKS {
        let due = end.checked_sub(length / LOOKS * (LOOKS - look)).unwrap_or(end);
        tokio::time::sleep_until(due.into()).await;
        let resident = world.resident()?;
        memory.push(resident);
        println!(
            "{}",
            world
                .tally
                .borrow()
                .row(length.saturating_sub(end - Instant::now().min(end)), resident)
        );
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let waiting = world.count("keys.waiting").await?;
    let tally = world.tally.borrow();
    println!("\n{}", tally.summary());
    let mut complaints = tally.complaints();
    // The gauge goes on counting those that the trap has cut off.
    if waiting > tally.cut_off {
        complaints.push(format!("{waiting} requests still wait for keys"));
    }
    // A leak of a VM, a context or a configuration a push would show as growth without end.
    let (early, late) = (memory.iter().take(3).max(), memory.last());
    if length > Duration::from_secs(120)
        && early.zip(late).is_some_and(|(early, late)| *late > early + early / 2)
    {
        complaints.push("memory grew by half after the first quarter".to_owned());
    }
    if complaints.is_empty() {
        println!("clean");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!(
        "error: {}\n{}",
        complaints.join("\n  "),
        world.envoy.log().lines().rev().take(40).collect::<Vec<_>>().join("\n")
    );
    Ok(ExitCode::FAILURE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_run_is_as_long_as_it_can_be_told_of() {
        let read = |minutes| Arguments::try_parse_from(["attache-soak", minutes]);
        assert_eq!(read("0.4").unwrap().length, Duration::from_secs(24));
        for nonsense in ["", "0", "-1", "NaN", "inf", "1441", "a day"] {
            assert!(read(nonsense).is_err(), "{nonsense}");
        }
        assert!(Arguments::try_parse_from(["attache-soak"]).is_err());
    }
}
