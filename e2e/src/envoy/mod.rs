//! A real Envoy that acts as the sidecar of one workload.

mod admin;
mod binary;
mod bootstrap;
mod istio;

pub use admin::Stats;
pub use binary::{VERSIONS, binary, chosen};
pub use bootstrap::{Overrides, Sidecar, Workload};
pub use istio::STATS_TAGS;

use crate::http1;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a condition may take to come true before it counts as never.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running Envoy. It ends when this is dropped, and with the thread that started it: Envoy asks the kernel for that
/// (`PR_SET_PDEATHSIG`), so that none outlives a test that is killed.
#[derive(Debug)]
pub struct Envoy {
    process: Child,
    folder: TempDir,
    address: SocketAddr,
    admin: SocketAddr,
    sidecar: Sidecar,
}

/// What became of a configuration that was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push {
    /// It serves now.
    Accepted,
    /// Envoy refused it; the one before serves on.
    Refused,
}

impl Envoy {
    /// Starts an Envoy and waits until it serves. `port` is where the workload listens; `None` takes a free one.
    ///
    /// # Errors
    /// Envoy ends or doesn't get ready; the message holds what it logged.
    pub async fn start(
        binary: &Path,
        sidecar: Sidecar,
        configuration: &str,
        port: Option<u16>,
    ) -> Result<Self> {
        // Between the choice of a free port and its use somebody else may take it.
        const TRIES: usize = 3;
        for _ in 1..TRIES {
            match Self::try_start(binary, sidecar.clone(), configuration, port).await {
                Err(error) if port.is_none() && error.to_string().contains("Address already in use") => {}
                outcome => return outcome,
            }
        }
        Self::try_start(binary, sidecar, configuration, port).await
    }

    async fn try_start(
        binary: &Path,
        sidecar: Sidecar,
        configuration: &str,
        port: Option<u16>,
    ) -> Result<Self> {
        let port = match port {
            Some(port) => port,
            None => TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port(),
        };
        let folder = TempDir::with_prefix("attache-")?;
        let path = |name: &str| folder.path().join(name);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        fs::write(path("bootstrap.json"), sidecar.bootstrap(folder.path(), address).to_string())?;
        sidecar.write_filter(folder.path(), configuration, 0)?;
        let process = Command::new(binary)
            .arg("--config-path")
            .arg(path("bootstrap.json"))
            .arg("--admin-address-path")
            .arg(path("admin"))
            .args([
                "--concurrency",
                &sidecar.workers.to_string(),
                "--use-dynamic-base-id",
                "--file-flush-interval-msec",
                "10",
            ])
            .args(["--log-level", "warning", "--component-log-level", "wasm:info"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(path("log"))?)
            .spawn()
            .with_context(|| format!("`{}` can't be run", binary.display()))?;
        let mut envoy = Self { process, folder, address, admin: address, sidecar };
        envoy.wait_until_ready().await?;
        Ok(envoy)
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Deadline::new();
        loop {
            if let Some(status) = self.process.try_wait()? {
                bail!("Envoy ended ({status}) instead of serving:\n{}", self.log());
            }
            let admin = fs::read_to_string(self.folder.path().join("admin")).unwrap_or_default();
            if let Ok(admin) = admin.trim().parse() {
                self.admin = admin;
                let ready = http1::get(admin, "/ready").await.is_ok_and(|answer| answer.status == 200);
                if ready && tokio::net::TcpStream::connect(self.address).await.is_ok() {
                    return Ok(());
                }
            }
            if !deadline.wait().await {
                bail!("Envoy is not ready after {} s:\n{}", PATIENCE.as_secs(), self.log());
            }
        }
    }

    /// Where the workload listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of Envoy's process.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// The folder of this Envoy's files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Envoy's counters and gauges.
    ///
    /// # Errors
    /// The admin interface doesn't answer.
    pub async fn stats(&self) -> Result<Stats> {
        let answer =
            http1::get(self.admin, "/stats?usedonly").await.context("Envoy's admin interface is silent")?;
        Ok(Stats::parse(&answer.text()))
    }

    /// Envoy's counters and gauges as Prometheus gets them, those that never counted too.
    ///
    /// # Errors
    /// The admin interface doesn't answer.
    pub async fn scrape(&self) -> Result<String> {
        let answer =
            http1::get(self.admin, "/stats/prometheus").await.context("Envoy's admin interface is silent")?;
        Ok(answer.text())
    }

    /// Everything that Envoy and the filter logged.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.path().join("log")).unwrap_or_default()).into_owned()
    }

    /// The memory that Envoy holds of the machine's, in bytes.
    ///
    /// # Errors
    /// Envoy has ended, or the kernel doesn't tell.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status =
            fs::read_to_string(format!("/proc/{}/status", self.process.id())).context("Envoy has ended")?;
        let kibibytes: u64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok())
            .context("the kernel does not tell VmRSS")?;
        Ok(kibibytes.saturating_mul(1024))
    }

    /// The finished requests, oldest first, as objects of the access log.
    pub fn access_log(&self) -> Vec<Value> {
        let text = fs::read(self.folder.path().join("access.log")).unwrap_or_default();
        String::from_utf8_lossy(&text).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Whether the configuration that Envoy was started with is no good: every request is refused then, by Envoy or by the
    /// filter.
    ///
    /// # Errors
    /// The admin interface doesn't answer.
    pub async fn first_configuration_refused(&self) -> Result<bool> {
        let stats = self.stats().await?;
        let is_refused = stats.get(bootstrap::ACCEPTED) == 0 && stats.get(bootstrap::REFUSED) > 0;
        Ok(is_refused || stats.of_filter().get("configuration.invalid").is_some_and(|invalid| *invalid > 0))
    }

    /// Pushes another configuration of the filter, as Istio does, and waits for what happens to it.
    ///
    /// # Errors
    /// Envoy takes no notice.
    pub async fn push(&self, configuration: &str) -> Result<Push> {
        let outcomes = |stats: &Stats| (stats.get(bootstrap::ACCEPTED), stats.get(bootstrap::REFUSED));
        let before = outcomes(&self.stats().await?);
        self.sidecar.write_filter(self.folder.path(), configuration, before.0.wrapping_add(before.1))?;
        let deadline = Deadline::new();
        loop {
            let (accepted, refused) = outcomes(&self.stats().await?);
            if accepted > before.0 {
                return Ok(Push::Accepted);
            }
            if refused > before.1 {
                return Ok(Push::Refused);
            }
            if !deadline.wait().await {
                bail!("Envoy takes no notice of a configuration:\n{}", self.log());
            }
        }
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // Nothing is left to be said if it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits for what can only be asked for.
#[derive(Debug)]
pub struct Deadline {
    began: Instant,
    patience: Duration,
}

impl Deadline {
    /// Begins now.
    #[expect(
        clippy::new_without_default,
        reason = "a deadline begins when it is made, which `default` does not say"
    )]
    pub fn new() -> Self {
        Self::after(PATIENCE)
    }

    /// Begins now, with another patience than [`PATIENCE`].
    pub fn after(patience: Duration) -> Self {
        Self { began: Instant::now(), patience }
    }

    /// Lets a moment pass, longer where there is much patience; false when it is over.
    pub async fn wait(&self) -> bool {
        tokio::time::sleep(Duration::from_millis(5).max(self.patience.mul_f64(0.001))).await;
        self.began.elapsed() < self.patience
    }
}
