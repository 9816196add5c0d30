//! A real Envoy that acts as the sidecar of one workload.

mod admin;
mod bootstrap;
mod istio;
mod mutual_tls;

pub use admin::Stats;
pub use attache_test_envoy::{VERSIONS, binary, chosen};
pub use bootstrap::{Overrides, Sidecar, Workload};
pub use istio::STATS_TAGS;
pub use mutual_tls::mutual_tls;

use crate::http1;
use anyhow::{Context, Result, bail};
use attache_test_envoy::Launcher;
use serde_json::Value;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a condition may take to come true before it counts as never.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running Envoy that acts as a sidecar. It ends when this is dropped.
#[derive(Debug)]
pub struct Envoy {
    process: attache_test_envoy::Envoy,
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
    /// Starts an Envoy and waits until it serves. `port` is where the workload listens; `None`
    /// takes a free one.
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
                Err(error)
                    if port.is_none() && error.to_string().contains("Address already in use") => {}
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
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let launcher = Launcher::new(binary)?.workers(sidecar.workers).arguments(&[
            "--file-flush-interval-msec",
            "10",
            "--component-log-level",
            "wasm:info",
        ]);
        sidecar.write_filter(launcher.folder(), configuration, 0)?;
        let bootstrap = sidecar.bootstrap(launcher.folder(), address);
        let mut envoy =
            Self { process: launcher.start(&bootstrap)?, address, admin: address, sidecar };
        envoy.wait_until_ready().await?;
        Ok(envoy)
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        self.admin = ready(&mut self.process).await?;
        let deadline = Deadline::new();
        while tokio::net::TcpStream::connect(self.address).await.is_err() {
            self.process.check()?;
            if !deadline.wait().await {
                bail!("Envoy does not listen after {} s:\n{}", PATIENCE.as_secs(), self.log());
            }
        }
        Ok(())
    }

    /// Where the workload listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The folder of this Envoy's files.
    pub fn folder(&self) -> &Path {
        self.process.folder()
    }

    /// Envoy's counters and gauges.
    ///
    /// # Errors
    /// The admin interface doesn't answer.
    pub async fn stats(&self) -> Result<Stats> {
        let answer = http1::get(self.admin, "/stats?usedonly")
            .await
            .context("Envoy's admin interface is silent")?;
        Ok(Stats::parse(&answer.text()))
    }

    /// Envoy's counters and gauges as Prometheus gets them, those that never counted too.
    ///
    /// # Errors
    /// The admin interface doesn't answer.
    pub async fn scrape(&self) -> Result<String> {
        let answer = http1::get(self.admin, "/stats/prometheus")
            .await
            .context("Envoy's admin interface is silent")?;
        Ok(answer.text())
    }

    /// Everything that Envoy and the filter logged.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// The memory that Envoy holds of the machine's, in bytes.
    ///
    /// # Errors
    /// Envoy has ended, or the kernel doesn't tell.
    pub fn resident_bytes(&self) -> Result<u64> {
        self.process.resident_bytes()
    }

    /// The finished requests, oldest first, as objects of the access log.
    pub fn access_log(&self) -> Vec<Value> {
        let text = fs::read(self.folder().join("access.log")).unwrap_or_default();
        String::from_utf8_lossy(&text)
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// Whether the configuration that Envoy was started with is no good: every request is refused
    /// then, by Envoy or by the filter.
    ///
    /// # Errors
    /// The admin interface doesn't answer.
    pub async fn first_configuration_refused(&self) -> Result<bool> {
        let stats = self.stats().await?;
        let is_refused = stats.get(bootstrap::ACCEPTED) == 0 && stats.get(bootstrap::REFUSED) > 0;
        Ok(is_refused
            || stats.of_filter().get("configuration.invalid").is_some_and(|invalid| *invalid > 0))
    }

    /// Pushes another configuration of the filter, as Istio does, and waits for what happens to it.
    ///
    /// # Errors
    /// Envoy takes no notice.
    pub async fn push(&self, configuration: &str) -> Result<Push> {
        let outcomes =
            |stats: &Stats| (stats.get(bootstrap::ACCEPTED), stats.get(bootstrap::REFUSED));
        let before = outcomes(&self.stats().await?);
        self.sidecar.write_filter(self.folder(), configuration, before.0.wrapping_add(before.1))?;
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

/// Waits until an Envoy with an admin interface says that it serves. Returns where that interface
/// listens.
///
/// # Errors
/// Envoy ends or doesn't get ready; the message holds what it logged.
pub async fn ready(envoy: &mut attache_test_envoy::Envoy) -> Result<SocketAddr> {
    let deadline = Deadline::new();
    loop {
        envoy.check()?;
        if let Some(admin) = envoy.admin()
            && http1::get(admin, "/ready").await.is_ok_and(|answer| answer.status == 200)
        {
            return Ok(admin);
        }
        if !deadline.wait().await {
            bail!("Envoy is not ready after {} s:\n{}", PATIENCE.as_secs(), envoy.log());
        }
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
