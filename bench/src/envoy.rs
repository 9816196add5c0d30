//! A running Envoy, what it costs, and its end.

use crate::bootstrap::{admin_socket, bootstrap, socket};
use crate::chains::{Chain, Parts};
use crate::load::Connection;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long an Envoy may take to compile eleven modules on a busy machine.
const START: Duration = Duration::from_secs(120);

/// A running Envoy; dropped, it ends.
#[derive(Debug)]
pub(crate) struct Envoy {
    process: Child,
    folder: TempDir,
}

impl Envoy {
    /// Starts an Envoy that serves these chains with so many workers.
    pub(crate) fn start(binary: &Path, workers: u32, chains: &[Chain], parts: &Parts) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("attache-bench").tempdir()?;
        let config = folder.path().join("envoy.json");
        fs::write(&config, bootstrap(folder.path(), chains, parts)?.to_string())?;
        let log = fs::File::create(folder.path().join("log"))?;
        let process = Command::new(binary)
            .args([
                "--concurrency",
                &workers.to_string(),
                "--use-dynamic-base-id",
                "--log-level",
                "warning",
                "-c",
            ])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("could not start `{}`", binary.display()))?;
        Ok(Self { process, folder })
    }

    /// A connection to a chain; waits for Envoy to listen.
    pub(crate) fn connect(&mut self, chain: Chain) -> Result<Connection> {
        self.connect_to(&socket(self.folder.path(), chain))
    }

    /// The counters of Envoy's whose names hold a text.
    pub(crate) fn counters(&mut self, part: &str) -> Result<BTreeMap<String, u64>> {
        let mut admin = self.connect_to(&admin_socket(self.folder.path()))?;
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

    /// The CPU time of every thread, user and system, by thread.
    pub(crate) fn cpu(&self) -> Result<CpuTime> {
        let mut threads = BTreeMap::new();
        for thread in fs::read_dir(self.proc("task")).context("Envoy has ended")? {
            let thread = thread?.path();
            // A thread may end between the two readings.
            let Ok(text) = fs::read_to_string(thread.join("schedstat")) else { continue };
            let nanoseconds = text.split_whitespace().next().and_then(|field| field.parse().ok());
            threads.insert(thread, nanoseconds.context("the kernel keeps no schedstat of threads")?);
        }
        Ok(CpuTime(threads))
    }

    /// The memory that Envoy holds of the machine's, in bytes.
    pub(crate) fn resident(&self) -> Result<u64> {
        let status = fs::read_to_string(self.proc("status")).context("Envoy has ended")?;
        let kibibytes: u64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok())
            .context("the kernel does not tell VmRSS")?;
        Ok(kibibytes.saturating_mul(1024))
    }

    fn connect_to(&mut self, socket: &Path) -> Result<Connection> {
        let started = Instant::now();
        loop {
            if let Ok(stream) = UnixStream::connect(socket) {
                return Connection::new(stream);
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("envoy ended with {status}:\n{}", self.log());
            }
            if started.elapsed() > START {
                bail!("envoy does not listen after {} s:\n{}", START.as_secs(), self.log());
            }
            thread::sleep(Duration::from_micros(500));
        }
    }

    /// The last lines that Envoy wrote.
    pub(crate) fn log(&self) -> String {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n")
    }

    fn proc(&self, file: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{file}", self.process.id()))
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // It holds nothing that a sudden end could harm, and a drop can't report.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// CPU time of each thread, in nanoseconds.
#[derive(Debug)]
pub(crate) struct CpuTime(BTreeMap<PathBuf, u64>);

impl CpuTime {
    /// What was used since an earlier reading.
    pub(crate) fn since(&self, earlier: &Self) -> Duration {
        let nanoseconds = self
            .0
            .iter()
            .map(|(thread, now)| now.saturating_sub(earlier.0.get(thread).copied().unwrap_or_default()))
            .fold(0, u64::saturating_add);
        Duration::from_nanos(nanoseconds)
    }
}
