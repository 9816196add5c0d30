//! Programs that a test starts, and ends by their own process group.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A program that ends with this value.
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program with its output in `folder`.
    pub fn start(name: &str, command: &mut Command, folder: &Path) -> Self {
        use std::os::unix::process::CommandExt as _;
        let log = folder.join(format!("{name}.log"));
        let out = File::create(&log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            // A group of its own: what it starts ends with it.
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("can't start {name}: {error}"));
        Self { name: name.to_owned(), child, log }
    }

    /// Sends a signal to the program and what it started.
    pub fn signal(&self, signal: &str) {
        let group = format!("-{}", self.child.id());
        assert!(Command::new("kill").args([signal, "--", &group]).status().unwrap().success());
    }

    /// Returns what it has written.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) {
        self.child.wait().unwrap();
    }

    /// Waits until `done` says so; fails with the program's own words where it ends before, or
    /// takes too long.
    pub async fn wait_until(&mut self, what: &str, done: impl AsyncFn() -> bool) {
        let start = Instant::now();
        while !done().await {
            let ended = self.child.try_wait().unwrap();
            if ended.is_some() || start.elapsed() > Duration::from_secs(600) {
                let log = self.log();
                let tail: Vec<_> = log.lines().rev().take(40).collect();
                let tail: Vec<_> = tail.into_iter().rev().collect();
                panic!("{}: not {what}; {ended:?}\n{}", self.name, tail.join("\n"));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let signal = |name: &str| {
            Command::new("kill").args([name, "--", &group]).stderr(Stdio::null()).status()
        };
        let _ = signal("-TERM");
        let start = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if start.elapsed() > Duration::from_secs(10) {
                let _ = signal("-KILL");
                let _ = self.child.wait();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// An address on loopback that nobody listens at.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// What an environment variable names, which `scripts/test-tyk` sets.
pub fn from_env(variable: &str) -> PathBuf {
    std::env::var_os(variable)
        .unwrap_or_else(|| panic!("`{variable}` is not set; run scripts/test-tyk"))
        .into()
}
