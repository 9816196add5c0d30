//! A running Envoy, what it costs, and its end.

use crate::bootstrap::{admin_socket, bootstrap, socket};
use crate::chains::{Chain, Parts};
use crate::load::Connection;
use anyhow::{Result, bail};
use attache_test_envoy::{CpuTime, Launcher};
use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// How long an Envoy may take to compile eleven modules on a busy machine.
const START: Duration = Duration::from_secs(120);

/// A running Envoy; dropped, it ends.
#[derive(Debug)]
pub(crate) struct Envoy(attache_test_envoy::Envoy);

impl Envoy {
    /// Starts an Envoy that serves these chains with so many workers.
    pub(crate) fn start(binary: &Path, workers: u32, chains: &[Chain], parts: &Parts) -> Result<Self> {
        let launcher = Launcher::new(binary)?.workers(workers);
        let bootstrap = bootstrap(launcher.folder(), chains, parts)?;
        Ok(Self(launcher.start(&bootstrap)?))
    }

    /// A connection to a chain; waits for Envoy to listen.
    pub(crate) fn connect(&mut self, chain: Chain) -> Result<Connection> {
        self.connect_to(&socket(self.0.folder(), chain))
    }

    /// The counters of Envoy's whose names hold a text.
    pub(crate) fn counters(&mut self, part: &str) -> Result<BTreeMap<String, u64>> {
        let mut admin = self.connect_to(&admin_socket(self.0.folder()))?;
        let answer = admin.exchange(
            format!("GET /stats?type=Counters&filter={part} HTTP/1.1\r\nhost: admin\r\n\r\n").as_bytes(),
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
