//! The issuer as a program of its own, which a test can kill and stop.

use crate::process::Process;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A running issuer.
pub struct Program {
    pub http: SocketAddr,
    pub process: Process,
    config: PathBuf,
}

impl Program {
    /// Starts one with a configuration, in a folder of its own.
    pub async fn start(folder: &Path, config: &str, http: SocketAddr) -> Self {
        let path = folder.join("issuer.yaml");
        std::fs::write(&path, config).unwrap();
        let process = run(&path, http).await;
        Self { http, process, config: path }
    }

    /// Starts it once more, where it has ended.
    pub async fn again(&mut self) {
        self.process.wait();
        self.process = run(&self.config, self.http).await;
    }

    /// What it tells at a path.
    pub async fn get(&self, path: &str) -> String {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client
            .get(format!("http://{}{path}", self.http))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }
}

/// `ATTACHE_ISSUER` names another build, such as one with optimisation.
fn binary() -> PathBuf {
    std::env::var_os("ATTACHE_ISSUER")
        .map_or_else(|| env!("CARGO_BIN_EXE_attache-issuer").into(), PathBuf::from)
}

async fn run(config: &Path, http: SocketAddr) -> Process {
    attache_issuer::listen::choose_cryptography();
    let mut command = Command::new(binary());
    command.arg("serve").arg(config);
    let mut process = Process::start("issuer", &mut command, config.parent().unwrap());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{http}/readyz");
    process
        .wait_until("ready", async || {
            client.get(&url).send().await.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
    process
}
