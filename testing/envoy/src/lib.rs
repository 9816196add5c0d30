//! Starts a real Envoy for a test or a measurement, tells what it costs, and ends it.
//!
//! What Envoy is to serve is the caller's affair: a [`Launcher`] has the folder that a bootstrap
//! may name files and sockets in, and takes the bootstrap as JSON. How to wait until it serves is
//! too, since callers have their own runtimes and clients; [`Envoy::check`] tells them when there
//! is nothing left to wait for.
//!
//! ```no_run
//! # fn run(bootstrap: serde_json::Value) -> anyhow::Result<()> {
//! use attache_test_envoy::{Launcher, VERSIONS, binary};
//!
//! let mut envoy = Launcher::new(&binary(VERSIONS[0])?)?.workers(2).start(&bootstrap)?;
//! envoy.check()?;
//! # Ok(())
//! # }
//! ```

mod binary;
mod usage;

pub use binary::{VERSIONS, binary, chosen};
pub use usage::CpuTime;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// An Envoy that is about to be started, with a folder of its own.
#[derive(Debug)]
pub struct Launcher {
    binary: PathBuf,
    folder: TempDir,
    workers: u32,
    arguments: Vec<String>,
}

impl Launcher {
    /// Makes ready to start an Envoy with one worker.
    ///
    /// # Errors
    /// No folder can be made.
    pub fn new(binary: &Path) -> Result<Self> {
        let folder = TempDir::with_prefix("attache-")?;
        Ok(Self { binary: binary.to_owned(), folder, workers: 1, arguments: Vec::new() })
    }

    /// Returns the folder for Envoy's files, which goes with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Sets the number of workers.
    pub fn workers(mut self, workers: u32) -> Self {
        self.workers = workers;
        self
    }

    /// Adds arguments for Envoy.
    pub fn arguments(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Starts Envoy; does not wait until it serves.
    ///
    /// # Errors
    /// The binary can't be run, or a file can't be written.
    pub fn start(self, bootstrap: &Value) -> Result<Envoy> {
        let path = |name: &str| self.folder.path().join(name);
        fs::write(path(BOOTSTRAP), bootstrap.to_string())?;
        let log = File::create(path(LOG))?;
        let process = Command::new(&self.binary)
            .arg("--config-path")
            .arg(path(BOOTSTRAP))
            .arg("--admin-address-path")
            .arg(path(ADMIN))
            .args(["--concurrency", &self.workers.to_string()])
            .args(["--use-dynamic-base-id", "--log-level", "warning"])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("`{}` can't be run", self.binary.display()))?;
        Ok(Envoy { process, folder: self.folder })
    }
}

/// The files in an Envoy's folder that are the launcher's.
const BOOTSTRAP: &str = "bootstrap.json";
const ADMIN: &str = "admin-address";
const LOG: &str = "log";

/// A running Envoy. It ends when this is dropped, and with the thread that started it: Envoy asks
/// the kernel for that (`PR_SET_PDEATHSIG`), so that none outlives a test that is killed.
#[derive(Debug)]
pub struct Envoy {
    process: Child,
    folder: TempDir,
}

impl Envoy {
    /// Returns the folder of this Envoy's files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Checks that Envoy still runs.
    ///
    /// # Errors
    /// It has ended; the message holds what it logged.
    pub fn check(&mut self) -> Result<()> {
        match self.process.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("Envoy ended ({status}):\n{}", self.log()),
        }
    }

    /// Returns where the admin interface listens; `None` as long as Envoy has not said so, or where
    /// that is no socket address.
    pub fn admin(&self) -> Option<SocketAddr> {
        fs::read_to_string(self.folder.path().join(ADMIN)).ok()?.trim().parse().ok()
    }

    /// Returns everything that Envoy and its filters logged.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.path().join(LOG)).unwrap_or_default())
            .into_owned()
    }

    /// Returns the memory that Envoy holds of the machine's, in bytes.
    ///
    /// # Errors
    /// Envoy has ended, or the kernel does not tell.
    pub fn resident_bytes(&self) -> Result<u64> {
        usage::resident_bytes(self.process.id())
    }

    /// Returns the most memory that Envoy ever held of the machine's, in bytes.
    ///
    /// # Errors
    /// As [`Envoy::resident_bytes`].
    pub fn peak_resident_bytes(&self) -> Result<u64> {
        usage::peak_resident_bytes(self.process.id())
    }

    /// Returns the number of the process.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// Returns the CPU time of every thread, user and system.
    ///
    /// # Errors
    /// Envoy has ended, or the kernel does not tell.
    pub fn cpu_time(&self) -> Result<CpuTime> {
        CpuTime::of(self.process.id())
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // It holds nothing that a sudden end could harm, and a drop can't report.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn who_ended_is_told_with_its_last_words() {
        // Not an Envoy: it does not know the arguments, says so and ends.
        let mut envoy = Launcher::new(Path::new("/bin/cat")).unwrap().start(&json!({})).unwrap();
        let folder = envoy.folder().to_owned();
        envoy.process.wait().unwrap();
        let error = envoy.check().unwrap_err().to_string();
        assert!(error.starts_with("Envoy ended") && error.contains("config-path"), "{error}");
        drop(envoy);
        assert!(!folder.exists());
    }

    #[test]
    fn a_binary_that_is_not_there_is_named() {
        let launcher = Launcher::new(Path::new("/no/envoy")).unwrap();
        let error = launcher.start(&json!({})).unwrap_err().to_string();
        assert_eq!(error, "`/no/envoy` can't be run");
    }
}
