//! `kubectl`, as the tests use it.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

/// One cluster, by the name of its context.
#[derive(Clone, Debug)]
pub struct Kubectl {
    context: String,
}

impl Kubectl {
    /// For a context of the kubeconfig.
    pub fn new(context: impl Into<String>) -> Self {
        Self { context: context.into() }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("kubectl");
        command.args(["--context", &self.context]).args(arguments).kill_on_drop(true);
        command
    }

    /// Runs a command and gives back what it printed.
    ///
    /// # Errors
    /// It fails; the message holds what it said.
    pub async fn run(&self, arguments: &[&str]) -> Result<String> {
        self.run_with(arguments, "").await
    }

    /// Returns the name of a pod with the label `app`, not of one that is ending.
    ///
    /// # Errors
    /// There is none.
    pub async fn pod(&self, namespace: &str, app: &str) -> Result<String> {
        let mut pods = self.pods(namespace, app).await?.into_iter();
        pods.next()
            .with_context(|| format!("{app} has no pod in {namespace}: run `scripts/kind up`"))
    }

    /// Returns the names of all pods with the label `app` but those that are ending.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub async fn pods(&self, namespace: &str, app: &str) -> Result<Vec<String>> {
        let selector = format!("app={app}");
        let list =
            self.run(&["-n", namespace, "get", "pods", "-l", &selector, "-o", "json"]).await?;
        let list: Value = serde_json::from_str(&list)?;
        let pods = list.get("items").and_then(Value::as_array).into_iter().flatten();
        let alive = pods.filter(|pod| pod.pointer("/metadata/deletionTimestamp").is_none());
        let names = alive.filter_map(|pod| pod.pointer("/metadata/name").and_then(Value::as_str));
        Ok(names.map(str::to_owned).collect())
    }

    async fn run_with(&self, arguments: &[&str], input: &str) -> Result<String> {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().context("`kubectl` can't be run")?;
        if let Some(mut stdin) = process.stdin.take() {
            stdin.write_all(input.as_bytes()).await?;
        }
        let output = process.wait_with_output().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "kubectl {}: {}", arguments.join(" "), said.trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Applies a resource; false where it was there just so.
    ///
    /// # Errors
    /// The cluster does not take it.
    pub async fn apply(&self, resource: &Value) -> Result<bool> {
        let said = self.apply_text(&resource.to_string()).await?;
        Ok(!said.trim_end().ends_with("unchanged"))
    }

    /// Applies resources that are written as YAML, and gives back what `kubectl` says of each.
    ///
    /// # Errors
    /// The cluster does not take them.
    pub async fn apply_text(&self, resources: &str) -> Result<String> {
        self.run_with(&["apply", "-f", "-"], resources).await
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// There is none.
    pub async fn get(&self, namespace: &str, what: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.run(&["-n", namespace, "get", what, "-o", "json"]).await?)?)
    }

    /// Opens a way to a port of a pod, which lasts as long as what comes back.
    ///
    /// # Errors
    /// The pod or the port is not there.
    pub async fn forward(&self, namespace: &str, pod: &str, port: u16) -> Result<Forward> {
        let (pod, port) = (format!("pod/{pod}"), format!(":{port}"));
        let mut command =
            self.command(&["-n", namespace, "port-forward", "--address", "127.0.0.1", &pod, &port]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().context("`kubectl` can't be run")?;
        let stdout = process.stdout.take().context("kubectl has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        // `Forwarding from 127.0.0.1:40123 -> 15000`
        while let Some(line) = lines.next_line().await? {
            let local = line
                .strip_prefix("Forwarding from 127.0.0.1:")
                .and_then(|rest| rest.split(' ').next());
            if let Some(local) = local.and_then(|digits| digits.parse().ok()) {
                drain(lines.into_inner());
                if let Some(stderr) = process.stderr.take() {
                    drain(stderr);
                }
                return Ok(Forward {
                    _process: process,
                    address: (Ipv4Addr::LOCALHOST, local).into(),
                });
            }
        }
        let mut said = String::new();
        if let Some(mut stderr) = process.stderr.take() {
            stderr.read_to_string(&mut said).await?;
        }
        bail!("no way to {pod}{port} in {namespace}: {}", said.trim())
    }

    /// Follows what a container logs from now on.
    ///
    /// # Errors
    /// `kubectl` can't be run.
    pub fn follow(&self, namespace: &str, pod: &str, container: &str) -> Result<Log> {
        let mut command =
            self.command(&["-n", namespace, "logs", "-f", "--tail=0", pod, "-c", container]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().context("`kubectl` can't be run")?;
        let mut stdout = process.stdout.take().context("kubectl has no output")?;
        let text = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&text);
        tokio::spawn(async move {
            let mut piece = Vec::with_capacity(16384);
            while stdout.read_buf(&mut piece).await.is_ok_and(|length| length > 0) {
                written.lock().unwrap_or_else(PoisonError::into_inner).append(&mut piece);
            }
        });
        Ok(Log { _process: process, text })
    }

    /// Starts a command in a pod that goes on until [`Running::end`].
    ///
    /// # Errors
    /// `kubectl` can't be run.
    pub fn start(&self, namespace: &str, pod: &str, words: &[&str]) -> Result<Running> {
        let arguments = [&["-n", namespace, "exec", "-i", pod, "--"], words].concat();
        let mut command = self.command(&arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().context("`kubectl` can't be run")?;
        let stdin = process.stdin.take();
        Ok(Running { process, stdin })
    }
}

/// Reads and forgets, so that the writer never waits.
fn drain(mut from: impl tokio::io::AsyncRead + Send + Unpin + 'static) {
    tokio::spawn(async move { tokio::io::copy(&mut from, &mut tokio::io::sink()).await });
}

/// A way to a port of a pod.
#[derive(Debug)]
pub struct Forward {
    _process: Child,
    address: SocketAddr,
}

impl Forward {
    /// Where it begins on this machine.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// What a container has logged.
#[derive(Debug)]
pub struct Log {
    _process: Child,
    text: Arc<Mutex<Vec<u8>>>,
}

impl Log {
    /// All of it so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap_or_else(PoisonError::into_inner))
            .into_owned()
    }
}

/// A command that runs in a pod.
#[derive(Debug)]
pub struct Running {
    process: Child,
    stdin: Option<ChildStdin>,
}

impl Running {
    /// Ends its input, and gives back what it printed.
    ///
    /// # Errors
    /// It failed.
    pub async fn end(mut self) -> Result<String> {
        drop(self.stdin.take());
        let output = self.process.wait_with_output().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "a command in a pod failed: {}", said.trim());
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
