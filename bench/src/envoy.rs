//! A running Envoy, what it costs, and its end.

use crate::bootstrap::{admin_socket, bootstrap, copies, dynamic, socket, write_listener};
use crate::chains::{Chain, Parts};
use crate::load::Connection;
use anyhow::{Result, bail};
use attache_test_envoy::{CpuTime, Launcher};
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long an Envoy may take to compile eleven modules on a busy machine.
const START: Duration = Duration::from_secs(120);

/// Memory keeps still that has changed by no more than [`UNSTEADY`] bytes for so long: V8 gives
/// back what it compiled with from threads of its own.
const STILL: Duration = Duration::from_millis(1_500);
const UNSTEADY: u64 = 128 * 1024;

/// A running Envoy; dropped, it ends.
#[derive(Debug)]
pub(crate) struct Envoy(attache_test_envoy::Envoy);

impl Envoy {
    /// Starts an Envoy that serves these chains with so many workers.
    pub(crate) fn start(
        binary: &Path,
        workers: u32,
        chains: &[Chain],
        parts: &Parts,
    ) -> Result<Self> {
        let launcher = Launcher::new(binary)?.workers(workers);
        let bootstrap = bootstrap(launcher.folder(), chains, parts)?;
        Ok(Self(launcher.start(&bootstrap)?))
    }

    /// Starts an Envoy that serves one chain on so many listeners.
    pub(crate) fn start_copies(
        binary: &Path,
        chain: Chain,
        count: usize,
        parts: &Parts,
    ) -> Result<Self> {
        let launcher = Launcher::new(binary)?;
        let bootstrap = copies(launcher.folder(), chain, count, parts)?;
        Ok(Self(launcher.start(&bootstrap)?))
    }

    /// Starts an Envoy whose one listener [`Envoy::change`] can replace.
    pub(crate) fn start_changing(binary: &Path, chain: Chain, parts: &Parts) -> Result<Self> {
        // What was replaced goes at once, not after ten minutes.
        let launcher = Launcher::new(binary)?.arguments(&[
            "--drain-time-s",
            "1",
            "--drain-strategy",
            "immediate",
        ]);
        write_listener(launcher.folder(), chain, parts.filters(chain)?)?;
        let bootstrap = dynamic(launcher.folder());
        Ok(Self(launcher.start(&bootstrap)?))
    }

    /// Gives the one listener other filters, and waits until they are in force and the old ones
    /// gone.
    pub(crate) fn change(&mut self, chain: Chain, filters: Vec<Value>) -> Result<()> {
        write_listener(self.0.folder(), chain, filters)?;
        let started = Instant::now();
        loop {
            let stats = self.stats("listener_manager")?;
            let sum = |names: &[&str]| {
                let found =
                    names.iter().filter_map(|name| stats.get(&format!("listener_manager.{name}")));
                found.copied().fold(0, u64::saturating_add)
            };
            let changed = sum(&["listener_modified", "listener_in_place_updated"]) > 0;
            let waits = [
                "total_listeners_warming",
                "total_listeners_draining",
                "total_filter_chains_draining",
            ];
            if changed && sum(&waits) == 0 {
                return Ok(());
            }
            if started.elapsed() > START {
                bail!("the listener does not change: {stats:?}\n{}", self.log());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The number of Envoy's process.
    pub(crate) fn process(&self) -> u32 {
        self.0.process()
    }

    /// A connection to a chain; waits for Envoy to listen.
    pub(crate) fn connect(&mut self, chain: Chain) -> Result<Connection> {
        self.connect_to(&socket(self.0.folder(), chain))
    }

    /// The counters and gauges of Envoy's whose names hold a text.
    pub(crate) fn stats(&mut self, part: &str) -> Result<BTreeMap<String, u64>> {
        let mut admin = self.connect_to(&admin_socket(self.0.folder()))?;
        let answer = admin.exchange(
            format!("GET /stats?filter={part} HTTP/1.1\r\nhost: admin\r\n\r\n").as_bytes(),
        )?;
        Ok(answer
            .body
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
            .collect())
    }

    /// The CPU time of every thread, user and system.
    pub(crate) fn cpu(&self) -> Result<CpuTime> {
        self.0.cpu_time()
    }

    /// The memory that Envoy holds of the machine's, in bytes.
    pub(crate) fn resident(&self) -> Result<u64> {
        self.0.resident_bytes()
    }

    /// The memory that Envoy holds once that keeps still, and the most that it ever held, in bytes.
    pub(crate) fn settled(&mut self) -> Result<(u64, u64)> {
        let started = Instant::now();
        let (mut since, mut last) = (Instant::now(), self.resident()?);
        while since.elapsed() < STILL && started.elapsed() < START {
            thread::sleep(Duration::from_millis(20));
            self.0.check()?;
            let now = self.resident()?;
            if now.abs_diff(last) > UNSTEADY {
                (since, last) = (Instant::now(), now);
            }
        }
        Ok((self.resident()?, self.0.peak_resident_bytes()?))
    }

    fn connect_to(&mut self, socket: &Path) -> Result<Connection> {
        let started = Instant::now();
        loop {
            if let Ok(stream) = UnixStream::connect(socket) {
                return Connection::new(stream);
            }
            self.0.check()?;
            if started.elapsed() > START {
                bail!("envoy does not listen after {} s:\n{}", START.as_secs(), self.log());
            }
            thread::sleep(Duration::from_micros(500));
        }
    }

    /// The last lines that Envoy wrote.
    pub(crate) fn log(&self) -> String {
        let log = self.0.log();
        let lines: Vec<&str> = log.lines().collect();
        lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n")
    }
}
